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
		],
	},
	"Print Format": {
		"options": {"pdf_generator": "gigafibre"},
	},
}

CUSTOM_FIELDS: dict[str, list[dict]] = {
	doctype: changes["fields"] for doctype, changes in CUSTOMIZATIONS.items() if "fields" in changes
}
