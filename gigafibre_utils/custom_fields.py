"""Fields that the app adds to ERPNext's DocTypes; read by Frappe's installer and by the embedded tables."""

CUSTOM_FIELDS: dict[str, list[dict]] = {
	"Customer": [
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
			"description": "Every pay link of this customer that was made before this moment has expired.",
			"fieldtype": "Datetime",
			"insert_after": "referral_code",
			"no_copy": 1,
		},
	],
	"Sales Invoice": [
		{
			"fieldname": "pay_links_revoked_at",
			"label": "Pay Links Revoked At",
			"description": "Every pay link of this invoice that was made before this moment has expired.",
			"fieldtype": "Datetime",
			"insert_after": "remarks",
			"allow_on_submit": 1,
			"no_copy": 1,
			"print_hide": 1,
		},
	],
	"Sales Invoice Item": [
		{
			"fieldname": "service_location",
			"label": "Service Location",
			"fieldtype": "Link",
			"options": "Service Location",
			"insert_after": "item_name",
		},
	],
	"Payment Entry": [
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
}
