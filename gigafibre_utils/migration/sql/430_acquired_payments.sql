-- Payments of an acquired company (`acquired_payment`, a row for each line of its file) as the `new_payment` of which
-- 405 and 420 make Payment Entries: submitted and wholly unallocated, so that staff decide what they pay. A customer is
-- known by the account number.

CREATE TEMP TABLE judged_acquired ON COMMIT DROP AS
SELECT
	payment.*,
	holder.name AS customer,
	holders,
	coalesce(
		payment.reason,
		CASE
			WHEN posting_date > as_of THEN 'date_in_future'
			WHEN holders IS NULL THEN 'account_unknown'
			WHEN holders > 1 THEN 'account_ambiguous'
		END
	) AS refusal
FROM acquired_payment AS payment
CROSS JOIN books
LEFT JOIN (
	SELECT account_number, min(name) AS name, count(*) AS holders
	FROM "tabCustomer"
	WHERE account_number <> ''
	GROUP BY account_number
) AS holder ON holder.account_number = payment.account;

CREATE TEMP TABLE new_payment ON COMMIT DROP AS
SELECT
	payment.line AS id,
	payment.name,
	payment.name AS ledger_name,
	NULL::bigint AS legacy_id,
	NULL::text AS intent,
	payment.customer,
	customer.customer_name,
	'Receive' AS payment_type,
	1 AS docstatus,
	payment.posting_date,
	payment.posting_date::timestamp AS created,
	payment.amount,
	0::numeric AS allocated,
	payment.amount AS unallocated,
	mode.mode_of_payment,
	mode.account,
	mode.account_type,
	left(coalesce(nullif(payment.reference, ''), payment.name), 140) AS reference_no,
	'Received by the acquired company, account ' || payment.account
		|| coalesce(', ' || nullif(written_method, ''), '') || '.' AS remarks
FROM judged_acquired AS payment
JOIN "tabCustomer" AS customer ON customer.name = payment.customer
JOIN mode ON mode.method = payment.method
WHERE refusal IS NULL AND NOT EXISTS (SELECT FROM "tabPayment Entry" AS there WHERE there.name = payment.name);

ALTER TABLE new_payment ADD PRIMARY KEY (id);
ANALYZE new_payment;

-- As 410 makes it for payments that were allocated.
CREATE TEMP TABLE new_reference (payment_id bigint, doctype text, against text, amount numeric) ON COMMIT DROP;

-- Lines that are refused are told as often as their file is read; nothing of them is in the site.
INSERT INTO finding (outcome, legacy_table, legacy_id, reason, detail, legacy_row)
SELECT
	'Rejected',
	'expro',
	line,
	refusal,
	CASE refusal
		WHEN 'date_in_future' THEN 'It lies after ' || as_of || '.'
		WHEN 'account_unknown' THEN 'No customer has this account number.'
		WHEN 'account_ambiguous' THEN holders || ' customers have this account number.'
		ELSE detail
	END,
	written
FROM judged_acquired
CROSS JOIN books
WHERE refusal IS NOT NULL
UNION ALL
SELECT 'Repaired', 'expro', line, told.reason, told.detail, written
FROM judged_acquired AS payment
JOIN new_payment AS made ON made.id = line
CROSS JOIN LATERAL (
	VALUES
	(
		same_as IS NOT NULL,
		'repeated',
		'It says the same as line ' || same_as || '; both are payments: cancel ' || made.name || ' if it was one.'
	),
	(method = 'other', 'method_unknown', 'Its mode of payment is ' || mode_of_payment || '.')
) AS told (applies, reason, detail)
WHERE applies
ORDER BY 3, 4;
