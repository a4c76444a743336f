"""A place where a customer is served; an invoice groups its charges by it."""

import re

import frappe
from frappe import _
from frappe.model.document import Document


class ServiceLocation(Document):
	"""A place where a customer is served; an invoice groups its charges by it."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		address_line1: DF.Data | None
		address_line2: DF.Data | None
		city: DF.Data | None
		customer: DF.Link
		device_mac: DF.Data | None
		device_serial: DF.Data | None
		disabled: DF.Check
		latitude: DF.Float
		legacy_delivery_id: DF.Data | None
		location_name: DF.Data
		longitude: DF.Float
		pincode: DF.Data | None
		state: DF.Data | None
	# end: auto-generated types

	def validate(self) -> None:
		"""Keep the MAC address in its one notation, by which devices are matched; refuse what is none."""
		self.device_mac = _mac(self.device_mac)
		if not (-90 <= (self.latitude or 0) <= 90 and -180 <= (self.longitude or 0) <= 180):
			frappe.throw(_("Latitude goes from -90 to 90 degrees, longitude from -180 to 180."))


def _mac(written: str | None) -> str | None:
	"""`AA:BB:CC:DD:EE:FF` for any way of writing it."""
	if not written or not written.strip():
		return None
	digits = re.sub(r"[-:.\s]", "", written).upper()
	if not re.fullmatch(r"[0-9A-F]{12}", digits):
		frappe.throw(_("{0} is not a MAC address.").format(written))
	return ":".join(re.findall("..", digits))
