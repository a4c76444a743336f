"""Legacy rows that nobody expects."""

from typing import Any

from tests.migration.by_hand import seconds

MARCH = seconds(2019, 3, 5, 12)
CUSTOMERS = [
	{"id": 1, "company": "Un", "created_at": MARCH},
	{"id": 12345678, "first_name": "Grand", "created_at": MARCH, "status": "Closed"},
	{"id": 123456789, "first_name": "Plus grand", "created_at": MARCH},
]
PRODUCTS = [
	{"id": 0, "sku": "ZERO", "name_fr": "Rien"},
	{"id": 1, "sku": "NET", "name_fr": "Fibre", "category": "Internet", "billing": "Monthly"},
	{"id": 2, "sku": "TEL", "name_fr": "Téléphone", "category": "PHONE"},
	{"id": 3, "sku": "TEL2", "name_fr": "Téléphone", "category": "phone"},
]


def invoice(id_: int, customer: int = 1, total: str = "100.00", **row: Any) -> dict[str, Any]:
	amounts = {"subtotal": total, "total": total}
	return {"id": id_, "customer_id": customer, "number": id_, "issued_at": MARCH, **amounts, **row}


def item(id_: int, bill: int, amount: str = "100.00", **row: Any) -> dict[str, Any]:
	return {"id": id_, "invoice_id": bill, "product_id": 1, "unit_price": amount, "amount": amount, **row}


def payment(id_: int, customer: int = 1, amount: str = "100.00", **row: Any) -> dict[str, Any]:
	return {"id": id_, "customer_id": customer, "paid_at": MARCH, "amount": amount, "method": "card", **row}


ROWS: dict[str, list[dict[str, Any]]] = {
	"customer": CUSTOMERS,
	"product": PRODUCTS,
	"delivery": [{"id": 12345678, "customer_id": 1, "name": "Chalet"}],
	"service": [
		{
			"id": 12345678,
			"delivery_id": 12345678,
			"product_id": 1,
			"status": "Active",
			"start_date": "2019-02-30",
		}
	],
	"invoice": [
		invoice(1, status="Open"),
		invoice(2, status="VOID"),
		invoice(3, status="Draft"),
		invoice(4, status="en litige"),
		invoice(5, notes=b"l'\xe9t\xe9 \xc3\xa9\x0bavec &copy &ltune\xe2\x80\xa8suite"),
		invoice(12345678, 12345678),
		invoice(123456789, 123456789),
	],
	"invoice_item": [
		*(item(id_, id_) for id_ in (1, 2, 3, 4, 12345678, 123456789)),
		item(5, 5, "87.51", product_id=0, period_start="2019-02-30", period_end="2019-03-30"),
	],
	"invoice_tax": [
		{"id": 1, "invoice_id": 5, "code": "tps", "rate": "5.0000", "amount": "4.17"},
		{"id": 2, "invoice_id": 5, "code": "TVQ", "rate": "9.9750", "amount": "8.33"},
		{"id": 3, "invoice_id": 5, "code": "tvq", "rate": "9.9750", "amount": "-0.01"},
		{"id": 4, "invoice_id": 2, "code": "Tps", "rate": "5.0000", "amount": "5.00"},
	],
	"payment": [
		payment(1),
		payment(2, method="Card"),
		payment(3, method="chèque"),
		payment(4, method="CHEQUE "),
		payment(5, status="NSF"),
		payment(6, status="perdu"),
		payment(12345678, 12345678),
		# A reversal of a reversal, one of itself, two of each other.
		payment(20, status="reversed"),
		payment(21, amount="-100.00", status="reversed", reversal_of=20),
		payment(22, reversal_of=21),
		payment(23, amount="-50.00", reversal_of=23),
		payment(24, amount="-20.00", reversal_of=25),
		payment(25, amount="-20.00", reversal_of=24),
	],
	"payment_invoice": [
		{"id": 1, "payment_id": 12345678, "invoice_id": 12345678, "amount": "100.00"},
		{"id": 2, "payment_id": 1, "invoice_id": 1, "amount": "0.00"},
	],
	"ticket": [
		{"id": 12345678, "customer_id": 12345678, "subject": "Panne", "opened_at": MARCH, "status": "Closed"},
		{"id": 2, "customer_id": 1, "subject": "Lent", "opened_at": MARCH, "status": "résolu"},
	],
	"ticket_message": [{"id": 12345678, "ticket_id": 12345678, "body": "Bonjour", "sent_at": MARCH}],
}
