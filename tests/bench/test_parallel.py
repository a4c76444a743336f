"""What many do at once is done: submits, payments, arrangements, logins and webhooks."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal

import psycopg2
import pytest
import requests

from tests.acceptance.site import Client, Site, sentence
from tests.patience import PATIENCE

AT_ONCE = 12
ITEM = "FIBRE-500"


def made(client: Client, doctype: str, values: dict) -> dict:
	answer = client.post(f"{client.url}/api/resource/{doctype}", json=values, timeout=120)
	assert answer.status_code == 200, answer.text[-2000:]
	return answer.json()["data"]


def submit(client: Client, doctype: str, name: str) -> requests.Response:
	return client.put(f"{client.url}/api/resource/{doctype}/{name}", json={"docstatus": 1}, timeout=120)


def at_once(work, items: list) -> list:
	with ThreadPoolExecutor(AT_ONCE) as pool:
		return list(pool.map(work, items))


def refusals(answers: list[requests.Response]) -> list[str]:
	return [answer.text[-600:] for answer in answers if answer.status_code != 200]


@pytest.fixture
def drafts(bench: Site) -> list[str]:
	"""Draft invoices of one customer, whose series, company and ledger all of them touch."""
	like = bench.invoice("unpaid")
	(line,) = bench.sql(
		'SELECT item_code, rate FROM "tabSales Invoice Item" WHERE parent = %s ORDER BY idx LIMIT 1',
		like["name"],
	)
	today = datetime.now(UTC).date().isoformat()
	values = {
		"customer": like["customer"],
		"company": like["company"],
		"due_date": like["due_date"].isoformat() if like["due_date"].isoformat() > today else today,
		"items": [{"item_code": line["item_code"], "qty": 1, "rate": float(line["rate"])}],
	}
	return [made(bench.accountant, "Sales Invoice", values)["name"] for _ in range(AT_ONCE)]


def test_invoices_submitted_at_once_are_all_submitted(bench: Site, drafts: list[str]):
	assert refusals(at_once(lambda name: submit(bench.accountant, "Sales Invoice", name), drafts)) == []
	posted = bench.sql(
		'SELECT voucher_no, sum(debit) - sum(credit) AS difference FROM "tabGL Entry"'
		" WHERE voucher_no = ANY(%s) GROUP BY voucher_no",
		drafts,
	)
	assert {row["voucher_no"]: row["difference"] for row in posted} == dict.fromkeys(drafts, Decimal(0))


def test_payments_submitted_at_once_are_all_submitted(bench: Site, drafts: list[str]):
	for name in drafts:
		assert submit(bench.accountant, "Sales Invoice", name).status_code == 200
	entries = []
	for name in drafts:
		answer = bench.accountant.post(
			f"{bench.url}/api/method/erpnext.accounts.doctype.payment_entry.payment_entry.get_payment_entry",
			json={"dt": "Sales Invoice", "dn": name},
			timeout=60,
		)
		assert answer.status_code == 200, answer.text[-2000:]
		entry = answer.json()["message"] | {"reference_no": name, "reference_date": "2026-11-01"}
		entries.append(made(bench.accountant, "Payment Entry", entry)["name"])
	assert refusals(at_once(lambda name: submit(bench.accountant, "Payment Entry", name), entries)) == []
	assert [bench.outstanding(name) for name in drafts] == [0] * AT_ONCE


def test_of_two_arrangements_about_one_invoice_saved_at_once_one_is_refused(
	bench: Site, administrator: Client
):
	invoice, customer = bench.fresh("unpaid"), f"Of two arrangements {secrets.token_hex(4)}"
	made(administrator, "Customer", {"customer_name": customer, "customer_type": "Individual"})
	bench.sql('UPDATE "tabSales Invoice" SET customer = %s WHERE name = %s', customer, invoice)
	values = {"customer": customer, "company": bench.invoice("unpaid")["company"], "status": "Cancelled"}
	values["instalments"] = [{"amount": 5, "invoice": invoice}]
	# Two new ones would wait for each other's name already.
	names = [made(bench.accountant, "Payment Arrangement", values)["name"] for _ in range(2)]

	def activate(name: str) -> requests.Response:
		url = f"{bench.url}/api/resource/Payment Arrangement/{name}"
		return bench.accountant.put(url, json={"status": "Active"}, timeout=PATIENCE)

	held = psycopg2.connect(bench.database_url)
	held.cursor().execute('SELECT FROM "tabCustomer" WHERE name = %s FOR UPDATE', (customer,))
	waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE %s"
	with ThreadPoolExecutor(2) as pool:
		saves = [pool.submit(activate, name) for name in names]
		try:
			bench.until(
				lambda: (
					any(save.done() for save in saves)
					or len(bench.sql(waiting, '%"tabCustomer"%FOR UPDATE%')) == 2
				),
				bool,
			)
		finally:
			held.close()
	answers = {name: save.result() for name, save in zip(names, saves, strict=True)}
	assert sorted(answer.status_code for answer in answers.values()) == [200, 417]
	active, refused = sorted(names, key=lambda name: answers[name].status_code)
	assert f"{active} is active and about the same invoices" in sentence(answers[refused])


def test_one_user_can_sign_in_from_many_places_at_once(bench: Site):
	user, password = bench.staff

	def sign_in(_: int) -> requests.Response:
		return bench.guest().post(
			f"{bench.url}/api/method/login", data={"usr": user, "pwd": password}, timeout=60
		)

	assert refusals(at_once(sign_in, list(range(AT_ONCE)))) == []
