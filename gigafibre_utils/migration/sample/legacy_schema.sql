-- The legacy billing database `gestionclient` (MariaDB 10.11), as the migration expects it.
-- Nothing in it is enforced: no foreign keys, dates kept as Unix seconds, tables in latin1 that hold UTF-8 bytes
-- here and there.

CREATE TABLE customer (
  id                 INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  account_no         VARCHAR(20)  NOT NULL DEFAULT '',
  company            VARCHAR(128) NOT NULL DEFAULT '',
  first_name         VARCHAR(64)  NOT NULL DEFAULT '',
  last_name          VARCHAR(64)  NOT NULL DEFAULT '',
  language           CHAR(2)      NOT NULL DEFAULT 'fr',            -- fr | en | ''
  email              VARCHAR(255) NOT NULL DEFAULT '',              -- may hold several, split by ; or ,
  phone_home         VARCHAR(32)  NOT NULL DEFAULT '',
  phone_cell         VARCHAR(32)  NOT NULL DEFAULT '',
  address1           VARCHAR(128) NOT NULL DEFAULT '',
  address2           VARCHAR(128) NOT NULL DEFAULT '',
  city               VARCHAR(64)  NOT NULL DEFAULT '',
  province           VARCHAR(32)  NOT NULL DEFAULT 'QC',
  postal_code        VARCHAR(12)  NOT NULL DEFAULT '',
  password           CHAR(32)     NOT NULL DEFAULT '',              -- unsalted MD5: never migrated
  stripe_customer_id VARCHAR(64)  NOT NULL DEFAULT '',
  status             VARCHAR(16)  NOT NULL DEFAULT 'active',        -- active | suspended | closed
  notes              TEXT,
  created_at         INT UNSIGNED NOT NULL DEFAULT 0,               -- Unix seconds; 0 = unknown
  closed_at          INT UNSIGNED NOT NULL DEFAULT 0,
  KEY (account_no)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE delivery (                                             -- where service is delivered: a Service Location
  id          INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  customer_id INT UNSIGNED NOT NULL,
  name        VARCHAR(128) NOT NULL DEFAULT '',
  address1    VARCHAR(128) NOT NULL DEFAULT '',
  address2    VARCHAR(128) NOT NULL DEFAULT '',
  city        VARCHAR(64)  NOT NULL DEFAULT '',
  province    VARCHAR(32)  NOT NULL DEFAULT 'QC',
  postal_code VARCHAR(12)  NOT NULL DEFAULT '',
  latitude    DECIMAL(10,7) DEFAULT NULL,                           -- NULL or 0 = not geocoded
  longitude   DECIMAL(10,7) DEFAULT NULL,
  device_mac  VARCHAR(17)  NOT NULL DEFAULT '',                     -- devices belong to the place, not to the customer
  device_serial VARCHAR(64) NOT NULL DEFAULT '',                    -- not the real serial: match by MAC
  created_at  INT UNSIGNED NOT NULL DEFAULT 0,
  KEY (customer_id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE product (
  id       INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  sku      VARCHAR(32)  NOT NULL,
  name_fr  VARCHAR(128) NOT NULL,
  name_en  VARCHAR(128) NOT NULL DEFAULT '',
  category VARCHAR(64)  NOT NULL DEFAULT '',                        -- internet | phone | tv | equipment | fee | discount
  price    DECIMAL(10,2) NOT NULL DEFAULT 0,
  billing  VARCHAR(16)  NOT NULL DEFAULT 'monthly'                  -- monthly | once | usage
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE service (                                              -- a subscription
  id           INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  delivery_id  INT UNSIGNED NOT NULL,
  product_id   INT UNSIGNED NOT NULL,
  bill_to_name VARCHAR(140) NOT NULL DEFAULT '',                    -- the current legal name, where it differs from the customer's
  price        DECIMAL(10,2) DEFAULT NULL,                          -- NULL = the product's price
  start_date   DATE NOT NULL DEFAULT '0000-00-00',
  end_date     DATE NOT NULL DEFAULT '0000-00-00',                  -- 0000-00-00 = none
  status       VARCHAR(16) NOT NULL DEFAULT 'active',               -- active | suspended | ended
  KEY (delivery_id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE invoice (
  id          INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  customer_id INT UNSIGNED NOT NULL,
  number      VARCHAR(20)  NOT NULL DEFAULT '',                     -- printed number; a few are used twice
  issued_at   INT UNSIGNED NOT NULL DEFAULT 0,
  due_at      INT UNSIGNED NOT NULL DEFAULT 0,
  subtotal    DECIMAL(10,2) NOT NULL DEFAULT 0,
  total       DECIMAL(10,2) NOT NULL DEFAULT 0,                     -- as printed; may differ from subtotal + taxes by a cent or two
  balance     DECIMAL(10,2) NOT NULL DEFAULT 0,                     -- what the old system believed was still owed
  status      VARCHAR(16) NOT NULL DEFAULT 'open',                  -- open | paid | void | reversed | draft
  reversal_of INT UNSIGNED NOT NULL DEFAULT 0,                      -- invoice.id that this one reverses (negative amounts), 0 = none
  notes       TEXT,
  KEY (customer_id), KEY (issued_at)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE invoice_item (
  id           INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  invoice_id   INT UNSIGNED NOT NULL,
  service_id   INT UNSIGNED NOT NULL DEFAULT 0,                     -- 0 = not tied to a service; may name a deleted one
  product_id   INT UNSIGNED NOT NULL DEFAULT 0,
  description  VARCHAR(255) NOT NULL DEFAULT '',
  quantity     DECIMAL(10,3) NOT NULL DEFAULT 1,
  unit_price   DECIMAL(12,4) NOT NULL DEFAULT 0,
  amount       DECIMAL(10,2) NOT NULL DEFAULT 0,                    -- what was billed: kept to the cent, never recomputed
  period_start DATE NOT NULL DEFAULT '0000-00-00',
  period_end   DATE NOT NULL DEFAULT '0000-00-00',
  KEY (invoice_id), KEY (service_id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE invoice_tax (
  id         INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  invoice_id INT UNSIGNED NOT NULL,
  code       VARCHAR(8) NOT NULL,                                   -- TPS | TVQ
  rate       DECIMAL(7,4) NOT NULL DEFAULT 0,                       -- 5.0000 / 9.9750; older rates occur (TVQ 7.5, 8.5, 9.5)
  amount     DECIMAL(10,2) NOT NULL DEFAULT 0,                      -- as billed: never recomputed
  KEY (invoice_id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE payment (
  id          INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  customer_id INT UNSIGNED NOT NULL,
  paid_at     INT UNSIGNED NOT NULL DEFAULT 0,
  amount      DECIMAL(10,2) NOT NULL DEFAULT 0,
  method      VARCHAR(16) NOT NULL DEFAULT '',                      -- card | ach | cheque | cash | credit | ''
  reference   VARCHAR(128) NOT NULL DEFAULT '',                     -- cheque number, Stripe charge ch_…/pi_…, free text
  status      VARCHAR(16) NOT NULL DEFAULT 'ok',                    -- ok | nsf | reversed
  reversal_of INT UNSIGNED NOT NULL DEFAULT 0,                      -- payment.id that this one takes back (negative amount)
  KEY (customer_id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE payment_invoice (                                      -- how much of a payment went to which invoice
  id         INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  payment_id INT UNSIGNED NOT NULL,
  invoice_id INT UNSIGNED NOT NULL,
  amount     DECIMAL(10,2) NOT NULL DEFAULT 0,
  KEY (payment_id), KEY (invoice_id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE payment_method (
  id           INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  customer_id  INT UNSIGNED NOT NULL,
  kind         VARCHAR(16) NOT NULL,                                -- card | ach | cheque
  stripe_token VARCHAR(64) NOT NULL DEFAULT '',
  last4        CHAR(4) NOT NULL DEFAULT '',
  expires      CHAR(5) NOT NULL DEFAULT '',                         -- MM/YY
  is_default   TINYINT NOT NULL DEFAULT 0,
  KEY (customer_id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE payment_arrangement (
  id          INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  customer_id INT UNSIGNED NOT NULL,
  agreed_at   INT UNSIGNED NOT NULL DEFAULT 0,
  status      VARCHAR(16) NOT NULL DEFAULT 'active',                -- active | kept | broken | cancelled
  note        TEXT,
  KEY (customer_id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE payment_arrangement_due (
  id             INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  arrangement_id INT UNSIGNED NOT NULL,
  invoice_id     INT UNSIGNED NOT NULL DEFAULT 0,
  due_date       DATE NOT NULL DEFAULT '0000-00-00',
  amount         DECIMAL(10,2) NOT NULL DEFAULT 0,
  payment_id     INT UNSIGNED NOT NULL DEFAULT 0,                   -- the payment that met it, 0 = still due
  KEY (arrangement_id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE ticket (
  id          INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  customer_id INT UNSIGNED NOT NULL DEFAULT 0,
  delivery_id INT UNSIGNED NOT NULL DEFAULT 0,
  subject     VARCHAR(255) NOT NULL DEFAULT '',
  department  VARCHAR(64) NOT NULL DEFAULT '',
  priority    TINYINT NOT NULL DEFAULT 2,                           -- 1 low, 2 normal, 3 high
  status      VARCHAR(16) NOT NULL DEFAULT 'open',                  -- open | pending | closed
  opened_at   INT UNSIGNED NOT NULL DEFAULT 0,
  closed_at   INT UNSIGNED NOT NULL DEFAULT 0,
  KEY (customer_id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE ticket_message (
  id        INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  ticket_id INT UNSIGNED NOT NULL,
  author    VARCHAR(128) NOT NULL DEFAULT '',                       -- staff login, or the customer's e-mail
  body      MEDIUMTEXT,                                             -- HTML or text, emoji stored as UTF-8 bytes in latin1
  sent_at   INT UNSIGNED NOT NULL DEFAULT 0,
  KEY (ticket_id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;
