// ES2017 on purpose: an old iPhone must be able to pay, and nothing translates this file.
(() => {
	"use strict";

	const SECOND = 1000;
	const REQUEST_TIMEOUT = 40 * SECOND;
	const problems = document.getElementById("problems").dataset;

	class Refusal extends Error {}

	async function post(url, fields) {
		const response = await send(url, fields);
		const answer = await response.json().catch(() => ({}));
		if (response.ok) return answer.message || {};
		if (response.status === 429) throw new Refusal(tooManyAttempts(response.headers.get("Retry-After")));
		// What went wrong inside is for staff; only what the customer can mend is told.
		throw new Refusal((response.status < 500 && serverSentence(answer)) || problems.failed);
	}

	async function send(url, fields) {
		const patience = new AbortController();
		const timer = setTimeout(() => patience.abort(), REQUEST_TIMEOUT);
		try {
			return await fetch(url, {
				method: "POST",
				body: new URLSearchParams(fields),
				// With the cookie of a signed-in user, Frappe would want a CSRF token too.
				credentials: "omit",
				headers: { Accept: "application/json", "Accept-Language": document.documentElement.lang },
				signal: patience.signal,
			});
		} catch (error) {
			throw new Refusal(problems.network);
		} finally {
			clearTimeout(timer);
		}
	}

	function tooManyAttempts(retryAfter) {
		const seconds = Number(retryAfter);
		if (!(seconds > 0)) return problems.busy;
		return seconds < 90
			? problems.busySeconds.replace("{0}", Math.ceil(seconds))
			: problems.busyMinutes.replace("{0}", Math.ceil(seconds / 60));
	}

	// Frappe answers with JSON in JSON: a list of messages, each a string of its own.
	function serverSentence(answer) {
		try {
			const messages = JSON.parse(answer._server_messages).map((text) => JSON.parse(text).message);
			return messages.filter(Boolean).map(readHtml).join(" ");
		} catch (error) {
			return "";
		}
	}

	// The messages are HTML, in which Frappe writes even a no-break space as an entity; nothing of it is run.
	function readHtml(text) {
		return new DOMParser().parseFromString(text, "text/html").body.textContent;
	}

	// `aria-disabled` and not `disabled`: the button keeps the focus while it works.
	function setBusy(form, button, busy) {
		const status = form.querySelector("[role=status]");
		form.querySelectorAll("button").forEach((each) => each.setAttribute("aria-disabled", String(busy)));
		button.querySelector(".label-ready").hidden = busy;
		button.querySelector(".label-busy").hidden = !busy;
		status.textContent = busy ? status.dataset.busy : "";
	}

	function showProblem(form, sentence) {
		form.querySelector(".problem").textContent = sentence;
	}

	function submitOnce(form, check, succeed) {
		let busy = false;
		let button = form.querySelector("button");
		const rest = () => setBusy(form, button, (busy = false));
		// Old browsers do not say which button sent the form; its click, by keyboard too, comes just before.
		form.addEventListener("click", (event) => {
			if (!busy) button = event.target.closest("button") || button;
		});
		form.addEventListener("submit", async (event) => {
			event.preventDefault();
			if (busy || !check()) return;
			setBusy(form, button, (busy = true));
			showProblem(form, "");
			const fields = new FormData(form);
			if (button.name) fields.append(button.name, button.value);
			try {
				await succeed(await post(form.action, fields), rest);
			} catch (error) {
				rest();
				showProblem(form, error instanceof Refusal ? error.message : problems.failed);
			}
		});
		return rest;
	}

	function preparePayment(form) {
		const rest = submitOnce(form, () => true, ({ url }) => {
			if (!url) throw new Refusal(problems.failed);
			location.assign(url);
		});
		// Back from Stripe, the browser may show this page as it was left: busy.
		window.addEventListener("pageshow", (event) => event.persisted && rest());
	}

	function prepareLinkRequest(form) {
		const answer = document.getElementById("link-answer");
		const digits = form.elements.last4;
		const hasFourDigits = () => {
			const valid = /^[0-9]{4}$/.test(digits.value);
			digits.setAttribute("aria-invalid", String(!valid));
			showProblem(form, valid ? "" : form.querySelector(".problem").dataset.notFourDigits);
			if (!valid) digits.focus();
			return valid;
		};
		const show = (answered) => {
			form.hidden = answered;
			answer.hidden = !answered;
		};
		submitOnce(form, hasFourDigits, (message, rest) => {
			rest();
			show(true);
			answer.querySelector("h2").focus();
		});
		answer.querySelector("button").addEventListener("click", () => {
			show(false);
			digits.value = "";
			digits.focus();
		});
	}

	// Just back from Stripe, the ledger may still say "unpaid" for a moment: that alone is no news.
	function isNews(seen, shown, outstanding) {
		if (Math.abs(seen.outstanding - outstanding) > 0) return true;
		if (shown !== "just_paid") return seen.state !== shown;
		return seen.state !== "unpaid" && seen.state !== "partly_paid";
	}

	async function waitForLedger(wait) {
		const { url, invoice, token, state, late } = wait.dataset;
		const outstanding = Number(wait.dataset.outstanding);
		const deadline = Date.now() + 120 * SECOND;
		let delay = state === "just_paid" ? SECOND : 4 * SECOND;
		while (Date.now() < deadline) {
			await new Promise((resolve) => setTimeout(resolve, delay));
			const seen = (await post(url, { invoice, token }).catch(() => ({}))).invoice;
			if (seen && isNews(seen, state, outstanding)) return showResult();
			delay = Math.min(delay * 1.5, 10 * SECOND);
		}
		document.querySelector("main").classList.add("is-late");
		wait.querySelector("[role=status]").textContent = late;
	}

	function showResult() {
		const page = new URL(location.href);
		// The receipt of an instalment is that of its own visit to Stripe.
		if (page.searchParams.get("outcome") !== "instalment") page.searchParams.delete("session");
		page.hash = "";
		location.replace(page);
	}

	const payment = document.getElementById("pay-form");
	const linkRequest = document.getElementById("link-form");
	const wait = document.getElementById("wait");
	if (payment) preparePayment(payment);
	if (linkRequest) prepareLinkRequest(linkRequest);
	if (wait) waitForLedger(wait);
})();
