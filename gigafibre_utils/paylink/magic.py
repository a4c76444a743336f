"""A fresh link by SMS or e-mail, to who can name the last four digits of one of the customer's phone numbers.

The caller learns nothing: asking only queues a job, and the job alone looks at the invoice.
"""

import re

from gigafibre_utils import site
from gigafibre_utils.errors import InvalidInput, TooManyRequests
from gigafibre_utils.invoice import model
from gigafibre_utils.invoice.model import SUBMITTED
from gigafibre_utils.paylink import contacts, sending

JOB = "gigafibre_utils.paylink.magic.send"
# Ten thousand endings, five guesses an hour: and each right one only sends the customer his own link.
GUESSES, GUESS_SECONDS = 5, 60 * 60
# However many invoices he has: what one customer can be sent.
MESSAGES, MESSAGES_SECONDS = 5, 60 * 60
MAX_NAME = 140
ANSWER = "If these digits match our records, a link is on its way. It is good for 15 minutes."


def request(invoice: str, channel: str, last4: str) -> str:
	"""Queue the sending; always gives the same answer.

	Raises InvalidInput for another channel or not four digits, TooManyRequests for many tries on one invoice
	name, whether that invoice exists or not.
	"""
	if channel not in sending.CHANNELS:
		raise InvalidInput("Argument channel must be sms or email.")
	if not re.fullmatch(r"[0-9]{4}", last4):
		raise InvalidInput("Argument last4 must be four digits.")
	if len(invoice) > MAX_NAME:
		raise InvalidInput(f"Argument invoice is longer than {MAX_NAME} characters.")
	current = site.current()
	current.rate_limit(f"magic link:{invoice}", GUESSES, GUESS_SECONDS)
	with current.atomic():
		current.enqueue(JOB, invoice=invoice, channel=channel, last4=last4)
	return ANSWER


def send(invoice: str, channel: str, last4: str) -> None:
	"""The job: send a link of 15 minutes if the digits are those of one of the customer's numbers."""
	found = model.find(invoice)
	if not found or found.docstatus != SUBMITTED or found.is_return:
		return
	reach = contacts.reach(found)
	number = next((phone for phone in reach.phones if phone.endswith(last4)), None)
	if not number or not _may_be_sent(number):
		return
	destination = number if channel == "sms" else reach.email
	if destination:
		sending.send_magic(found, channel, destination)


def _may_be_sent(number: str) -> bool:
	try:
		site.current().rate_limit(f"messages:{number}", MESSAGES, MESSAGES_SECONDS)
	except TooManyRequests:
		return False
	return True
