frappe.listview_settings["Stripe Checkout Session"] = {
	add_fields: ["needs_attention"],
	get_indicator({ status, needs_attention }) {
		if (needs_attention) return [__("Needs Attention"), "orange", "needs_attention,=,1"];
		const colours = { Open: "blue", Processing: "yellow", Paid: "green", Failed: "red", Expired: "gray" };
		return [__(status), colours[status], `status,=,${status}`];
	},
};
