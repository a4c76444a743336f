"""Payments of an acquired company: how its file is read, what its lines become, what is refused and why."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigafibre_utils.errors import InvalidInput
from gigafibre_utils.migration import acquired
from gigafibre_utils.migration.acquired import Imported, Line, amount, read
from gigafibre_utils.migration.books import Missing, Resolved
from gigafibre_utils.migration.chart import make_fiscal_year
from tests.migration.by_hand import BOOKS, Migrated, Sites
from tests.migration.one_step import run, undone

HEADER = "date,account number,amount,method,reference"
MODES = {
	"": ("Not Stated", "Bank - T"),
	"card": ("Credit Card", "Bank - T"),
	"cash": ("Cash", "Cash - T"),
	"other": ("Not Stated", "Bank - T"),
}
SITE = """
	INSERT INTO public."tabCustomer" (name, customer_name, account_number) VALUES
		('CUST-0000001', 'Ève Roy', 'A-100'), ('CUST-0000002', 'Ferme Roy', 'A-200'),
		('CUST-0000003', 'Ferme Roy 2', 'A-200'), ('CUST-0000004', 'Sans compte', NULL),
		('CUST-0000005', 'Sans compte', '');
	INSERT INTO public."tabAccount" (name, account_type) VALUES ('Bank - T', 'Bank'), ('Cash - T', 'Cash');
	INSERT INTO public."tabFiscal Year" (name, year, year_start_date, year_end_date, disabled)
	SELECT year, year, make_date(year, 1, 1), make_date(year, 12, 31), 0
	FROM generate_series(2020, 2027) AS year;
