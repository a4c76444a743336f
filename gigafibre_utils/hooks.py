app_name = "gigafibre_utils"
app_title = "Gigafibre"
app_publisher = "TARGO"
app_description = "Billing for internet providers on ERPNext: print, scan, pay, posted."
app_email = "dev@targo.ca"
app_license = "gpl-3.0"
required_apps = ["erpnext"]

before_install = "gigafibre_utils.install.before_install"
after_install = "gigafibre_utils.install.after_install"
after_migrate = "gigafibre_utils.install.after_migrate"
after_uninstall = "gigafibre_utils.uninstall.after_uninstall"

before_request = [
	"gigafibre_utils.postgres.load.before_work",
	"gigafibre_utils.gigafibre_utils.public_routes.refuse_other_methods",
]
before_login = "gigafibre_utils.gigafibre_utils.public_routes.refuse_other_methods"
before_job = ["gigafibre_utils.postgres.load.before_work"]

doc_events = {
	"Company": {"on_update": "gigafibre_utils.install.make_clearing_account"},
}

scheduler_events = {
	"cron": {
		"*/5 * * * *": ["gigafibre_utils.payments.sweep.run"],
		# By day: it writes to customers.
		"0 9 * * *": ["gigafibre_utils.payments.arrangements.run"],
	},
	"hourly": ["gigafibre_utils.paylink.referral.give_codes"],
}

# A log keeps nobody and nothing from being deleted.
ignore_links_on_delete = ["Pay Link"]

doctype_js = {
	"Sales Invoice": "public/js/sales_invoice.js",
	"Stripe Checkout Session": "public/js/needs_attention.js",
	"Stripe Event": "public/js/needs_attention.js",
}

override_doctype_dashboards = {
	"Customer": "gigafibre_utils.gigafibre_utils.connections.of_customer",
	"Payment Entry": "gigafibre_utils.gigafibre_utils.connections.of_payment_entry",
	"Sales Invoice": "gigafibre_utils.gigafibre_utils.connections.of_sales_invoice",
}

# In days; what failed or waits is kept however old it is. Thirteen months: until a year's books are closed,
# each of its payments can be followed to Stripe's own words. Stripe sends an event again for three days, and
# the holder of a card may dispute for some four months. That a payment is posted only once hangs on none of
# these rows.
default_log_clearing_doctypes = {
	"Pay Link": 400,
	"Stripe Checkout Session": 400,
	"Stripe Event": 400,
}

export_python_type_annotations = True

jinja = {
	"methods": ["gigafibre_utils.jinja.gigafibre_facture"],
}

pdf_generator = "gigafibre_utils.gigafibre_utils.pdf.generate"
on_print_pdf = "gigafibre_utils.gigafibre_utils.pdf.forget_generator"
override_whitelisted_methods = {
	"frappe.utils.print_format.download_pdf": "gigafibre_utils.gigafibre_utils.pdf.download_pdf",
}
