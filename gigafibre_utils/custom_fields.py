"""What the app changes on ERPNext's DocTypes; read by Frappe's installer and by the embedded tables.

For each DocType: `fields` of our own, and `options` that a Select of its own offers besides.
"""

from typing import Any

CUSTOMIZATIONS: dict[str, dict[str, Any]] = {
	"Customer": {
		"fields": [
			{
				"fieldname": "referral_code",
				"label": "Referral Code",
				"fieldtype": "Data",
				"insert_after": "customer_group",
				"unique": 1,
				"read_only": 1,
				"no_copy": 1,
			},
			{
				"fieldname": "pay_links_revoked_at",
				"label": "Pay Links Revoked At",
				"description": "Pay links of this customer that were made before this moment have expired.",
				"fieldtype": "Datetime",
				"insert_after": "referral_code",
				"no_copy": 1,
			},
			{
				"fieldname": "legacy_id",
				"label": "Legacy ID",
				"description": "The customer's number in the billing system before ERPNext.",
				# Not Int: that is 0, not empty, for who has none, and so could not be unique.
				"fieldtype": "Data",
				"insert_after": "pay_links_revoked_at",
				"unique": 1,
				"read_only": 1,
				"no_copy": 1,
			},
			{
				"fieldname": "account_number",
				"label": "Account Number",
				"description": "What the customer knows the account by. Two customers may share one.",
				"fieldtype": "Data",
				"insert_after": "legacy_id",
				"no_copy": 1,
				"search_index": 1,
			},
			{
				"fieldname": "stripe_customer_id",
				"label": "Stripe Customer ID",
				"description": "The customer at Stripe, whose the stored payment methods are.",
				"fieldtype": "Data",
				"insert_after": "account_number",
				"read_only": 1,
				"no_copy": 1,
				"search_index": 1,
			},
		],
	},
	"Sales Invoice": {
		"fields": [
			{
				"fieldname": "pay_links_revoked_at",
				"label": "Pay Links Revoked At",
				"description": "Pay links of this invoice that were made before this moment have expired.",
				"fieldtype": "Datetime",
				"insert_after": "remarks",
				"allow_on_submit": 1,
				"no_copy": 1,
				"print_hide": 1,
			},
			{
				"fieldname": "legacy_id",
				"label": "Legacy ID",
				"description": "The invoice's own number in the billing system before ERPNext.",
				"fieldtype": "Data",
				"insert_after": "pay_links_revoked_at",
				"unique": 1,
				"read_only": 1,
				"no_copy": 1,
				"print_hide": 1,
			},
			{
				"fieldname": "legacy_number",
				"label": "Legacy Number",
				"description": "The number as the customer has it in print. A few were used twice.",
				"fieldtype": "Data",
				"insert_after": "legacy_id",
				"read_only": 1,
				"no_copy": 1,
				"print_hide": 1,
				"search_index": 1,
			},
			{
				"fieldname": "customer_preview",
				"label": "Customer Preview",
				"fieldtype": "Tab Break",
				"insert_after": "connections_tab",
			},
			{
				"fieldname": "customer_preview_html",
				"label": "Customer Preview",
				"fieldtype": "HTML",
				"insert_after": "customer_preview",
				"print_hide": 1,
			},
		],
	},
	"Sales Invoice Item": {
		"fields": [
			{
				"fieldname": "service_location",
				"label": "Service Location",
				"fieldtype": "Link",
				"options": "Service Location",
				"insert_after": "item_name",
				"search_index": 1,
			},
		],
	},
	"Payment Entry": {
		"fields": [
			{
				"fieldname": "stripe_payment_intent",
				"label": "Stripe Payment Intent",
				"fieldtype": "Data",
				"insert_after": "reference_no",
				"unique": 1,
				"read_only": 1,
				"no_copy": 1,
				"print_hide": 1,
			},
			{
				"fieldname": "legacy_id",
				"label": "Legacy ID",
				"description": "The payment's number in the billing system before ERPNext.",
				"fieldtype": "Data",
				"insert_after": "stripe_payment_intent",
				"unique": 1,
				"read_only": 1,
				"no_copy": 1,
				"print_hide": 1,
			},
		],
	},
	"Item": {
		"fields": [
			{
				"fieldname": "item_name_en",
				"label": "Item Name in English",
				"fieldtype": "Data",
				"insert_after": "item_name",
			},
			{
				"fieldname": "legacy_id",
				"label": "Legacy ID",
				"description": "The product's number in the billing system before ERPNext.",
				"fieldtype": "Data",
				"insert_after": "item_name_en",
				"unique": 1,
				"read_only": 1,
				"no_copy": 1,
			},
		],
	},
	"Subscription": {
		"fields": [
			{
				"fieldname": "service_location",
				"label": "Service Location",
				"fieldtype": "Link",
				"options": "Service Location",
				"insert_after": "party",
				"search_index": 1,
			},
			{
				"fieldname": "billed_to",
				"label": "Billed to",
				"description": "The legal name that it is billed to, where that is not the customer's.",
				"fieldtype": "Data",
				"insert_after": "service_location",
			},
			{
				"fieldname": "legacy_id",
				"label": "Legacy ID",
				"description": "The service's number in the billing system before ERPNext.",
				"fieldtype": "Data",
				"insert_after": "billed_to",
				"unique": 1,
				"read_only": 1,
				"no_copy": 1,
			},
		],
	},
	"Issue": {
		"fields": [
			{
				"fieldname": "service_location",
				"label": "Service Location",
				"fieldtype": "Link",
				"options": "Service Location",
				"insert_after": "customer",
				"search_index": 1,
			},
			{
				"fieldname": "department",
				"label": "Department",
				"fieldtype": "Data",
				"insert_after": "issue_type",
			},
			{
				"fieldname": "legacy_id",
				"label": "Legacy ID",
				"description": "The ticket's number in the billing system before ERPNext.",
				"fieldtype": "Data",
				"insert_after": "department",
				"unique": 1,
				"read_only": 1,
				"no_copy": 1,
			},
		],
	},
	"Print Format": {
		"options": {"pdf_generator": "gigafibre"},
	},
}

CUSTOM_FIELDS: dict[str, list[dict]] = {
	doctype: changes["fields"] for doctype, changes in CUSTOMIZATIONS.items() if "fields" in changes
}
