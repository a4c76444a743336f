-- What was paid by what: `allocation`, as it was, as far as it can have been. No payment gives more than it has, no
-- invoice takes in more than it wants: first come, first served, and what is there came before what a later run brings,
-- whatever its date. A payment that was taken back has only the rest to give. `refusal` tells what was cut, and why.
-- What a payment then has left stays the customer's credit.

DROP TABLE IF EXISTS allocation, refusal;

-- What credit notes that are there have taken off.
CREATE TEMP TABLE credit ON COMMIT DROP AS
SELECT return_against AS name, sum(-total) AS amount
FROM bill
WHERE is_tied AND NOT against_self
GROUP BY return_against;

CREATE TEMP TABLE claim ON COMMIT DROP AS
WITH judged AS (
	SELECT
		paid.id,
		paid.payment_id,
		paid.invoice_id,
		paid.amount,
		receipt.created,
		receipt.made_by,
		receipt.amount - receipt.taken_back - receipt.against_original AS payable,
		receipt.taken_back > 0 AS was_taken_back,
		abs(bill.total) - coalesce(credit.amount, 0) AS owed,
		CASE
			WHEN receipt.id IS NULL THEN 'payment_not_migrated'
			WHEN bill.id IS NULL THEN 'invoice_gone'
			WHEN receipt.docstatus = 2 THEN 'never_received'
			WHEN receipt.against_original > 0 AND bill.is_return = 0 THEN 'taken_back'
			WHEN bill.docstatus = 2 THEN 'invoice_void'
			WHEN bill.docstatus = 0 THEN 'invoice_draft'
			WHEN bill.customer_id <> receipt.customer_id THEN 'invoice_of_another_customer'
			WHEN NOT (receipt.in_scope AND bill.in_scope) THEN 'before_since'
			WHEN paid.amount = 0 THEN 'zero_amount'
			WHEN receipt.payment_type = 'Receive' AND (paid.amount <= 0 OR bill.is_return = 1) THEN 'wrong_sign'
			WHEN receipt.payment_type = 'Pay' AND (paid.amount >= 0 OR bill.is_return = 0) THEN 'wrong_sign'
		END AS reason
	FROM payment_invoice AS paid
	LEFT JOIN receipt ON receipt.id = paid.payment_id
	LEFT JOIN bill ON bill.id = paid.invoice_id
	LEFT JOIN credit ON credit.name = bill.name
),
offered AS (
	SELECT
		judged.*,
		CASE WHEN reason IS NULL THEN greatest(0, least(
			abs(amount),
			payable - coalesce(sum(abs(amount)) FILTER (WHERE reason IS NULL) OVER earlier, 0)
		)) ELSE 0 END AS offered
	FROM judged
	WINDOW earlier AS (PARTITION BY payment_id ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT
	offered.*,
	greatest(0, least(offered, coalesce(owed, 0) - coalesce(sum(offered) OVER earlier, 0))) AS accepted
FROM offered
WINDOW earlier AS (
	PARTITION BY invoice_id ORDER BY made_by, created, payment_id, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
);

-- A credit note stands against what it reverses as long as that has so much left; else it is credit by itself.
-- ERPNext: `SalesInvoice.update_outstanding_for_self`.
WITH left_over AS (
	SELECT bill.name, bill.total - coalesce(credit.amount, 0) - coalesce(sum(claim.accepted), 0) AS amount
	FROM bill
	LEFT JOIN credit USING (name)
	LEFT JOIN claim ON claim.invoice_id = bill.id
	WHERE bill.name IN (SELECT return_against FROM bill)
	GROUP BY bill.name, bill.total, credit.amount
),
credited AS (
	SELECT id, return_against, sum(-total) OVER (PARTITION BY return_against ORDER BY id) AS so_far
	FROM bill
	WHERE return_against IS NOT NULL AND NOT is_tied
)
UPDATE bill SET against_self = false
FROM credited
JOIN left_over ON left_over.name = credited.return_against
WHERE bill.id = credited.id AND so_far <= amount;

ANALYZE bill;

-- Nothing is left to be paid out of a credit note that its invoice took in.
UPDATE claim SET reason = 'credit_used', accepted = 0
FROM bill
WHERE bill.id = claim.invoice_id AND reason IS NULL AND NOT against_self;

CREATE UNLOGGED TABLE allocation AS
SELECT id, payment_id, invoice_id, sign(amount) * accepted AS amount FROM claim WHERE accepted > 0 ORDER BY id;

ALTER TABLE allocation ADD PRIMARY KEY (id);
ANALYZE allocation;

CREATE UNLOGGED TABLE refusal AS
SELECT
	id,
	payment_id,
	invoice_id,
	amount,
	accepted,
	coalesce(
		reason,
		CASE
			WHEN accepted < offered THEN 'invoice_paid_already'
			WHEN was_taken_back THEN 'taken_back'
			ELSE 'allocated_too_much'
		END
	) AS reason
FROM claim
WHERE reason IS NOT NULL OR accepted < abs(amount)
ORDER BY id;
