"""The same host and site as the acceptance suite's, with its insides at hand."""

from tests.acceptance.conftest import mailbox, running, site, sms, usual_delivery

__all__ = ["mailbox", "running", "site", "sms", "usual_delivery"]
