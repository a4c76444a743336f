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
before_uninstall = "gigafibre_utils.uninstall.before_uninstall"

before_request = ["gigafibre_utils.postgres.load.before_work"]
before_job = ["gigafibre_utils.postgres.load.before_work"]

doc_events = {
	"Company": {"on_update": "gigafibre_utils.install.make_clearing_account"},
}

scheduler_events = {
	"cron": {
		"*/5 * * * *": ["gigafibre_utils.payments.sweep.run"],
	},
	"hourly": ["gigafibre_utils.paylink.referral.give_codes"],
}

jinja = {
	"methods": ["gigafibre_utils.jinja.gigafibre_facture"],
}

pdf_generator = "gigafibre_utils.gigafibre_utils.pdf.generate"
override_whitelisted_methods = {
	"frappe.utils.print_format.download_pdf": "gigafibre_utils.gigafibre_utils.pdf.download_pdf",
}
