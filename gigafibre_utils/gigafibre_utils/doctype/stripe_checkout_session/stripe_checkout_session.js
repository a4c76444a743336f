// A session that waits for staff: say what was done about it; one without a payment: ask Stripe again.

frappe.ui.form.on("Stripe Checkout Session", {
	refresh(frm) {
		const { name, status, note, needs_attention, payment_entry } = frm.doc;
		if (needs_attention) frm.set_intro(frappe.utils.escape_html(note), "orange");
		if (!gigafibre.may_settle()) return;
		const args = { session: name };
		if (!payment_entry && status !== "Expired") {
			frm.add_custom_button(__("Ask Stripe"), () =>
				gigafibre.call_and_reload(frm, "settle_checkout_session", args)
			);
		}
		if (needs_attention) gigafibre.add_handled_button(frm, "handle_checkout_session", args);
	},
});
