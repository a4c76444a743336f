"""With a key in the environment, the embedded host speaks to Stripe itself."""

import pytest

from gigafibre_utils.embedded.running import RunningHost
from gigafibre_utils.errors import ConfigurationError
from tests.acceptance.fixtures import HOSTS


def test_a_test_key_in_the_environment_takes_the_simulators_place(monkeypatch: pytest.MonkeyPatch):
	monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_abc")
	monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_abc")
	with RunningHost(HOSTS) as running:
		known = running.host.configuration
		assert running.simulator is None
		assert known["gigafibre_stripe_secret_key"] == "sk_test_abc"
		assert known["gigafibre_stripe_webhook_secret"] == "whsec_abc"
		assert "gigafibre_stripe_api_base" not in known


def test_the_sample_company_takes_no_real_money(monkeypatch: pytest.MonkeyPatch):
	monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_live_abc")
	with pytest.raises(ConfigurationError, match="test key"), RunningHost(HOSTS):
		pass
