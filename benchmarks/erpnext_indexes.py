"""What ERPNext v16's DocTypes ask for by way of indexes, of the tables that an invoice is made of.

An asterisk marks those that a fresh site on PostgreSQL has.
"""

from gigafibre_utils.postgres.indexes import Wish

_ASKED = {
	"Sales Invoice": """
		creation customer debit_to inter_company_invoice_reference* posting_date project return_against
	""",
	"Sales Invoice Item": """
		parent batch_no delivery_note* dn_detail* item_code pos_invoice* project purchase_order
		sales_order* serial_and_batch_bundle so_detail*
	""",
	"Sales Taxes and Charges": "parent account_head*",
	"Payment Schedule": "parent",
	"Sales Invoice Advance": "parent",
	"GL Entry": """
		creation account* against_voucher* company* cost_center* party* party_type* party_type+party*
		posting_date* posting_date+company* to_rename* voucher_detail_no* voucher_no*
		voucher_type+voucher_no*
	""",
	"Payment Ledger Entry": """
		creation account against_voucher_no* against_voucher_no+against_voucher_type*
		against_voucher_type* company party party_type posting_date voucher_detail_no voucher_no
		voucher_no+voucher_type* voucher_type
	""",
}


def asked() -> set[Wish]:
	"""All of them."""
	return {_wish(doctype, word) for doctype, words in _ASKED.items() for word in words.split()}


def of_a_fresh_site() -> set[Wish]:
	"""Those that are there without us."""
	return {
		_wish(doctype, word)
		for doctype, words in _ASKED.items()
		for word in words.split()
		if word.endswith("*")
	}


def _wish(doctype: str, word: str) -> Wish:
	return Wish(f"tab{doctype}", tuple(word.removesuffix("*").split("+")))
