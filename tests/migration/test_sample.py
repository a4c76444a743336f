"""The legacy database to rehearse with: ever the same, with every trap, and its control totals are true."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

import MySQLdb
import pytest

from gigafibre_utils.embedded.mariadb import MariadbServer
from gigafibre_utils.errors import InvalidInput
from gigafibre_utils.migration.legacy import Legacy
from gigafibre_utils.migration.sample import FEWEST, TRAPS, ControlTotals, write
from gigafibre_utils.migration.sample.database import statements
from gigafibre_utils.migration.sample.totals import NAMED

Ask = Callable[[str], list[tuple]]

EVENING = "TIME(FROM_UNIXTIME({0})) BETWEEN '00:00:00' AND '05:00:00'"
ROLLED_INTO_A_YEAR = "FROM_UNIXTIME({0}) LIKE '%-01-01 00:00:00'"
ALLOCATED = "SELECT COALESCE(SUM(a.amount), 0) FROM payment_invoice a WHERE a.payment_id = r.id"
COUNTERPART = "SELECT 1 FROM payment c WHERE c.reversal_of = r.id AND c.amount = -r.amount"
TAKEN_BACK = (
	"SELECT 1 FROM payment c JOIN payment_invoice a ON a.payment_id = c.id WHERE c.reversal_of = r.id"
)

# What is true of the row `r` in which a trap lies.
PROBES = {
	"customer.account_no_twice": "EXISTS (SELECT 1 FROM customer o "
	"WHERE o.account_no = r.account_no AND o.id <> r.id)",
	"customer.closed_with_a_balance": "status = 'closed' AND closed_at > 0 AND "
	"EXISTS (SELECT 1 FROM invoice i WHERE i.customer_id = r.id AND i.balance > 0)",
	"customer.company_and_person": "company <> '' AND last_name <> ''",
	"customer.control_characters": "INSTR(last_name, 0x00) AND INSTR(notes, 0x00) "
	"AND city REGEXP '[[:cntrl:]]'",
	"customer.created_at_second_zero": "created_at = 0",
	"customer.created_in_1970": "YEAR(FROM_UNIXTIME(created_at)) = 1970",
	"customer.encoded_twice": "INSTR(last_name, 0xC383)",
	"customer.no_name": "CONCAT(company, first_name, last_name) = ''",
	"customer.not_a_phone": "phone_home NOT REGEXP '555.*01[0-9]{2}'",
	"customer.not_an_email": "email NOT REGEXP '[a-z0-9]@[a-z]+[.]'",
	"customer.phone_in_one_of_ten_notations": "phone_home REGEXP '555.*01[0-9]{2}'",
	"customer.several_emails": "email REGEXP '@.*[;,].*@'",
	"customer.trailing_blanks": "city LIKE '% '",
	"customer.true_latin1": "first_name = 0xC96C6FEF7365",
	"customer.utf8_bytes": "first_name = 0xC3896C6FC3AF7365",
	"delivery.control_characters": "INSTR(address1, 0x00)",
	"delivery.created_at_second_zero": "created_at = 0",
	"delivery.customer_gone": "customer_id NOT IN (SELECT id FROM customer)",
	"delivery.trailing_blanks": "address1 LIKE '% '",
	"invoice.balance_wrong": "balance <> total - (SELECT COALESCE(SUM(a.amount), 0) FROM payment_invoice a "
	"JOIN payment p ON p.id = a.payment_id WHERE a.invoice_id = r.id AND p.status = 'ok')",
	"invoice.credit_note_against_another": "total < 0 AND reversal_of IN (SELECT id FROM invoice)",
	"invoice.credit_note_alone": "total < 0 AND reversal_of = 0 AND status = 'open'",
	"invoice.customer_gone": "customer_id NOT IN (SELECT id FROM customer)",
	"invoice.draft": "status = 'draft'",
	"invoice.due_at_second_zero": "due_at = 0",
	"invoice.exempt": "id NOT IN (SELECT invoice_id FROM invoice_tax)",
	"invoice.in_the_evening": EVENING.format("issued_at"),
	"invoice.issued_at_second_zero": "issued_at = 0",
	"invoice.issued_in_1970": "YEAR(FROM_UNIXTIME(issued_at)) = 1970",
	"invoice.issued_in_2106": "issued_at > 4291747200",
	"invoice.notes_with_dirt": "INSTR(notes, 0x00) AND INSTR(notes, 0xE7) AND INSTR(notes, 0xC3A9)",
	"invoice.number_empty": "number = '' AND status <> 'draft'",
	"invoice.number_twice": "EXISTS (SELECT 1 FROM invoice o WHERE o.number = r.number AND o.id <> r.id)",
	"invoice.on_new_years_eve": ROLLED_INTO_A_YEAR.format("issued_at"),
	"invoice.reversal": "status = 'paid' AND total = -(SELECT o.total FROM invoice o "
	"WHERE o.id = r.reversal_of AND o.status = 'reversed')",
	"invoice.total_a_cent_off": "ABS(total - subtotal - "
	"(SELECT COALESCE(SUM(t.amount), 0) FROM invoice_tax t WHERE t.invoice_id = r.id)) BETWEEN 0.01 AND 0.02",
	"invoice.two_lines_of_one_tax": "2 = (SELECT COUNT(*) FROM invoice_tax t "
	"WHERE t.invoice_id = r.id AND t.code = 'TPS')",
	"invoice.void_with_items": "status = 'void' AND id IN (SELECT invoice_id FROM invoice_item)",
	"invoice.without_items": "id NOT IN (SELECT invoice_id FROM invoice_item)",
	"invoice_item.amount_by_no_price": "ABS(amount - ROUND(quantity * unit_price, 2)) > 0.02",
	"invoice_item.control_characters": "INSTR(description, 0x00)",
	"invoice_item.description_of_255": "LENGTH(description) = 255",
	"invoice_item.encoded_twice": "INSTR(description, 0xC383C2A9)",
	"invoice_item.entities": "description LIKE '%&eacute;%'",
	"invoice_item.period_empty": "period_start = 0 AND period_end = 0",
	"invoice_item.period_reversed": "period_end < period_start",
	"invoice_item.product_gone": "product_id NOT IN (SELECT id FROM product) AND product_id <> 0",
	"invoice_item.product_zero": "product_id = 0",
	"invoice_item.quantity_zero": "quantity = 0 AND amount <> 0",
	"invoice_item.service_gone": "service_id NOT IN (SELECT id FROM service) AND service_id <> 0",
	"invoice_item.service_zero": "service_id = 0",
	"invoice_item.trailing_blanks": "description LIKE '% '",
	"invoice_item.utf8_cut_in_a_letter": "RIGHT(description, 1) = 0xC3",
	"invoice_tax.rate_of_7.5": "code = 'TVQ' AND rate = 7.5",
	"invoice_tax.rate_of_8.5": "code = 'TVQ' AND rate = 8.5",
	"invoice_tax.rate_of_9.5": "code = 'TVQ' AND rate = 9.5",
	"payment.allocated_less_than_its_amount": f"amount > ({ALLOCATED})",
	"payment.allocated_more_than_its_amount": f"amount < ({ALLOCATED})",
	"payment.allocated_to_a_void_invoice": "EXISTS (SELECT 1 FROM payment_invoice a JOIN invoice i "
	"ON i.id = a.invoice_id WHERE a.payment_id = r.id AND i.status = 'void')",
	"payment.allocated_to_another_customer": "EXISTS (SELECT 1 FROM payment_invoice a JOIN invoice i "
	"ON i.id = a.invoice_id WHERE a.payment_id = r.id AND i.customer_id <> r.customer_id)",
	"payment.amount_zero": "amount = 0",
	"payment.customer_gone": "customer_id NOT IN (SELECT id FROM customer)",
	"payment.in_the_evening": EVENING.format("paid_at"),
	"payment.not_allocated": "amount > 0 AND id NOT IN (SELECT payment_id FROM payment_invoice)",
	"payment.nsf_alone": f"status = 'nsf' AND NOT EXISTS ({COUNTERPART})",
	"payment.nsf_taken_back": f"status = 'nsf' AND EXISTS ({COUNTERPART}) AND EXISTS ({TAKEN_BACK})",
	"payment.nsf_taken_back_without_allocations": f"status = 'nsf' AND EXISTS ({COUNTERPART}) "
	f"AND NOT EXISTS ({TAKEN_BACK})",
	"payment.on_new_years_eve": ROLLED_INTO_A_YEAR.format("paid_at"),
	"payment.paid_at_second_zero": "paid_at = 0",
	"payment.paid_in_1970": "YEAR(FROM_UNIXTIME(paid_at)) = 1970",
	"payment.paid_in_2106": "paid_at > 4291747200",
	"payment.reference_with_dirt": "INSTR(reference, 0x00)",
	"payment.reversed_alone": f"status = 'reversed' AND NOT EXISTS ({COUNTERPART})",
	"payment.reversed_taken_back": f"status = 'reversed' AND EXISTS ({COUNTERPART}) "
	f"AND EXISTS ({TAKEN_BACK})",
	"payment.reversed_taken_back_without_allocations": f"status = 'reversed' AND EXISTS ({COUNTERPART}) "
	f"AND NOT EXISTS ({TAKEN_BACK})",
	"payment.without_method": "method = ''",
	"payment_arrangement_due.due_on_a_zero_date": "due_date = 0",
	"payment_arrangement_due.invoice_zero": "invoice_id = 0",
	"payment_arrangement_due.more_than_is_owed": "(SELECT SUM(d.amount) FROM payment_arrangement_due d "
	"WHERE d.arrangement_id = r.arrangement_id) >= (SELECT MAX(i.total) + 5 FROM payment_arrangement_due d "
	"JOIN invoice i ON i.id = d.invoice_id WHERE d.arrangement_id = r.arrangement_id)",
	"payment_arrangement_due.paid_but_not_told": "payment_id = 0 AND EXISTS (SELECT 1 "
	"FROM payment_invoice a JOIN payment_arrangement_due d ON d.invoice_id = a.invoice_id "
	"WHERE d.arrangement_id = r.arrangement_id)",
	"product.control_characters": "INSTR(sku, 0x00)",
	"product.entities": "name_fr LIKE '%&eacute;%'",
	"product.sku_empty": "sku = ''",
	"product.sku_twice": "EXISTS (SELECT 1 FROM product o WHERE o.sku = r.sku AND o.id <> r.id)",
	"product.trailing_blanks": "sku LIKE '% '",
	"product.untranslated": "name_en = ''",
	"product.without_category": "category = ''",
	"service.bill_to_another_name": "status = 'active' AND INSTR(bill_to_name, 'inc.') AND bill_to_name <> "
	"(SELECT c.company FROM delivery d JOIN customer c ON c.id = d.customer_id WHERE d.id = r.delivery_id)",
	"service.bill_to_name_with_dirt": "INSTR(bill_to_name, 0x00)",
	"service.delivery_gone": "delivery_id NOT IN (SELECT id FROM delivery)",
	"service.end_before_start": "end_date < start_date AND end_date <> 0",
	"service.start_is_a_zero_date": "start_date = 0",
	"ticket.control_characters": "INSTR(subject, 0x00) AND subject LIKE '% '",
	"ticket.customer_gone": "customer_id <> 0 AND customer_id NOT IN (SELECT id FROM customer)",
	"ticket.customer_zero": "customer_id = 0",
	"ticket.entities": "subject LIKE '%&eacute;%'",
	"ticket.opened_at_second_zero": "opened_at = 0",
	"ticket.opened_in_1970": "YEAR(FROM_UNIXTIME(opened_at)) = 1970",
	"ticket.opened_in_2106": "opened_at > 4291747200",
	"ticket_message.control_characters": "INSTR(body, 0x00)",
	"ticket_message.emoji": "INSTR(body, 0xF09F9880)",
	"ticket_message.event_handler": "body LIKE '%onerror=%'",
	"ticket_message.javascript_link": "body LIKE '%\"javascript:%'",
	"ticket_message.megabyte": "LENGTH(body) >= 1048576",
	"ticket_message.script": "body LIKE '%<script>%'",
	"ticket_message.sent_at_second_zero": "sent_at = 0",
	"ticket_message.trailing_blanks": "author LIKE '% '",
}


def asking(url: str) -> Ask:
	parts = urlsplit(url)
	connection = MySQLdb.connect(
		unix_socket=parse_qs(parts.query)["unix_socket"][0],
		user=parts.username,
		password=unquote(parts.password),
		database=parts.path.lstrip("/"),
		charset="latin1",
	)

	def ask(query: str) -> list[tuple]:
		with connection.cursor() as cursor:
			cursor.execute("SET SESSION time_zone = '+00:00', sql_mode = ''")
			cursor.execute(query)
			return list(cursor.fetchall())

	ask.close = connection.close
	return ask


@pytest.fixture(scope="module")
def made(mariadb: MariadbServer) -> tuple[str, ControlTotals]:
	url = mariadb.new_database("smallest")
	return url, write(url, FEWEST)


@pytest.fixture(scope="module")
def totals(made: tuple[str, ControlTotals]) -> ControlTotals:
	return made[1]


@pytest.fixture(scope="module")
def ask(made: tuple[str, ControlTotals]) -> Iterator[Ask]:
	ask = asking(made[0])
	yield ask
	ask.close()


def checksums(ask: Ask) -> dict[str, int]:
	return dict(ask(f"CHECKSUM TABLE {', '.join(statements())} EXTENDED"))


def test_the_migration_takes_it_for_a_legacy_database(made: tuple[str, ControlTotals]):
	Legacy(made[0]).check()


def test_the_same_number_and_seed_give_the_same_bytes(
	mariadb: MariadbServer, ask: Ask, totals: ControlTotals
):
	again, other = mariadb.new_database("again"), mariadb.new_database("other")
	assert write(again, FEWEST) == totals
	assert write(other, FEWEST, seed=2) != totals
	here = {name.partition(".")[2]: checksum for name, checksum in checksums(ask).items()}
	there = {name.partition(".")[2]: checksum for name, checksum in checksums(asking(again)).items()}
	elsewhere = {name.partition(".")[2]: checksum for name, checksum in checksums(asking(other)).items()}
	assert here == there
	assert here["invoice"] and here["invoice"] != elsewhere["invoice"]


def test_every_trap_has_a_probe_and_none_was_left_out(totals: ControlTotals):
	declared = {trap.name for traps in TRAPS.values() for trap in traps}
	assert declared <= set(totals.laid)
	assert set(totals.laid) == set(PROBES)
	once = {name for name, times in totals.laid.items() if times < 2 and not name.startswith("product.")}
	assert once <= {"invoice_tax.rate_of_7.5"}


@pytest.mark.parametrize("name", PROBES)
def test_the_trap_lies_where_it_is_told(ask: Ask, totals: ControlTotals, name: str):
	table = name.partition(".")[0]
	found = {id for (id,) in ask(f"SELECT r.id FROM {table} r WHERE {PROBES[name]}")}
	assert totals.traps[name]
	assert set(totals.traps[name]) <= found
	assert len(totals.traps[name]) == min(totals.laid[name], NAMED)
	assert len(found) >= totals.laid[name]


def test_the_counts_are_those_of_the_tables(ask: Ask, totals: ControlTotals):
	tables = list(statements())
	assert len(tables) == 14
	assert totals.counts == {table: ask(f"SELECT COUNT(*) FROM {table}")[0][0] for table in tables}


def test_volumes_are_in_the_proportions_of_the_real_database(totals: ControlTotals):
	real = {
		**{"service": 21_000, "invoice": 115_000, "invoice_item": 1_600_000, "ticket": 242_000},
		**{"ticket_message": 700_000, "payment": 108_000, "invoice_tax": 228_000},
	}
	shares = {table: totals.counts[table] * 6_667 / (rows * FEWEST) for table, rows in real.items()}
	assert {table: share for table, share in shares.items() if not 0.9 < share < 1.12} == {}


def year_of(second: int) -> str:
	year = datetime.fromtimestamp(second, ZoneInfo("America/Toronto")).year
	return str(year) if second and 2000 <= year <= 2028 else "undated"


def test_the_totals_are_those_that_sql_sums_up(ask: Ask, totals: ControlTotals):
	billed: dict[str, Counter] = defaultdict(Counter)
	paid: dict[str, Counter] = defaultdict(Counter)
	taxes: dict[str, Counter] = defaultdict(Counter)
	counts = "status IN ('open', 'paid', 'reversed')"
	for customer, second, total in ask(f"SELECT customer_id, issued_at, total FROM invoice WHERE {counts}"):
		billed["year"][year_of(second)] += total
		billed["customer"][customer] += total
	for customer, second, code, amount in ask(
		"SELECT i.customer_id, i.issued_at, t.code, t.amount FROM invoice_tax t "
		f"JOIN invoice i ON i.id = t.invoice_id WHERE {counts}"
	):
		taxes["year"][year_of(second), code] += amount
		taxes["customer"][customer, code] += amount
	for customer, second, amount in ask(
		"SELECT customer_id, paid_at, amount FROM payment r WHERE amount <> 0 AND "
		"(status = 'ok' OR EXISTS (SELECT 1 FROM payment c WHERE c.reversal_of = r.id))"
	):
		paid["year"][year_of(second)] += amount
		paid["customer"][customer] += amount
	for key, told in (("year", totals.by_year), ("customer", totals.by_customer)):
		assert {of: sums.billed for of, sums in told.items() if sums.billed} == +billed[key] | _negative(
			billed[key]
		)
		assert {of: sums.paid for of, sums in told.items() if sums.paid} == +paid[key] | _negative(paid[key])
		assert {(of, code): tax for of, sums in told.items() for code, tax in sums.taxes.items()} == taxes[
			key
		]
	assert totals.all.billed == sum(billed["year"].values())
	assert totals.all.paid == sum(paid["year"].values())
	assert totals.all.taxes == {
		code: sum(amount for (_, of), amount in taxes["year"].items() if of == code)
		for code in ("TPS", "TVQ")
	}
	assert totals.all.owed == totals.all.billed - totals.all.paid > 0
	apart = dict(ask("SELECT status, SUM(total) FROM invoice WHERE status IN ('void', 'draft') GROUP BY 1"))
	assert totals.apart == apart


def _negative(sums: Counter) -> dict:
	return {of: amount for of, amount in sums.items() if amount < 0}


def test_an_ordinary_invoice_is_the_sum_of_its_lines_and_its_balance_what_is_not_paid(
	ask: Ask, totals: ControlTotals
):
	odd = set().union(*(ids for name, ids in totals.traps.items() if name.startswith("invoice.")))
	lines = dict(ask("SELECT invoice_id, SUM(amount) FROM invoice_item GROUP BY 1"))
	taxes = dict(ask("SELECT invoice_id, SUM(amount) FROM invoice_tax GROUP BY 1"))
	ordinary = 0
	for id, subtotal, total, balance, status in ask(
		"SELECT id, subtotal, total, balance, status FROM invoice"
	):
		if id in odd:
			continue
		ordinary += 1
		assert subtotal == lines[id]
		assert total == subtotal + taxes.get(id, 0)
		if status in ("open", "paid") and total > 0:
			assert (balance > 0) == (status == "open")
	assert ordinary > 500


def test_most_is_paid_some_late_some_in_part_some_never(ask: Ask):
	paid, part, never = ask(
		"SELECT SUM(status = 'paid'), SUM(status = 'open' AND balance < total), "
		"SUM(status = 'open' AND balance = total) "
		"FROM invoice WHERE total > 0 AND issued_at < UNIX_TIMESTAMP('2026-07-01')"
	)[0]
	assert paid > 20 * (part + never) / 3
	assert part > 0 and never > 0


def test_the_file_of_totals_has_every_amount_to_the_cent(totals: ControlTotals):
	told = json.loads(totals.as_json())
	assert Decimal(told["all"]["billed"]) == totals.all.billed
	assert {year: Decimal(sums["paid"]) for year, sums in told["by_year"].items()} == {
		year: sums.paid for year, sums in totals.by_year.items()
	}
	assert set(told["by_customer"]) == {str(id) for id in totals.by_customer}


def test_progress_is_told_of_every_table(mariadb: MariadbServer):
	told: dict[str, int] = {}
	totals = write(mariadb.new_database("watched"), FEWEST, progress=told.__setitem__)
	assert told == totals.counts


def test_nothing_is_made_beside_a_table_that_holds_rows(mariadb: MariadbServer):
	url = mariadb.new_database("half")
	connection = Legacy(url).connect()
	with connection.cursor() as cursor:
		cursor.execute("CREATE TABLE ticket (id INT)")
		cursor.execute("INSERT INTO ticket VALUES (1)")
		connection.commit()
		with pytest.raises(InvalidInput, match="ticket holds rows already"):
			write(url, FEWEST)
		cursor.execute("SHOW TABLES")
		assert len(cursor.fetchall()) == 1
	connection.close()


def test_a_database_that_holds_rows_is_refused_and_left_alone(made: tuple[str, ControlTotals], ask: Ask):
	before = checksums(ask)
	with pytest.raises(InvalidInput, match="customer holds rows already"):
		write(made[0], FEWEST)
	assert checksums(ask) == before


def test_tables_that_are_empty_are_filled(mariadb: MariadbServer):
	url = mariadb.new_database("empty_tables")
	ask = asking(url)
	for statement in statements().values():
		ask(statement)
	assert write(url, FEWEST).counts["customer"] == FEWEST
	ask.close()


def test_too_few_customers_for_every_trap_are_refused(mariadb: MariadbServer):
	with pytest.raises(InvalidInput, match="40 customers at least"):
		write(mariadb.new_database("too_few"), FEWEST - 1)
