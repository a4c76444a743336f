// The tab "Customer Preview" of a Sales Invoice: what its customer sees, the pay link, what happened.
// Nothing is asked of the server before the tab is opened; no link is made before it is copied or sent.

(() => {
	const TAB = "customer_preview";
	const FIELD = "customer_preview_html";
	const API = "gigafibre_utils.api.";
	const STYLE = "/assets/gigafibre_utils/css/customer_preview.css";
	// How long after sending to look, in seconds, what became of it.
	const LOOKS = [1, 2, 4, 8];

	frappe.ui.form.on("Sales Invoice", {
		refresh: (frm) => preview_of(frm)?.follow(),
		on_tab_change: (frm) => preview_of(frm)?.open(),
	});

	function preview_of(frm) {
		if (!frm.customer_preview && frm.get_field(FIELD)) {
			frm.customer_preview = new CustomerPreview(frm);
		}
		return frm.customer_preview;
	}

	class CustomerPreview {
		constructor(frm) {
			frappe.require(STYLE);
			this.frm = frm;
			this.$body = $('<div class="customer-preview">').appendTo(frm.get_field(FIELD).$wrapper);
		}

		// The tab was opened, or left.
		open() {
			if (!this.is_open()) return;
			if (this.shown === this.version()) {
				this.load_history();
			} else {
				this.show();
			}
		}

		// The form shows another invoice, or the same one after a change.
		follow() {
			if (this.shown === this.version()) return;
			this.clear();
			if (this.is_open()) this.show();
		}

		is_open() {
			return this.frm.get_active_tab()?.df.fieldname === TAB;
		}

		version() {
			const { modified, status, outstanding_amount } = this.frm.doc;
			return [this.frm.docname, modified, status, outstanding_amount].join();
		}

		clear() {
			this.leaving?.abort();
			URL.revokeObjectURL(this.pdf);
			this.$body.empty();
			this.shown = this.pdf = null;
		}

		show() {
			this.clear();
			this.shown = this.version();
			if (this.frm.is_new()) {
				this.$body.append(muted(__("Save the invoice to see it as its customer will.")));
				return;
			}
			this.leaving = new AbortController();
			this.$frame = $('<div class="customer-preview-frame">');
			this.$side = $('<div class="customer-preview-side">');
			$('<div class="customer-preview-paper">')
				.append(this.heading(), this.$frame)
				.appendTo(this.$body);
			this.$body.append(this.$side);
			this.$side.html(waiting(__("Loading…")));
			this.load_pdf();
			this.load_history();
		}

		heading() {
			const note = this.frm.is_dirty() ? muted(__("As it was last saved.")) : $("<span>");
			const address = `/api/method/${API}invoice_pdf?${new URLSearchParams({ name: this.frm.docname })}`;
			const link = $('<a target="_blank" rel="noopener">').attr("href", address);
			link.append($("<span>").text(__("Open in new window")), " ", frappe.utils.icon("external-link", "xs"));
			return $('<div class="customer-preview-heading">').append(note, link);
		}

		async load_pdf() {
			const { signal } = this.leaving;
			this.$frame.html(waiting(__("Printing the invoice…")));
			try {
				const answer = await ask("invoice_pdf", { name: this.frm.docname }, signal);
				const pdf = await answer.blob();
				signal.throwIfAborted();
				this.pdf = URL.createObjectURL(pdf);
				const title = __("The invoice as its customer sees it");
				this.$frame.html($("<iframe>").attr({ title, src: `${this.pdf}#toolbar=0&view=FitH` }));
			} catch (error) {
				if (signal.aborted) return;
				this.$frame.html(failed(__("The invoice could not be printed."), error));
				this.shown = null; // so that opening the tab again tries again
			}
		}

		async load_history() {
			if (this.frm.is_new()) return;
			const { signal } = this.leaving;
			try {
				const answer = await ask("pay_link_history", { invoice: this.frm.docname }, signal);
				const { message } = await answer.json();
				if (!signal.aborted) this.tell(message);
			} catch (error) {
				if (!signal.aborted) this.$side.html(failed(__("The history could not be loaded."), error));
			}
		}

		// What has the focus stays where it is: only what may have changed is written again.
		tell(known) {
			this.known = known;
			if (!this.$side.find(this.$events).length) {
				this.$standing = $("<div>");
				this.$events = $("<ul>");
				const standing = section(__("Payment"), this.$standing);
				const history = section(__("History"), this.$events).prepend(this.refresher());
				this.$side.empty().append(standing, this.pay_link(), history);
			}
			this.$standing.empty().append(...this.standing());
			const nothing = $("<li>").append(muted(__("Nothing yet.")));
			this.$events.empty().append(known.events.length ? known.events.map(happened) : nothing);
		}

		standing() {
			const { status, outstanding, total, currency } = this.known;
			const doc = { ...this.frm.doc, __unsaved: 0, status, outstanding_amount: Number(outstanding) };
			const [label, colour] = frappe.get_indicator(doc, "Sales Invoice");
			const $status = $(`<span class="indicator-pill no-indicator-dot ${colour}">`).text(label);
			if (this.frm.doc.docstatus !== 1 || this.frm.doc.is_return) return [$status];
			const owed = __("{0} of {1} outstanding", [money(outstanding, currency), money(total, currency)]);
			return [$status, $("<div>").text(owed)];
		}

		pay_link() {
			if (this.frm.doc.is_return) return "";
			if (this.frm.doc.docstatus === 0) {
				return section(__("Pay Link"), muted(__("There is a pay link once the invoice is submitted.")));
			}
			if (this.frm.doc.docstatus === 2) {
				return section(__("Pay Link"), muted(__("The invoice is cancelled; there is nothing to pay on it.")));
			}
			if (!this.known.may_send) return "";
			const { sms_to, email_to } = this.known;
			const $senders = $('<div class="customer-preview-senders">').append(
				this.sender("sms", __("Send by SMS"), sms_to),
				this.sender("email", __("Send by E-mail"), email_to)
			);
			return section(
				__("Pay Link"),
				this.copier(),
				$senders,
				sms_to ? "" : $("<div>").append(muted(__("No phone number is on file."))),
				email_to ? "" : $("<div>").append(muted(__("No e-mail address is on file.")))
			);
		}

		copier() {
			let url;
			const $address = $('<input type="text" class="form-control input-sm" readonly>')
				.attr({ "aria-label": __("Pay Link"), placeholder: __("Made when you copy it") })
				.on("focus", () => $address.trigger("select"));
			const copy = () => frappe.utils.copy_to_clipboard(url, __("Pay link copied; it is good for 60 days."));
			const make = () =>
				post("pay_token", { invoice: this.frm.docname }, (made) => {
					url = made.url;
					$address.val(url);
					copy();
					this.load_history();
				});
			const $copy = button(__("Copy"), () => (url ? copy() : make()));
			return $('<div class="customer-preview-copier">').append($address, $copy);
		}

		sender(channel, label, sent_to) {
			const $send = button(label, () => this.confirm_sending(channel, sent_to));
			return $send.prop("disabled", !sent_to).attr("title", sent_to);
		}

		// The question may still be open when the form shows another invoice.
		confirm_sending(channel, sent_to) {
			const { docname } = this.frm;
			const { signal } = this.leaving;
			const question = {
				sms: __("Send the pay link by SMS to {0}?", [frappe.utils.escape_html(sent_to)]),
				email: __("Send the pay link by e-mail to {0}?", [frappe.utils.escape_html(sent_to)]),
			};
			const send = () =>
				post("send_pay_link", { invoice: docname, channel }, () => this.watch_sending(signal));
			frappe.confirm(question[channel], send);
		}

		async watch_sending(signal) {
			frappe.show_alert({ message: __("The pay link is on its way."), indicator: "blue" });
			for (const seconds of [0, ...LOOKS]) {
				await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
				if (signal.aborted) return;
				await this.load_history();
				if (!this.known.events.some((event) => event.status === "Queued")) return;
			}
		}

		refresher() {
			return $('<button type="button" class="btn btn-xs btn-link customer-preview-refresh">')
				.attr({ title: __("Refresh"), "aria-label": __("Refresh") })
				.append(frappe.utils.icon("refresh-cw", "xs"))
				.on("click", () => this.load_history());
		}
	}

	function happened(event) {
		const [colour, text, ...details] = { link, session, payment }[event.event](event);
		const at = $(comment_when(event.at.replace("T", " ")));
		const $details = details.filter(Boolean).map((detail) => $("<span>").text(detail));
		const $text = event.event === "payment" ? payment_link(event, text) : $("<span>").text(text);
		const $under = $('<div class="customer-preview-details text-muted small">').append(at, " ");
		for (const $detail of $details) $under.append($detail, " ");
		return $("<li>").append($(`<span class="indicator ${colour}">`), $("<div>").append($text, $under));
	}

	function link(event) {
		const is_staffs = event.kind === "Staff";
		const by = is_staffs ? frappe.user.full_name(event.sent_by) : __("asked for by the customer");
		const until = event.expires_at && __("good until {0}", [day(event.expires_at)]);
		if (event.channel === "Copied") return ["blue", __("Link copied"), by, until];
		const to = [event.sent_to];
		const sms = event.channel === "SMS";
		if (event.status === "Failed") {
			const text = sms ? __("SMS to {0} not sent", to) : __("E-mail to {0} not sent", to);
			return ["red", text, by, event.note];
		}
		if (event.status === "Queued") {
			return ["orange", sms ? __("SMS to {0} on its way", to) : __("E-mail to {0} on its way", to), by];
		}
		const text = sms ? __("Link sent by SMS to {0}", to) : __("Link sent by e-mail to {0}", to);
		return ["green", text, by, until];
	}

	function session(event) {
		const colours = { Open: "blue", Processing: "orange", Paid: "green", Failed: "red", Expired: "gray" };
		const text = __("Payment page opened for {0}", [money(event.amount, event.currency)]);
		if (!event.needs_attention) return [colours[event.status], text, __(event.status)];
		return ["red", text, __(event.status), __("needs attention"), event.note];
	}

	function payment(event) {
		const amount = [money(event.amount, event.currency)];
		const text = event.payment_type === "Pay" ? __("Refund of {0}", amount) : __("Payment of {0}", amount);
		const dated = event.posting_date !== event.at.slice(0, 10);
		const details = [event.mode_of_payment && __(event.mode_of_payment), dated && day(event.posting_date)];
		if (event.status === "Cancelled") return ["gray", text, __("Cancelled"), ...details];
		return [event.payment_type === "Pay" ? "orange" : "green", text, ...details];
	}

	function payment_link(event, text) {
		return $("<a>").attr("href", frappe.utils.get_form_link("Payment Entry", event.name)).text(text);
	}

	function section(title, ...content) {
		return $("<section>").append($("<h6>").text(title), ...content);
	}

	function button(label, action) {
		const $button = $('<button type="button" class="btn btn-default btn-sm">').text(label);
		return $button.on("click", () => {
			$button.prop("disabled", true);
			$.when(action()).always(() => $button.prop("disabled", false));
		});
	}

	function muted(text) {
		return $('<span class="text-muted">').text(text);
	}

	function waiting(text) {
		const $spinner = $('<span class="spinner-border spinner-border-sm" aria-hidden="true">');
		const $waiting = $('<div class="customer-preview-waiting text-muted" role="status">');
		return $waiting.append($spinner, $("<span>").text(text));
	}

	function failed(what, error) {
		const why = error instanceof TypeError ? __("The server cannot be reached.") : error.message;
		return $('<div class="customer-preview-waiting text-danger" role="alert">').text(`${what} ${why}`);
	}

	function day(date) {
		return frappe.datetime.str_to_user(date.slice(0, 10));
	}

	function money(amount, currency) {
		return format_currency(Number(amount), currency);
	}

	const in_my_language = () => ({ "Accept-Language": frappe.boot.lang.slice(0, 2) });

	// Not `frappe.call`: what fails is told in the tab, not over it.
	async function ask(method, args, signal) {
		const address = `/api/method/${API}${method}?${new URLSearchParams(args)}`;
		const answer = await fetch(address, { headers: in_my_language(), signal });
		if (!answer.ok) throw new Error(await sentence_of(answer));
		return answer;
	}

	function post(method, args, done) {
		const callback = ({ message }) => done(message);
		return frappe.call({ method: API + method, args, headers: in_my_language(), callback });
	}

	async function sentence_of(answer) {
		const messages = (await answer.json().catch(() => ({})))._server_messages;
		const told = JSON.parse(messages || "[]").map((message) => JSON.parse(message).message);
		return new DOMParser().parseFromString(told.join(" "), "text/html").body.textContent;
	}
})();
