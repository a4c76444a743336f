-- Issues. The first message is the description; of a subject that ERPNext has no room for, the whole stands above
-- it. Times of response are those that ERPNext takes down as messages come in
-- (`frappe.core.doctype.communication.communication.update_parent_document_on_communication`).

CREATE TEMP TABLE new_issue ON COMMIT DROP AS
SELECT issue.* FROM issue
WHERE in_scope
	AND NOT EXISTS (SELECT FROM "tabIssue" AS there WHERE there.name = issue.name);

ANALYZE new_issue;

-- Staff write under their login; all else is the customer: an e-mail address, nothing where he has none, or what
-- stands as his address and is none.
CREATE TEMP TABLE message ON COMMIT DROP AS
SELECT
	ticket_message.id,
	ticket_id,
	local_time(sent_at) AS sent,
	local_time(sent_at) IS NULL AS is_dated_by_repair,
	CASE
		WHEN author LIKE '%@%' THEN lower(substring(author FROM '[^\s<>"@]+@[^\s<>"@]+\.[A-Za-z]{2,}'))
	END AS address,
	author = '' OR author LIKE '%@%' OR author = coalesce(email, '') AS is_received,
	there.name IS NULL AS is_new
FROM ticket_message
JOIN issue ON issue.id = ticket_id
LEFT JOIN "tabCommunication" AS there ON there.name = 'LM-' || padded(ticket_message.id)
WHERE in_scope;

ANALYZE message;

-- A message without a usable date takes the latest one before it, else that of its ticket.
UPDATE message
SET sent = coalesce(before, opened)
FROM (
	SELECT id, max(sent) OVER (PARTITION BY ticket_id ORDER BY id) AS before
	FROM message
	WHERE ticket_id IN (SELECT ticket_id FROM message WHERE sent IS NULL)
) AS known,
	issue
WHERE known.id = message.id AND issue.id = ticket_id AND sent IS NULL;

-- French sites have these under other names; the three are what legacy priorities mean.
CREATE TEMP TABLE new_priority ON COMMIT DROP AS
SELECT name FROM (VALUES ('Low'), ('Medium'), ('High')) AS priority (name)
WHERE EXISTS (SELECT FROM new_issue)
EXCEPT SELECT name FROM "tabIssue Priority";

INSERT INTO "tabIssue Priority" (name, creation, modified, owner, modified_by, docstatus, idx)
SELECT name, timestamp '2011-01-01', timestamp '2011-01-01', owner, owner, 0, 0
FROM new_priority
CROSS JOIN books
ORDER BY name;

INSERT INTO added (doctype, name) SELECT 'Issue Priority', name FROM new_priority ORDER BY name;

INSERT INTO "tabIssue" (
	name, creation, modified, owner, modified_by, docstatus, idx, naming_series, subject, customer, customer_name,
	raised_by, status, priority, description, opening_date, opening_time, first_responded_on, first_response_time,
	avg_response_time, sla_resolution_date, resolution_time, agreement_status, company, department,
	service_location, legacy_id
)
WITH spoken AS (
	SELECT
		ticket_id,
		id,
		sent,
		address,
		is_received,
		row_number() OVER in_turn AS turn,
		extract(epoch FROM sent - lag(sent) OVER in_turn) AS waited,
		lag(is_received) OVER in_turn AS answers
	FROM message
	WINDOW in_turn AS (PARTITION BY ticket_id ORDER BY sent, id)
),
answered AS (
	SELECT
		ticket_id,
		min(id) FILTER (WHERE turn = 1) AS first_message,
		min(address) FILTER (WHERE turn = 1) AS asked_by,
		min(sent) FILTER (WHERE NOT is_received) AS responded,
		avg(waited) FILTER (WHERE NOT is_received AND answers AND waited > 0) AS average
	FROM spoken
	GROUP BY ticket_id
)
SELECT
	issue.name,
	opened,
	opened,
	owner,
	owner,
	0,
	0,
	'ISS-.YYYY.-',
	coalesce(nullif(left(subject, 140), ''), 'Billet ' || ticket.id),
	issue.customer,
	issue.customer_name,
	coalesce(issue.emails[1], asked_by),
	CASE ticket.status WHEN 'closed' THEN 'Closed' WHEN 'pending' THEN 'On Hold' ELSE 'Open' END,
	CASE priority WHEN 1 THEN 'Low' WHEN 3 THEN 'High' ELSE 'Medium' END,
	CASE WHEN length(subject) > 140 THEN '<p>' || escaped(subject) || '</p>' ELSE '' END || coalesce(body, ''),
	opened::date,
	opened::time,
	responded,
	greatest(extract(epoch FROM responded - opened), 0),
	average,
	closed,
	extract(epoch FROM closed - opened),
	'First Response Due',
	books.company,
	nullif(department, ''),
	service_location,
	issue.id::text
FROM new_issue AS issue
CROSS JOIN books
JOIN ticket ON ticket.id = issue.id
LEFT JOIN answered ON answered.ticket_id = issue.id
LEFT JOIN ticket_message ON ticket_message.id = first_message
LEFT JOIN LATERAL (
	SELECT local_time(ticket.closed_at) WHERE ticket.status = 'closed' AND local_time(ticket.closed_at) >= opened
) AS ending (closed) ON true
ORDER BY issue.id;

INSERT INTO added (doctype, name) SELECT 'Issue', name FROM new_issue ORDER BY id;

INSERT INTO finding (outcome, legacy_table, legacy_id, reason, detail, legacy_row)
SELECT 'Repaired', 'ticket', ticket.id, reason, detail, to_jsonb(ticket)
FROM new_issue AS issue
JOIN ticket USING (id)
LEFT JOIN party ON party.id = ticket.customer_id AND ticket.customer_id <> 0
CROSS JOIN LATERAL (
	VALUES
		(is_dated_by_repair, 'undated', 'Dated as the ticket before it, ' || opened::date || '.'),
		(party.is_placeholder, 'customer_gone', 'It stands on the placeholder ' || party.name || '.'),
		(
			ticket.delivery_id <> 0 AND service_location IS NULL,
			'delivery_gone',
			'It stands without a location.'
		),
		(
			ticket.status NOT IN ('open', 'pending', 'closed'),
			'status_unknown',
			'Its status is "' || ticket.status || '": it stands as Open.'
		),
		(length(subject) > 140, 'subject_cut', 'The whole subject stands in the description.'),
		(subject = '', 'no_subject', 'It is called Billet ' || ticket.id || '.')
) AS trap (occurs, reason, detail)
WHERE occurs
ORDER BY ticket.id, reason;
