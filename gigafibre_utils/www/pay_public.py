"""`/pay-public` on Frappe: the page that `pay_page` makes, under its headers."""

import frappe

from gigafibre_utils import pay_page

no_cache = 1
sitemap = 0


def get_context(context: dict) -> None:
	"""Fill in what the template reads."""
	page = pay_page.page({key: value for key, value in frappe.form_dict.items() if isinstance(value, str)})
	frappe.local.response_headers.update(page.headers)
	context.update(page.context)
	context["http_status_code"] = page.status
