// The report of a run: a page made by the migration, shown where none of it can run or reach out.

frappe.ui.form.on("Migration Run", {
	refresh(frm) {
		if (frm.doc.error) frm.set_intro(frappe.utils.escape_html(frm.doc.error), "red");
		show_report(frm);
		if (!frm.doc.report) return;
		frm.add_custom_button(__("Download Report"), () => download_report(frm.doc));
	},
});

function show_report(frm) {
	const { $wrapper } = frm.get_field("report_html");
	$wrapper.empty();
	if (!frm.doc.report) return;
	const frame = document.createElement("iframe");
	frame.setAttribute("sandbox", "");
	frame.title = __("Report");
	frame.srcdoc = frm.doc.report;
	$(frame).css({ width: "100%", height: "70vh", border: 0 }).appendTo($wrapper);
}

function download_report({ name, report }) {
	const link = document.createElement("a");
	link.href = URL.createObjectURL(new Blob([report], { type: "text/html" }));
	link.download = `${name}.html`;
	link.click();
	URL.revokeObjectURL(link.href);
}
