frappe.pages["postgres-doctor"].on_page_load = (wrapper) => {
	wrapper.doctor = new gigafibre.PostgresDoctor(wrapper);
};

frappe.pages["postgres-doctor"].on_page_show = (wrapper) => wrapper.doctor.refresh();

frappe.provide("gigafibre");

/** How the site stands on PostgreSQL, and a button that mends it. */
gigafibre.PostgresDoctor = class {
	static methods = "gigafibre_utils.gigafibre_utils.page.postgres_doctor.postgres_doctor";
	static poll_ms = 2000;
	static shown = 25;

	constructor(wrapper) {
		this.page = frappe.ui.make_app_page({
			parent: wrapper,
			title: __("PostgreSQL Doctor"),
			single_column: true,
		});
		this.page.set_secondary_action(__("Refresh"), () => this.refresh());
		this.body = $('<div class="postgres-doctor p-4">').appendTo(this.page.main);
		this.body.html(this.sentence(__("Loading...")));
	}

	async refresh() {
		clearTimeout(this.timer);
		const report = await this.ask("report");
		this.page.clear_primary_action();
		if (!report) {
			this.body.html(this.sentence(__("This site is not on PostgreSQL: there is nothing to look after.")));
			return;
		}
		this.show(report);
		if (report.is_mending) {
			this.follow();
		} else if (report.tables.length) {
			this.page.set_primary_action(__("Mend"), () => this.mend());
		}
	}

	async mend() {
		await this.ask("mend");
		frappe.show_alert({ message: __("Mending has begun."), indicator: "blue" });
		this.refresh();
	}

	/** Ask again while the job runs: indexes that are lacking grow fewer. */
	follow() {
		this.page.set_indicator(__("Mending"), "orange");
		this.timer = setTimeout(() => {
			if (frappe.get_route()[0] === "postgres-doctor") this.refresh();
		}, this.constructor.poll_ms);
	}

	ask(method) {
		return frappe.xcall(`${this.constructor.methods}.${method}`);
	}

	show(report) {
		this.page.set_indicator(
			report.is_healthy ? __("Healthy") : __("Not healthy"),
			report.is_healthy ? "green" : "red"
		);
		this.body.empty().append(
			this.summary(report),
			this.mended(report),
			this.lacking(report.tables),
			this.fixes(report.fixes),
			this.unused(report.unused)
		);
	}

	summary({ database, tables, fixes }) {
		const lacks = tables.flatMap((table) => table.lacks);
		const is_committed = database.isolation === "read committed";
		const applied = fixes.filter((fix) => ["applied", "mended upstream"].includes(fix.state)).length;
		const items = [
			...Object.entries(this.kinds()).map(([kind, label]) => {
				const count = lacks.filter((lack) => lack.kind === kind).length;
				return { label, value: count, datatype: "Int", indicator: count ? "Red" : "Green" };
			}),
			{
				label: __("Query Fixes Applied"),
				value: __("{0} of {1}", [applied, fixes.length]),
				indicator: applied === fixes.length ? "Green" : "Red",
			},
			{
				label: __("Transactions"),
				value: database.isolation,
				indicator: is_committed ? "Green" : "Red",
			},
			{
				label: __("PostgreSQL {0}", [database.version.split(" ")[0]]),
				value: this.size(database.bytes),
			},
		];
		return $('<div class="report-summary">').append(items.map((item) => frappe.utils.build_summary_item(item)));
	}

	/** Why the last mending, where it was within a day, left something. */
	mended({ mended: answer, tables }) {
		if (!answer || !tables.length) return "";
		if (answer.is_busy) return this.sentence(__("Another process is making the indexes of this site."));
		if (!answer.refused.length) return "";
		return this.section(
			__("Refused by PostgreSQL"),
			[__("Table"), __("Columns"), __("Why")],
			answer.refused.map((lack) => [
				this.name(lack.table),
				this.text(lack.columns.join(" + ")),
				this.text(lack.refusal),
			])
		);
	}

	/** The tables that cost most; a site of which nothing was mended yet has hundreds. */
	lacking(tables) {
		if (!tables.length) return this.sentence(__("Every index that a DocType asks for is there."));
		const shown = tables.slice(0, this.constructor.shown);
		const section = this.section(
			__("Tables That Lack Indexes"),
			[__("Table"), __("Columns"), __("Size"), __("Rows"), __("Scans"), __("Rows Read in Scans")],
			shown.map((table) => [
				this.name(table.table),
				table.lacks.map((lack) => this.lack(lack)).join(" "),
				this.size(table.bytes),
				this.number(table.rows),
				this.number(table.scans),
				this.number(table.rows_read),
			]),
			[2, 3, 4, 5]
		);
		const hidden = tables.length - shown.length;
		return hidden ? section.append(this.sentence(__("… and {0} tables more", [hidden]))) : section;
	}

	lack({ columns, is_unique, kind }) {
		const words = [columns.join(" + "), is_unique && __("unique")];
		const colour = { missing: "gray", broken: "red", "in danger": "orange" }[kind];
		const text = words.filter(Boolean).join(", ");
		const title = kind === "in danger" ? __("Frappe may drop it when it syncs another DocType.") : "";
		const classes = `indicator-pill no-indicator-dot ${colour} mb-1`;
		return `<span class="${classes}" title="${title}">${this.text(text)}</span>`;
	}

	fixes(fixes) {
		const colours = {
			applied: "green",
			"mended upstream": "green",
			"stepped aside": "red",
			"not loaded": "orange",
		};
		const states = {
			applied: __("applied"),
			"mended upstream": __("mended upstream"),
			"stepped aside": __("stepped aside"),
			"not loaded": __("not loaded"),
		};
		const rank = Object.keys(colours).reverse();
		return this.section(
			__("Query Fixes"),
			[__("Function"), __("State"), __("Because")],
			[...fixes]
				.sort((one, other) => rank.indexOf(one.state) - rank.indexOf(other.state))
				.map((fix) => [
					this.target(fix.target),
					`<span class="indicator-pill ${colours[fix.state]}">${states[fix.state]}</span>`,
					this.text([fix.because, fix.detail].filter(Boolean).join(" ")),
				])
		);
	}

	target(target) {
		const [module, name] = target.split(":").map((part) => this.text(part));
		return `<div class="text-break">${name}</div><div class="text-break text-muted small">${module}</div>`;
	}

	unused(unused) {
		if (!unused.length) return "";
		return this.section(
			__("Big Indexes That Were Never Read"),
			[__("Index"), __("Size"), __("A DocType Asks for It")],
			unused.map((index) => [
				this.text(index.name),
				this.size(index.bytes),
				index.is_asked_for ? __("Yes") : __("No"),
			]),
			[1]
		);
	}

	/** A table under its title; `numbers` tells which columns stand to the right. */
	section(title, heads, rows, numbers = []) {
		const line = (tag, cells) => {
			const attributes = (at) => (numbers.includes(at) ? 'class="text-right text-nowrap"' : "");
			return `<tr>${cells.map((cell, at) => `<${tag} ${attributes(at)}>${cell}</${tag}>`).join("")}</tr>`;
		};
		return $(`<section class="mt-4">
			<h5>${title}</h5>
			<div class="table-responsive">
				<table class="table table-bordered table-sm">
					<thead>${line("th", heads)}</thead>
					<tbody>${rows.map((row) => line("td", row)).join("")}</tbody>
				</table>
			</div>
		</section>`);
	}

	kinds() {
		return {
			missing: __("Missing Indexes"),
			broken: __("Broken Indexes"),
			"in danger": __("Indexes in Danger"),
		};
	}

	sentence(text) {
		return $(`<p class="text-muted mt-4">${this.text(text)}</p>`);
	}

	name(table) {
		return this.text(table.replace(/^tab/, ""));
	}

	number(value) {
		return format_number(value, null, 0);
	}

	size(bytes) {
		const power = Math.min(Math.floor(Math.log2(bytes || 1) / 10), 3);
		const unit = ["B", "kB", "MB", "GB"][power];
		return `${format_number(bytes / 1024 ** power, null, 1)} ${unit}`;
	}

	text(value) {
		return frappe.utils.escape_html(value);
	}
};
