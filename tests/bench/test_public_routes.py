"""What a proxy lets through unguarded does what its path names, and not what an argument `cmd` names."""

from typing import Any

import pytest
import requests

from tests.acceptance.site import Site

PATHS = ("/pay-public", "/api/method/gigafibre_utils.api.validate_pay_token")
OTHER = {"cmd": "ping"}
LOGIN = {"cmd": "login", "usr": "Administrator", "pwd": "a guess"}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
	("method", "sent"),
	[
		pytest.param("GET", {"params": OTHER}, id="query"),
		pytest.param("GET", {"json": OTHER}, id="body-of-a-get"),
		pytest.param("POST", {"data": OTHER}, id="form"),
		pytest.param("POST", {"json": OTHER}, id="json"),
		pytest.param("POST", {"data": LOGIN}, id="login"),
		pytest.param("POST", {"json": LOGIN}, id="login-in-json"),
	],
)
def test_no_argument_turns_a_path_of_the_app_into_another_method(
	bench: Site, path: str, method: str, sent: dict[str, Any]
):
	# 401 would tell a wrong password from a right one.
	assert requests.request(method, f"{bench.url}{path}", timeout=30, **sent).status_code == 403


def test_elsewhere_such_an_argument_is_frappes_own_matter(bench: Site):
	assert requests.post(f"{bench.url}/login", OTHER, timeout=30).json() == {"message": "pong"}
