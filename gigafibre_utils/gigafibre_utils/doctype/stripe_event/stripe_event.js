// An event that failed or waits for staff: try it again, or say what was done about it.

frappe.ui.form.on("Stripe Event", {
	refresh(frm) {
		if (!["Failed", "Needs Attention"].includes(frm.doc.status)) return;
		frm.set_intro(frappe.utils.escape_html(frm.doc.note), frm.doc.status === "Failed" ? "red" : "orange");
		if (!gigafibre.may_settle()) return;
		const args = { event: frm.doc.name };
		frm.add_custom_button(__("Try Again"), () =>
			gigafibre.call_and_reload(frm, "retry_stripe_event", args)
		);
		gigafibre.add_handled_button(frm, "handle_stripe_event", args);
	},
});
