-- The messages of tickets, as 550 found them, as Communications of their Issue. No mail goes out: nothing of
-- Frappe sends a Communication that is there already, and its reminder of unanswered mail
-- (`frappe.email.doctype.email_account.email_account.notify_unreplied`) wants an e-mail account: these have none.

INSERT INTO "tabCommunication" (
	name, creation, modified, owner, modified_by, docstatus, idx, communication_type, communication_medium,
	sent_or_received, sender, sender_full_name, subject, content, communication_date, reference_doctype,
	reference_name, reference_owner, status, delivery_status, email_status, unread_notification_sent, seen, "user",
	company
)
SELECT
	'LM-' || padded(message.id),
	sent,
	sent,
	owner,
	owner,
	0,
	0,
	'Communication',
	'Email',
	CASE WHEN is_received THEN 'Received' ELSE 'Sent' END,
	address,
	coalesce(
		CASE WHEN is_received AND (address IS NULL OR address = ANY (emails)) THEN issue.customer_name END,
		nullif(btrim(regexp_replace(author, '<.*', ''), ' "'), ''),
		address,
		'Inconnu'
	),
	coalesce(nullif(subject, ''), 'Billet ' || ticket.id),
	body,
	sent,
	'Issue',
	issue.name,
	owner,
	'Linked',
	'',
	'Open',
	1,
	1,
	owner,
	books.company
FROM message
CROSS JOIN books
JOIN ticket_message USING (id)
JOIN issue ON issue.id = message.ticket_id
JOIN ticket ON ticket.id = message.ticket_id
WHERE is_new
ORDER BY message.id;

-- Those of a new issue go with it.
INSERT INTO added (doctype, name)
SELECT 'Communication', 'LM-' || padded(id) FROM message
WHERE is_new AND ticket_id NOT IN (SELECT id FROM new_issue)
ORDER BY id;

INSERT INTO finding (outcome, legacy_table, legacy_id, reason, detail, legacy_row)
SELECT 'Rejected', 'ticket_message', id, 'ticket_gone', NULL::text, to_jsonb(ticket_message)
FROM ticket_message
WHERE NOT EXISTS (SELECT FROM ticket WHERE ticket.id = ticket_id)
UNION ALL
SELECT 'Repaired', 'ticket_message', id, 'undated', 'Dated ' || sent || '.', to_jsonb(ticket_message) - 'body'
FROM message
JOIN ticket_message USING (id)
WHERE is_new AND is_dated_by_repair
ORDER BY 3, 4;
