// What staff do about money that waits for them, the same for an event of Stripe and for a checkout session.

frappe.provide("gigafibre");

gigafibre.may_settle = () => frappe.user.has_role(["Accounts Manager", "System Manager"]);

// Call a method of the app. What came of it stands on the document, also where it failed.
gigafibre.call_and_reload = (frm, method, args) =>
	frappe
		.call({ method: `gigafibre_utils.api.${method}`, args, freeze: true })
		.always(() => frm.reload_doc());

gigafibre.add_handled_button = (frm, method, args) => {
	const title = __("Mark as Handled");
	const question = { fieldname: "resolution", fieldtype: "Small Text", label: __("What was done?"), reqd: 1 };
	frm.add_custom_button(title, () =>
		frappe.prompt(
			question,
			({ resolution }) => gigafibre.call_and_reload(frm, method, { ...args, resolution }),
			title,
			title
		)
	);
};
