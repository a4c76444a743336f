// What is set up, what the site's configuration decides, the pay secret's rotation, and what to enter at Stripe.

frappe.ui.form.on("Gigafibre Settings", {
	refresh(frm) {
		const { setup, in_site_config, webhook } = frm.doc.__onload;
		frm.get_field("setup").$wrapper.empty().append(setup_table(setup));
		frm.get_field("webhook").$wrapper.empty().append(webhook_hint(webhook));
		in_site_config.forEach((field) => hand_over_to_site_config(frm, field));
		const is_ours = !in_site_config.some((field) => field.startsWith("gigafibre_pay_secret"));
		if (frm.perm[1]?.write && is_ours) {
			frm.add_custom_button(__("New Pay Secret"), () => make_pay_secret(frm));
		}
	},
});

function hand_over_to_site_config(frm, field) {
	// Not `read_only`: that hides a field that is empty, and with it what is to be said of it.
	frm.set_df_property(field, "get_status", () => "Read");
	frm.set_df_property(field, "description", __("Set in the site's configuration, which wins over what is here."));
}

function setup_table(rows) {
	const $table = $('<table class="table table-sm table-borderless mb-0">');
	for (const { label, colour, detail } of rows) {
		$("<tr>")
			.append($('<td class="text-nowrap pl-0" style="width: 12rem">').text(label))
			.append($("<td>").append($(`<span class="indicator ${colour}">`).text(detail)))
			.appendTo($table);
	}
	return $table;
}

function webhook_hint({ url, events }) {
	if (!url) return muted(__("Once the pay page has its address, that of the webhook stands here."));
	const copy = $(`<button class="btn btn-default btn-xs ml-2">${__("Copy")}</button>`).on("click", () =>
		frappe.utils.copy_to_clipboard(url)
	);
	return $("<div>").append(
		muted(__("At Stripe, add a webhook endpoint with this address:")),
		$('<p style="word-break: break-all">').append($("<code>").text(url), copy),
		muted(__("and these events:")),
		$('<ul class="list-unstyled mb-0">').append(events.map((name) => $("<li>").append($("<code>").text(name))))
	);
}

function muted(text) {
	return $('<p class="text-muted small mb-1">').text(text);
}

function make_pay_secret(frm) {
	const question = frm.doc.gigafibre_pay_secret
		? __("Make a new pay secret? Links signed with the present one stay good, those with the one before it end.")
		: __("Make a pay secret?");
	frappe.confirm(question, () =>
		frappe
			.call({
				method: "gigafibre_utils.gigafibre_utils.doctype.gigafibre_settings.gigafibre_settings.new_pay_secret",
				freeze: true,
			})
			.then(() => frm.reload_doc())
	);
}
