"""Budgets and assets on PostgreSQL."""

from types import ModuleType

from tests.bench.inside import documents
from tests.bench.inside.conftest import Without


def requested(frappe: ModuleType) -> None:
	"""Material requested at two rates, one line ordered in part."""
	frappe.db.sql(
		'INSERT INTO "tabMaterial Request" (name, company, docstatus, material_request_type, status,'
		" transaction_date, schedule_date)"
		" VALUES ('TEST-MR', %s, 1, 'Purchase', 'Pending', '2026-05-05', '2026-05-05')",
		documents.COMPANY,
	)
	for number, (qty, done, rate) in enumerate(((10, 4, 2), (3, 0, 5))):
		frappe.db.sql(
			'INSERT INTO "tabMaterial Request Item" (name, parent, item_code, stock_qty, ordered_qty, rate,'
			" expense_account, cost_center, docstatus, schedule_date)"
			" VALUES (%s, 'TEST-MR', 'TEST-ITEM', %s, %s, %s, 'EXPENSE', 'CENTER', 1, '2026-05-05')",
			(f"test-{number}", qty, done, rate),
		)


def test_a_budget_counts_each_request_at_its_own_rate(frappe: ModuleType, refused_without: Without):
	from erpnext.controllers.budget_controller import BudgetValidation

	requested(frappe)
	key = ("cost_center", "CENTER", "EXPENSE")
	validation = BudgetValidation.__new__(BudgetValidation)
	validation.company, validation.document_type = documents.COMPANY, "Purchase Invoice"
	validation.fy_start_date, validation.fy_end_date = "2026-01-01", "2026-12-31"
	validation.to_validate = {key: frappe._dict()}
	with refused_without("erpnext.controllers.budget_controller:BudgetValidation.get_requested_amount"):
		validation.get_requested_amount(key)
	validation.get_requested_amount(key)
	assert validation.to_validate[key].requested_amount == 6 * 2 + 3 * 5


def test_a_budget_of_an_item_counts_each_request_at_its_own_rate(
	frappe: ModuleType, refused_without: Without
):
	from erpnext.accounts.doctype.budget.budget import get_requested_amount

	requested(frappe)
	asked = frappe._dict(
		item_code="TEST-ITEM", expense_account="EXPENSE", from_fiscal_year="2026", to_fiscal_year="2026"
	)
	with refused_without("erpnext.accounts.doctype.budget.budget:get_requested_amount"):
		get_requested_amount(asked)
	assert get_requested_amount(asked) == 6 * 2 + 3 * 5


def test_assets_to_depreciate_are_found_with_their_rows(frappe: ModuleType, refused_without: Without):
	from erpnext.assets.doctype.asset.depreciation import get_depreciable_assets_data

	frappe.db.sql(
		'INSERT INTO "tabAsset" (name, calculate_depreciation, docstatus, status, company)'
		" VALUES ('TEST-A', 1, 1, 'Submitted', %s)",
		documents.COMPANY,
	)
	frappe.db.sql(
		'INSERT INTO "tabAsset Depreciation Schedule" (name, asset, docstatus)'
		" VALUES ('TEST-S', 'TEST-A', 1)"
	)
	for number, day in ((1, "2026-01-31"), (2, "2026-02-28"), (3, "2027-01-31")):
		frappe.db.sql(
			'INSERT INTO "tabDepreciation Schedule" (name, parent, idx, schedule_date)'
			" VALUES (%s, 'TEST-S', %s, %s)",
			(f"test-{number}", number, day),
		)
	with refused_without("erpnext.assets.doctype.asset.depreciation:get_depreciable_assets_data"):
		get_depreciable_assets_data("2026-12-31")
	assert ("TEST-S", "TEST-A", 0, 2) in get_depreciable_assets_data("2026-12-31")
