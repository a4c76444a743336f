"""Mending a function at load: what is known, for PostgreSQL alone, and nothing where upstream moved."""

import importlib
import inspect
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from gigafibre_utils.postgres.fix import POSTGRES, Fix, Fixes

SOURCE = '''
import functools


def shout(function):
	@functools.wraps(function)
	def wrapper(*args, **kwargs):
		return function(*args, **kwargs).upper()
	return wrapper


@shout
def greet(name, greeting="hello"):
	"""Greet."""
	text = f"""{greeting},
  {name}"""
	return text


class Base:
	def dialect(self):
		return "base"


class Query(Base):
	__prefix = "select "

	def dialect(self):
		return super().dialect() + " if(a, b)"

	@classmethod
	def private(cls):
		return cls.__prefix + "if(a, b)"

	@staticmethod
	def broken(value):
		# a line
		return value + "if(a, b)"


def closed_over(what):
	def inner():
		return what
	return inner


inner = closed_over("if(a, b)")
'''
CASE = "case when a then b end"


@pytest.fixture
def upstream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
	"""The name of a module that is not loaded yet, in a process whose site's database `conf` tells."""
	(tmp_path / "upstream_module.py").write_text(SOURCE)
	monkeypatch.syspath_prepend(tmp_path)
	monkeypatch.setitem(sys.modules, "frappe", SimpleNamespace(local=SimpleNamespace(conf={})))
	yield "upstream_module"
	sys.modules.pop("upstream_module", None)


def on(db_type: str) -> None:
	sys.modules["frappe"].local.conf["db_type"] = db_type


def fix(target: str, *changes: tuple[str, str]) -> Fix:
	return Fix(f"upstream_module:{target}", "it is refused", changes)


def mended(*fixes: Fix) -> tuple[ModuleType, Fixes]:
	module = importlib.import_module("upstream_module")
	applied = Fixes(fixes)
	applied.apply(module)
	return module, applied


def test_a_postgres_site_gets_the_mended_body_and_any_other_site_of_the_process_its_own(upstream: str):
	module, _ = mended(fix("Query.broken", ("if(a, b)", CASE)))
	on("postgres")
	assert module.Query.broken("x ") == f"x {CASE}"
	on("mariadb")
	assert module.Query.broken("x ") == "x if(a, b)"


def test_the_function_stays_the_same_object_below_its_decorators(upstream: str):
	module = importlib.import_module(upstream)
	held = module.greet
	mended(fix("greet", ('{greeting}, {name}"""', '{greeting}; {name}"""')))
	on("postgres")
	assert held is module.greet
	assert held("Ana", greeting="hi") == "HI; ANA"
	on("mariadb")
	assert held("Ana") == "HELLO,\n  ANA"
	assert held.__doc__ == "Greet."


def test_super_and_private_names_mean_what_they_meant(upstream: str):
	module, fixes = mended(
		fix("Query.dialect", ("if(a, b)", CASE)),
		fix("Query.private", ("if(a, b)", CASE)),
	)
	on("postgres")
	assert {state.state for state in fixes.states()} == {"applied"}
	assert module.Query().dialect() == f"base {CASE}"
	assert module.Query.private() == f"select {CASE}"


@pytest.mark.parametrize(
	("target", "change", "sentence"),
	[
		("missing", ("a", "b"), "There is no such function."),
		("Query.missing", ("a", "b"), "There is no such function."),
		("Query.broken", ("ifnull(a, b)", "c"), "'ifnull(a, b)' stands there 0 times, not once."),
		("Query.private", ("cls", "c"), "'cls' stands there 2 times, not once."),
		("Query.broken", ("if(a, b)", '" + Max("") + "'), "Its module has no Max."),
		("Query.broken", ("return value", "return ("), "was never closed"),
		("inner", ("return what", "return what + 1"), "requires a code object with 1 free vars"),
	],
)
def test_a_fix_steps_aside_whole_where_upstream_moved(
	upstream: str, target: str, change: tuple[str, str], sentence: str
):
	module, fixes = mended(fix(target, change))
	(state,) = fixes.states()
	assert state.state == "stepped aside"
	assert sentence in state.detail
	on("postgres")
	assert module.Query.broken("x ") == "x if(a, b)"
	assert module.inner() == "if(a, b)"


