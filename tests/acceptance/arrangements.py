"""Payment arrangements of the site under test, made by SQL and taken away again."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.acceptance.site import Site

ARRANGEMENT, INSTALMENT = '"tabPayment Arrangement"', '"tabPayment Arrangement Instalment"'
# (days from today, amount, invoice)
Part = tuple[int | None, int | Decimal, str | None]


@dataclass
class Arrangements:
	"""What customers agreed to during a test."""

	site: Site
	names: list[str] = field(default_factory=list)

	@property
	def today(self) -> date:
		"""The site's day."""
		return self.site.sql("SELECT (now() AT TIME ZONE 'America/Toronto')::date AS day")[0]["day"]

	def agree(self, *parts: Part, customer: str = "", agreed: int = -30) -> str:
		"""An active arrangement agreed on so many days from today; gives its name."""
		name = f"ARR-{secrets.token_hex(5)}"
		self.names.append(name)
		invoice = self.site.invoice("unpaid")
		self.site.sql(
			f"INSERT INTO {ARRANGEMENT} (name, customer, company, agreed_on, status, paid) "
			"VALUES (%s, %s, %s, %s, 'Active', 0)",
			name,
			customer or invoice["customer"],
			invoice["company"],
			self.today + timedelta(days=agreed),
		)
		for idx, (days, amount, named) in enumerate(parts, 1):
			self.site.sql(
				f"INSERT INTO {INSTALMENT} "
				"(name, parent, parenttype, parentfield, idx, due_date, amount, invoice, status) "
				"VALUES (%s, %s, 'Payment Arrangement', 'instalments', %s, %s, %s, %s, 'Due')",
				f"{name}-{idx}",
				name,
				idx,
				None if days is None else self.today + timedelta(days=days),
				amount,
				named,
			)
		return name

	def row(self, arrangement: str) -> dict[str, Any]:
		"""The arrangement as it is written."""
		return self.site.sql(f"SELECT * FROM {ARRANGEMENT} WHERE name = %s", arrangement)[0]

	def parts(self, arrangement: str) -> list[dict[str, Any]]:
		"""Its instalments in the order of the form."""
		return self.site.sql(f"SELECT * FROM {INSTALMENT} WHERE parent = %s ORDER BY idx", arrangement)

	def statuses(self, arrangement: str) -> list[str]:
		"""Of the arrangement, then of its instalments."""
		return [self.row(arrangement)["status"], *(part["status"] for part in self.parts(arrangement))]

	def forget(self) -> None:
		"""Take them away: those of no invoice are about other tests' invoices too."""
		for name in self.names:
			self.site.sql(f"DELETE FROM {INSTALMENT} WHERE parent = %s", name)
			self.site.sql(f"DELETE FROM {ARRANGEMENT} WHERE name = %s", name)


@pytest.fixture
def arrangements(site: Site) -> Iterator[Arrangements]:
	"""Arrangements that end with the test."""
	made = Arrangements(site)
	yield made
	made.forget()
