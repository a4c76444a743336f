"""What a settled payment costs in statements, and two hundred events, half of them repeats, at once."""

import json
import secrets
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import requests
import stripe
from rich.console import Console

from gigafibre_utils.embedded.running import WEBHOOK, RunningHost
from gigafibre_utils.embedded.sample_company import DEBTORS, NAME
from gigafibre_utils.embedded.site import EmbeddedSite
from gigafibre_utils.invoice import model
from gigafibre_utils.paylink import links
from gigafibre_utils.paylink.token import Purpose
from gigafibre_utils.payments import checkout, inbox
from gigafibre_utils.site import IncomingPayment

EVENTS, ROUNDS = 100, 30
OWN_ROWS = 4  # Payment Entry, its reference, its GL Entries, its Payment Ledger Entries: a statement each
INVOICE = "Sample: unpaid"


def show(running: RunningHost, console: Console) -> None:
	"""Print statements and milliseconds for one, then what became of all."""
	running.simulator.delivery.lost = True
	statements, settled, floor = _one_by_one(running)
	console.print(
		f"A settled payment: {statements - OWN_ROWS} statements above its own rows (wanted: at most 10); "
		f"{settled:.1f} ms with Stripe's answer, "
		f"{settled / floor:.1f}× posting the bare Payment Entry ({floor:.1f} ms)"
	)
	events = [event for _, event in (_paid_event(running) for _ in range(EVENTS))]
	seconds, answered = _send_twice(running, events)
	with EmbeddedSite(running.host) as site:
		names = [event["id"] for event in events]
		entries = site.get_all(
			"Stripe Event", {"name": ["in", names], "status": "Processed"}, ["payment_entry", "attempts"]
		)
	console.print(
		f"{2 * EVENTS} events at once, half of them repeats: {answered} answered with 200, "
		f"{len({entry['payment_entry'] for entry in entries})} Payment Entries (wanted: {EVENTS}), "
		f"{max(entry['attempts'] for entry in entries)} attempt each, {EVENTS / seconds:.0f} payments/s"
	)


def _one_by_one(running: RunningHost) -> tuple[int, float, float]:
	settled, floor, statements = [], [], 0
	for _ in range(ROUNDS):
		name, event = _paid_event(running)
		with EmbeddedSite(running.host) as site:
			site.insert("Stripe Event", inbox.row_of(event, json.dumps(event).encode()))
			site.connection.commit()
			before, started = site.connection.statements, time.perf_counter()
			inbox.process(event["id"])
			settled.append(time.perf_counter() - started)
			statements = site.connection.statements - before
			started = time.perf_counter()
			with site.atomic():
				site.ledger.post_payment(_bare_payment(name))
			floor.append(time.perf_counter() - started)
	return statements, statistics.median(settled) * 1000, statistics.median(floor) * 1000


def _bare_payment(invoice: str) -> IncomingPayment:
	return IncomingPayment(
		company=NAME,
		customer="Marie-Ève Tremblay",
		customer_name="Marie-Ève Tremblay",
		receivable_account=DEBTORS,
		mode_of_payment="Stripe",
		currency="CAD",
		amount=Decimal(1),
		invoice=invoice,
		allocated=Decimal(1),
		reference="floor",
		received_on=model.find(invoice).posting_date,
		remarks="floor",
	)


def _paid_event(running: RunningHost) -> tuple[str, dict]:
	"""A new invoice that was paid at Stripe, and the event that Stripe would send."""
	with EmbeddedSite(running.host) as site:
		source = site.exists("Sales Invoice", {"remarks": INVOICE})
		name = f"BENCH-{secrets.token_hex(6)}"
		row = site.connection.run('SELECT * FROM "tabSales Invoice" WHERE name = %s', [source])[0]
		site.connection.insert("Sales Invoice", [row | {"name": name, "remarks": "Benchmark"}])
		site.connection.commit()
		token = links.make(name, Purpose.QR, 3600).token
		session = checkout.start(links.open_link(name, token)).rpartition("/")[2]
	url = f"{running.simulator.address}/simulator/sessions/{session}"
	requests.post(url, json={}, timeout=10).raise_for_status()
	kind = "checkout.session.completed"
	event = {
		"id": f"evt_{secrets.token_hex(12)}",
		"type": kind,
		"livemode": False,
		"created": int(time.time()),
	}
	return name, event | {"data": {"object": {"id": session}}}


def _send_twice(running: RunningHost, events: list[dict]) -> tuple[float, int]:
	def send(event: dict) -> bool:
		body = json.dumps(event)
		secret = running.host.configuration["gigafibre_stripe_webhook_secret"]
		header = stripe.WebhookSignature.generate_signature_header(body, secret)
		headers = {"Stripe-Signature": header, "Content-Type": "application/json"}
		return (
			requests.post(running.url + WEBHOOK, body.encode(), headers=headers, timeout=60).status_code
			== 200
		)

	started = time.perf_counter()
	with ThreadPoolExecutor(16) as pool:
		answered = sum(pool.map(send, events + events))
	names = [event["id"] for event in events]
	with EmbeddedSite(running.host) as site:
		while site.exists("Stripe Event", {"name": ["in", names], "status": ["in", inbox.WAITING]}):
			site.connection.rollback()
			time.sleep(0.02)
	return time.perf_counter() - started, answered