def test_a_mended_body_may_bind_names_of_its_own(upstream: str):
	own = 'import math as m\n\t\treturn value + "".join(letter for letter in str(m.floor(1.5)))'
	module, _ = mended(fix("Query.broken", ('return value + "if(a, b)"', own)))
	on("postgres")
	assert module.Query.broken("x ") == "x 1"


def test_of_two_fragments_one_that_moved_leaves_the_other_unchanged_too(upstream: str):
	module, fixes = mended(fix("Query.broken", ("if(a, b)", CASE), ("gone", "here")))
	on("postgres")
	assert fixes.states()[0].state == "stepped aside"
	assert module.Query.broken("x ") == "x if(a, b)"


def test_of_two_wordings_of_a_fix_the_one_that_fits_is_taken(upstream: str):
	other = fix("Query.broken", ("gone", "here"))
	for wordings in (
		(other, fix("Query.broken", ("if(a, b)", CASE))),
		(fix("Query.broken", ("if(a, b)", CASE)), other),
	):
		sys.modules.pop(upstream, None)
		module, fixes = mended(*wordings)
		(state,) = fixes.states()
		assert (state.state, state.detail) == ("applied", None)
		on("postgres")
		assert module.Query.broken("x ") == f"x {CASE}"


def test_a_function_that_upstream_mended_as_the_fix_would_is_left_alone(upstream: str):
	was = "value + ' xor '", 'value + "if(a, b)"'
	module, fixes = mended(fix("Query.broken", was, ("a comment that was there", "# a line")))
	(state,) = fixes.states()
	assert (state.state, state.detail) == ("mended upstream", None)
	on("postgres")
	assert module.Query.broken("x ") == "x if(a, b)"


@pytest.mark.parametrize(
	"changes",
	[
		# The fragment is gone, and what took its place is not what is known to be right.
		(("gone", "something else"),),
		# It is gone and was only to be taken out: nothing shows that upstream meant the same.
		(("gone", ""),),
		# One of two is mended.
		(("gone", "# a line"), ("gone too", "something else")),
		# A fragment is left elsewhere.
		(("if(a, b)", "# a line"), ("gone", "return value")),
	],
)
def test_what_is_not_known_to_be_mended_has_moved(upstream: str, changes: tuple[tuple[str, str], ...]):
	_, fixes = mended(fix("Query.broken", *changes))
	assert fixes.states()[0].state == "stepped aside"


def test_a_module_that_upstream_dropped_is_told(upstream: str):
	fixes = Fixes([Fix("upstream_dropped:f", "it is refused", (("a", "b"),))])
	(state,) = fixes.states()
	assert (state.state, state.detail) == ("stepped aside", "No module named 'upstream_dropped'")


def test_nothing_is_touched_before_the_process_connects_to_postgres(
	upstream: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
	fixes = Fixes([fix("Query.broken", ("if(a, b)", CASE))])
	assert fixes.await_postgres() is True
	assert fixes.await_postgres() is False
	loaded_before = importlib.import_module(upstream)
	assert fixes._states["upstream_module:Query.broken"].state == "not loaded"
	for package in ("frappe", "frappe/database", "frappe/database/postgres"):
		(tmp_path / package).mkdir()
		(tmp_path / package / "__init__.py").write_text("")
	(tmp_path / "frappe/database/postgres/database.py").write_text("")
	conf = sys.modules["frappe"].local
	monkeypatch.delitem(sys.modules, "frappe")
	importlib.import_module(POSTGRES)
	sys.modules["frappe"].local = conf
	on("postgres")
	assert loaded_before.Query.broken("x ") == f"x {CASE}"
	for name in [name for name in sys.modules if name.startswith("frappe.")]:
		del sys.modules[name]


def test_without_a_fix_upstreams_own_body_runs(upstream: str):
	module, fixes = mended(fix("Query.broken", ("if(a, b)", CASE)))
	on("postgres")
	with fixes.without("upstream_module:Query.broken"):
		assert module.Query.broken("x ") == "x if(a, b)"
	assert module.Query.broken("x ") == f"x {CASE}"


def test_a_traceback_shows_upstreams_file_and_line(upstream: str):
	module, _ = mended(fix("Query.broken", ("if(a, b)", CASE)))
	on("postgres")
	with pytest.raises(TypeError) as raised:
		module.Query.broken(None)
	frame = traceback.extract_tb(raised.value.__traceback__)[-1]
	assert frame.filename == inspect.getfile(module)
	assert frame.line == 'return value + "if(a, b)"'
	assert frame.name == "broken"