"""


@pytest.fixture
def fresh(databases: Sites) -> Iterator[Migrated]:
	with databases.site() as found:
		found.run(SITE)
		yield found


@pytest.fixture
def path(tmp_path: Path) -> Path:
	return tmp_path / "paiements.csv"


def write(path: Path, *lines: str, header: str = HEADER, encoding: str = "utf-8") -> Path:
	path.write_bytes("\r\n".join([header, *lines, ""]).encode(encoding))
	return path


def imported(site: Migrated, path: Path, *missing: Missing) -> tuple[Imported, list[tuple]]:
	return run(site, acquired.import_payments, read(path), Resolved(BOOKS, mode=MODES, missing=[*missing]))


def reasons(findings: list[tuple]) -> dict[int, str]:
	return {line: reason for _, _, line, reason in findings}


def only(path: Path) -> Line:
	(line,) = read(path)
	return line


def test_a_line_is_a_payment_of_its_customer_that_pays_no_invoice(fresh: Migrated, path: Path):
	write(path, '2024-01-31,A-100,"1,234.56",Credit card,CH-9')
	assert imported(fresh, path) == (Imported(lines=1, made=1, known=0, rejected=0), [])
	(payment,) = fresh.rows('SELECT * FROM "tabPayment Entry"')
	assert payment["name"] == only(path).name
	told = {
		"docstatus": 1,
		"status": "Submitted",
		"payment_type": "Receive",
		"posting_date": date(2024, 1, 31),
		"creation": datetime(2024, 1, 31),
		"party": "CUST-0000001",
		"party_name": "Ève Roy",
		"mode_of_payment": "Credit Card",
		"paid_from": "Debtors - T",
		"paid_to": "Bank - T",
		"paid_to_account_type": "Bank",
		"reference_no": "CH-9",
		"paid_amount": Decimal("1234.56"),
		"base_received_amount": Decimal("1234.56"),
		"unallocated_amount": Decimal("1234.56"),
		"total_allocated_amount": 0,
		"difference_amount": 0,
		"legacy_id": None,
	}
	assert {field: payment[field] for field in told} == told
	assert fresh.rows('SELECT * FROM "tabPayment Entry Reference"') == []


def test_the_books_balance_and_the_credit_stands_against_the_payment_itself(fresh: Migrated, path: Path):
	write(path, "2024-01-31,A-100,50.00,cash,1")
	imported(fresh, path)
	name = only(path).name
	lines = fresh.rows('SELECT * FROM "tabGL Entry" ORDER BY name')
	assert [
		(
			line["account"],
			line["party"],
			line["against_voucher"],
			line["debit"],
			line["credit"],
			line["fiscal_year"],
		)
		for line in lines
	] == [
		("Debtors - T", "CUST-0000001", name, 0, 50, "2024"),
		("Cash - T", None, None, 50, 0, "2024"),
	]
	(entry,) = fresh.rows('SELECT * FROM "tabPayment Ledger Entry"')
	assert (entry["voucher_no"], entry["against_voucher_no"], entry["amount"], entry["delinked"]) == (
		name,
		name,
		-50,
		0,
	)


def test_the_same_file_twice_changes_nothing(fresh: Migrated, path: Path):
	write(path, "2024-01-31,A-100,50,cash,1", "2024-01-31,A-100,50,cash,1")
	imported(fresh, path)
	before = fresh.checksum()
	assert imported(fresh, path) == (Imported(lines=2, made=0, known=2, rejected=0), [])
	assert fresh.checksum() == before


def test_a_line_that_another_file_told_already_is_not_brought_again(fresh: Migrated, path: Path):
	imported(fresh, write(path, "2024-01-31,A-100,50.00,cash,1"))
	header = "Référence;Mode;Montant;Numéro de compte;Date"
	write(
		path,
		'1;Cash;"50,00 $";A-100;31/01/2024',
		"2;cash;60,00;A-100;31/01/2024",
		header=header,
		encoding="cp1252",
	)
	assert imported(fresh, path)[0] == Imported(lines=2, made=1, known=1, rejected=0)


def test_lines_that_say_the_same_are_payments_of_their_own_and_told(fresh: Migrated, path: Path):
	write(
		path, "2024-01-31,A-100,50.00,cash,1", "2024-02-01,A-100,50.00,cash,1", "31/01/2024,A-100,$50,CASH,1"
	)
	counts, findings = imported(fresh, path)
	assert counts.made == 3
	assert findings == [("Repaired", "expro", 4, "repeated")]


def test_what_cannot_be_brought_over_is_told_line_by_line(fresh: Migrated, path: Path):
	write(
		path,
		"2024-01-31,A-300,50.00,cash,unknown account",
		"2024-01-31,,50.00,cash,no account",
		"2024-01-31,A-200,50.00,cash,two customers",
		"2024-01-31,A-100,beaucoup,cash,no amount",
		"2024-01-31,A-100,-50.00,cash,paid out",
		"2024-01-31,A-100,0.00,cash,nothing",
		"2024-02-30,A-100,50.00,cash,no day",
		"1999-12-31,A-100,50.00,cash,too long ago",
		"2026-11-22,A-100,50.00,cash,tomorrow",
		"03/04/2024,A-100,50.00,cash,April or March",
		"2024-01-31,A-100,1,234.56,cash,not quoted",
		"2024-01-31,A-100,50.00",
		",,,,",
		"",
		"2026-11-21,A-100,50.00,cash,today",
		"2026-11-21,A-100,50.00,Interac,another method",
		"2026-11-21,A-100,50.00,,no method",
	)
	counts, findings = imported(fresh, path)
	assert counts == Imported(lines=15, made=3, known=0, rejected=12)
	assert reasons(findings) == {
		2: "account_unknown",
		3: "account_unknown",
		4: "account_ambiguous",
		5: "amount_unreadable",
		6: "amount_not_positive",
		7: "amount_not_positive",
		8: "date_unreadable",
		9: "date_unreadable",
		10: "date_in_future",
		11: "date_unreadable",
		12: "columns_do_not_match",
		13: "columns_do_not_match",
		17: "method_unknown",
	}
	before = fresh.checksum()
	assert imported(fresh, path)[0] == Imported(lines=15, made=0, known=3, rejected=12)
	assert fresh.checksum() == before


def test_a_refused_line_is_shown_as_it_was_written(fresh: Migrated, path: Path):
	write(path, '2024-01-31,A-100,"1.234",cash,«x»')

	def work(connection) -> list[tuple]:
		acquired.import_payments(connection, read(path), Resolved(BOOKS, mode=MODES))
		with connection.cursor() as cursor:
			cursor.execute(
				"SELECT legacy_id, legacy_row->>'amount', legacy_row->>'reference', detail FROM finding"
			)
			return cursor.fetchall()

	found, _ = run(fresh, work)
	assert found == [(2, "1.234", "«x»", "It is not certain which amount is meant.")]


def test_undo_takes_it_all_away(fresh: Migrated, path: Path):
	write(path, "2024-01-31,A-100,50.00,cash,1", "2019-01-31,A-100,50.00,cash,1")
	before = fresh.checksum()
	imported(
		fresh,
		path,
		Missing(
			"the fiscal year 2019",
			partial(make_fiscal_year, name="2019", first=date(2019, 1, 1), last=date(2019, 12, 31)),
		),
	)
	assert fresh.checksum() != before
	undone(fresh)
	assert fresh.checksum() == before


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize(
	("header", "line"),
	[
		(HEADER, '2024-03-25,A-100,"1,234.50",Chèque,Été 1'),
		("Date;Numéro de compte;Montant;Mode;Référence", "25/03/2024;A-100;1 234,50 $;Chèque;Été 1"),
		("référence;MONTANT;Compte;mode de paiement;x;date", "Été 1;1234,5;A-100;Chèque;y;25-03-2024"),
		("Payment date,Account #,Amount,Payment method,Ref.", "2024-03-25 14:05,A-100,$1234.50,chèque,Été 1"),
	],
)
def test_it_is_read_however_it_was_given_out(header: str, line: str, encoding: str, path: Path):
	found = only(write(path, line, header=header, encoding=encoding))
	assert (found.number, found.reason, found.method) == (2, None, "cheque")
	assert (found.posting_date, found.amount) == (date(2024, 3, 25), Decimal("1234.50"))
	assert (found.written["account"], found.written["reference"]) == ("A-100", "Été 1")
	assert re.fullmatch("EXPRO-[0-9a-f]{12}", found.name)


@pytest.mark.parametrize(
	("written", "meant"),
	[
		("50", "50"),
		("50.5", "50.5"),
		("1234,56", "1234.56"),
		("1 234,56", "1234.56"),
		("1\u00a0234,56\u00a0$", "1234.56"),
		("1\u202f234\u202f567,89", "1234567.89"),
		("1,234.56", "1234.56"),
		("1.234,56", "1234.56"),
		("1,234", "1234"),
		("1'234.50", "1234.50"),
		("$1,234.56 CAD", "1234.56"),
		("$ 12.00", "12.00"),
		("12.00 CAD", "12.00"),
		("CA$12.00", "12.00"),
		("-12.00", "-12.00"),
		("12,00-", "-12.00"),
		("(12.00)", "-12.00"),
		("($12.00)", "-12.00"),
		("\u221212,00 $", "-12.00"),
		("0", "0"),
		("", None),
		("$", None),
		("1.234", None),
		("1,234,56", None),
		("1 23", None),
		("12.345", None),
		("1e3", None),
		("12.00 USD", None),
		("€12.00", None),
		("NaN", None),
		("12345678901", None),
		("٣", None),
		("5²", None),
		("5$5", None),
		("5 - 3", None),
		("-(5)", None),
	],
)
def test_an_amount_is_what_it_says_or_nothing(written: str, meant: str | None):
	assert amount(written) == (None if meant is None else Decimal(meant))


@given(st.decimals(min_value=0, max_value=9_999_999, places=2))
def test_every_amount_is_read_in_french_and_in_english(value: Decimal):
	english = f"{value:,.2f}"
	french = english.translate(str.maketrans(",.", "\u00a0,"))
	assert amount(english) == amount(f"${english}") == amount(french) == amount(f"{french} $") == value
	assert amount(f"-{english}") == amount(f"({french})") == -value


@given(st.text(max_size=12))
def test_no_text_makes_the_reader_stumble(text: str):
	value = amount(text)
	assert value is None or value.is_finite()


def test_the_unicode_text_of_excel_is_read(path: Path):
	line = '2024-03-25\tA-100\t"1,234.50"\tChèque\tÉté 1'
	found = only(write(path, line, header=HEADER.replace(",", "\t"), encoding="utf-16"))
	assert (found.reason, found.method, found.amount) == (None, "cheque", Decimal("1234.50"))
	assert found.written["reference"] == "Été 1"


def test_an_ambiguous_date_is_read_where_the_file_shows_that_the_day_comes_first(path: Path):
	lines = read(write(path, "03/04/2024,A,1,,", "25/03/2024,A,1,,", "05/05/2024,A,1,,"))
	assert [line.posting_date for line in lines] == [date(2024, 4, 3), date(2024, 3, 25), date(2024, 5, 5)]


@pytest.mark.parametrize("others", [[], ["03/25/2024,A,1,,"], ["25/03/2024,A,1,,", "03/25/2024,A,1,,"]])
def test_an_ambiguous_date_is_refused_where_it_does_not(others: list[str], path: Path):
	first, *_ = read(write(path, "03/04/2024,A,1,,", *others))
	assert (first.reason, first.posting_date) == ("date_unreadable", None)
	assert "Day and month might be either" in first.detail
	assert read(write(path, "05/05/2024,A,1,,", *others))[0].posting_date == date(2024, 5, 5)


def test_a_line_that_fills_several_is_numbered_by_its_first(path: Path):
	lines = read(write(path, '2024-01-31,A,1,,"one\r\ntwo"', "2024-01-31,A,1,,x"))
	assert [(line.number, line.written["reference"]) for line in lines] == [(2, "one two"), (4, "x")]


def test_a_name_does_not_change_from_one_version_to_the_next(path: Path):
	write(path, "2024-01-31,A-100,50,cash,1", "2024-01-31,A-100,50,cash,1")
	assert [line.name for line in read(path)] == ["EXPRO-e417d9409168", "EXPRO-33226d37e19e"]


@pytest.mark.parametrize(
	("content", "told"),
	[
		(b"", "none of the columns date, account, amount, method, reference"),
		(b"date,amount,method,reference\r\n", "has no column account in its first line"),
		(b"2024-01-31,A-100,50.00,cash,1\r\n", "none of the columns date"),
		(b"date,account,amount,method,reference,Montant\r\n", "has several columns for amount in its first"),
		(b"PK\x03\x04\x81", "was it saved as CSV"),
		(b"\xff\xfed", "was it saved as CSV"),
		(HEADER.encode() + b"\r\n2024-01-31,A\x81,1,,", "no text in UTF-8, Windows-1252 or UTF-16"),
		(HEADER.encode() + b'\r\n2024-01-31,A,1,,x\r\n2024-01-31,A,1,,"open', "no proper CSV from line 3 on"),
		(HEADER.encode() + b'\r\n2024-01-31,A,1,,"' + b"x" * 200_000 + b'"', "no proper CSV from line 2 on"),
	],
)
def test_a_file_that_cannot_be_read_is_told_in_one_sentence(content: bytes, told: str, path: Path):
	path.write_bytes(content)
	with pytest.raises(InvalidInput, match=told):
		read(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path):
	with pytest.raises(InvalidInput, match=r"nothing\.csv cannot be read: No such file"):
		read(tmp_path / "nothing.csv")
	with pytest.raises(InvalidInput, match="cannot be read: Is a directory"):
		read(tmp_path)
