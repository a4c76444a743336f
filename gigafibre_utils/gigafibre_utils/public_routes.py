"""What a proxy lets through to this app unguarded runs this app's methods, and nothing else."""

import frappe

OWN_PATHS = ("/pay-public", "/api/method/gigafibre_utils.api.")


def refuse_other_methods(login_manager: object | None = None) -> None:
	"""Raises frappe.PermissionError for a request to one of the app's paths that names a method by `cmd`.

	Frappe runs that method, whatever the path. A proxy sees a `cmd` in the query; one in a body only the
	site sees. For `before_request`, and for `before_login`, as `cmd=login` is obeyed before that.
	"""
	request = getattr(frappe.local, "request", None)
	if request and request.path.startswith(OWN_PATHS) and frappe.form_dict.cmd:
		raise frappe.PermissionError
