"""Mending functions of Frappe and ERPNext that speak MariaDB only.

A fix names a function and the fragments of its source to be replaced. When the function's module is loaded
in a process that serves a PostgreSQL site, the function gets a body with both texts: the mended one for
PostgreSQL sites, its own for any other site of the same process. The function stays the same object, so
decorators, whitelisting and references that others hold stay good, and no other statement is touched.

Where a fragment is not found as it is known, upstream has changed the function: the fix steps aside whole,
and the doctor says so. Where none of the fragments is left and all that would take their place stands there,
upstream has mended the function itself, and nothing is wrong.
"""

import ast
import builtins
import inspect
import linecache
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import CodeType, FunctionType, ModuleType
from typing import Literal

from wrapt import register_post_import_hook

State = Literal["not loaded", "applied", "mended upstream", "stepped aside"]

WELL: tuple[State, ...] = ("applied", "mended upstream")
"""In these a function does on PostgreSQL what it should."""

POSTGRES = "frappe.database.postgres.database"
"""Frappe loads this module when it first connects to a PostgreSQL site."""

ON_POSTGRES = 'getattr(__import__("frappe").local, "conf", {}).get("db_type") == "postgres"'
"""What a mended function asks before it takes its way."""

_FUTURE = 0x1FE0000
"""The bits of a code object's flags that a compiler takes: those of `from __future__`."""


class Moved(Exception):
	"""The function is not what the fix knows."""


class MendedUpstream(Exception):
	"""The function is what the fix would make of it."""


@dataclass(frozen=True)
class Fix:
	"""What one function needs on PostgreSQL.

	`target` is `module:function` or `module:Class.method`; `because` says in a sentence what PostgreSQL
	refuses; `changes` are pairs of a fragment that stands once in the function's source (white space aside)
	and what takes its place. A second fix of the same function is for how another version words it.
	"""

	target: str
	because: str
	changes: tuple[tuple[str, str], ...]

	@property
	def module(self) -> str:
		"""The dotted module that holds the function."""
		return self.target.partition(":")[0]


@dataclass
class FixState:
	"""How a fix stands in this process; `detail` says why one stepped aside."""

	target: str
	because: str
	state: State = "not loaded"
	detail: str | None = None


class Fixes:
	"""A set of fixes and what became of them in this process."""

	def __init__(self, fixes: Iterable[Fix]):
		self._fixes: dict[str, list[Fix]] = {}
		for fix in fixes:
			self._fixes.setdefault(fix.target, []).append(fix)
		self._states = {
			target: FixState(target, first.because) for target, (first, *_) in self._fixes.items()
		}
		self._codes: dict[str, tuple[FunctionType, CodeType, CodeType]] = {}
		self._awaits_postgres = False

	def await_postgres(self) -> bool:
		"""Apply each fix when its module is loaded, from when the process first connects to PostgreSQL.

		May be called any number of times; whether this was the first.
		"""
		is_first = not self._awaits_postgres
		if is_first:
			register_post_import_hook(self._await_modules, POSTGRES)
			self._awaits_postgres = True
		return is_first

	def states(self) -> list[FixState]:
		"""How every fix stands in this process, once all of their modules are loaded."""
		for target, (fix, *_) in self._fixes.items():
			try:
				self.apply(import_module(fix.module))
			except ModuleNotFoundError as error:
				self._step_aside(target, str(error))
		return list(self._states.values())

	def apply(self, module: ModuleType) -> None:
		"""Mend the functions of one loaded module."""
		for target, wordings in self._fixes.items():
			if wordings[0].module == module.__name__ and self._states[target].state == "not loaded":
				self._apply(target, wordings, module)

	def codes(self) -> list[CodeType]:
		"""The code of every function that is mended by now."""
		return [mended for _, _, mended in self._codes.values()]

	@contextmanager
	def without(self, target: str) -> Iterator[None]:
		"""The function as upstream wrote it, for as long as the block runs."""
		function, original, mended = self._codes[target]
		function.__code__ = original
		try:
			yield
		finally:
			function.__code__ = mended

	def _await_modules(self, _: ModuleType) -> None:
		for name in dict.fromkeys(fix.module for fix, *_ in self._fixes.values()):
			register_post_import_hook(self.apply, name)

	def _apply(self, target: str, wordings: list[Fix], module: ModuleType) -> None:
		for fix in wordings:
			try:
				function = _function(module, fix)
				original, mended = function.__code__, _mended(function, fix)
				function.__code__ = mended
			except MendedUpstream:
				self._states[target].state, self._states[target].detail = "mended upstream", None
				return
			except (Moved, OSError, SyntaxError, ValueError) as error:
				self._step_aside(target, str(error))
			else:
				self._codes[target] = function, original, mended
				self._states[target].state, self._states[target].detail = "applied", None
				return

	def _step_aside(self, target: str, detail: str) -> None:
		state = self._states[target]
		state.state, state.detail = "stepped aside", detail


def _function(module: ModuleType, fix: Fix) -> FunctionType:
	"""The function itself, below whatever decorates it."""
	owner, found = module, module
	for name in fix.target.partition(":")[2].split("."):
		owner = found
		found = inspect.getattr_static(owner, name, None)
	found = getattr(found, "__func__", found)
	function = inspect.unwrap(found) if found else None
	if not isinstance(function, FunctionType):
		raise Moved("There is no such function.")
	return function


def _mended(function: FunctionType, fix: Fix) -> CodeType:
	"""The code of the function with a second, mended body for PostgreSQL.

	Raises MendedUpstream where there is nothing to do, Moved where the function is not what the fix knows,
	SyntaxError where the result does not compile.
	"""
	source, code = _source(function), function.__code__
	if is_mended(source, fix.changes):
		raise MendedUpstream
	mended = source
	for old, new in fix.changes:
		mended = _replaced(mended, old, new)
	tree, upstream = ast.parse(mended), ast.parse(source)
	definition, own = _definition(tree), _definition(upstream)
	_refuse_unknown_names(definition, own, function)
	place = {"lineno": definition.lineno, "col_offset": 0}
	test = ast.parse(ON_POSTGRES, mode="eval").body
	definition.decorator_list = []
	definition.body = [ast.If(test, definition.body, own.body, **place)]
	for class_name in reversed(code.co_qualname.split(".")[:-1]):
		# Inside a class, `super()` and private names are compiled as they were.
		definition = ast.ClassDef(class_name, [], [], [definition], [], **place)
	tree.body = [definition]
	compiled = compile(tree, code.co_filename, "exec", code.co_flags & _FUTURE, dont_inherit=True)
	return _code_named(compiled, code.co_qualname)


def _source(function: FunctionType) -> str:
	"""The text of the function, on the lines where it stands in its file."""
	linecache.checkcache(function.__code__.co_filename)
	lines, first = inspect.getsourcelines(function)
	source = "".join(lines)
	if not source[0].isspace():
		return "\n" * (first - 1) + source
	# Not dedented: that would also move the text of the statements in it.
	return "\n" * (first - 2) + "if True:\n" + source


def is_mended(source: str, changes: tuple[tuple[str, str], ...]) -> bool:
	"""Whether a text has no fragment left that is to be replaced, and all that takes their place.

	A fragment that is merely gone proves nothing: what took its place may be refused as well.
	"""
	return any(new.strip() for _, new in changes) and all(
		_count(new, source) and _count(old, source) == _count(old, new) * _count(new, source)
		for old, new in changes
	)


def _count(fragment: str, text: str) -> int:
	"""How often a fragment stands in a text, as words of its own."""
	first, last = r"(?<!\w)" * fragment[:1].isalnum(), r"(?!\w)" * fragment[-1:].isalnum()
	return len(re.findall(first + _pattern(fragment) + last, text)) if fragment.strip() else 1


def _pattern(fragment: str) -> str:
	"""The fragment, however its white space falls."""
	return r"\s+".join(re.escape(word) for word in fragment.split())


def _replaced(source: str, old: str, new: str) -> str:
	found = re.findall(_pattern(old), source)
	if len(found) != 1:
		raise Moved(f"{' '.join(old.split())!r} stands there {len(found)} times, not once.")
	return source.replace(found[0], new)


def _definition(tree: ast.Module) -> ast.FunctionDef:
	(statement,) = tree.body
	if isinstance(statement, ast.If):
		(statement,) = statement.body
	if not isinstance(statement, ast.FunctionDef):
		raise Moved("It is not a plain function.")
	return statement


def _code_named(code: CodeType, qualname: str) -> CodeType:
	inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
	for candidate in inner:
		if candidate.co_qualname == qualname:
			return candidate
	return _code_named(inner[0], qualname)


def _refuse_unknown_names(mended: ast.FunctionDef, own: ast.FunctionDef, function: FunctionType) -> None:
	"""A mended body may use what its module imports; upstream may have stopped importing it."""
	unknown = _free_names(mended) - _free_names(own) - set(function.__globals__) - set(dir(builtins))
	if unknown:
		raise Moved(f"Its module has no {', '.join(sorted(unknown))}.")


def _free_names(definition: ast.FunctionDef) -> set[str]:
	"""The names that a function reads and nowhere binds."""
	read, bound = set(), set()
	for node in ast.walk(definition):
		match node:
			case ast.Name(id=name, ctx=ast.Load()):
				read.add(name)
			case ast.Name(id=name) | ast.arg(arg=name) | ast.FunctionDef(name=name):
				bound.add(name)
			case ast.alias(name=name, asname=known_as):
				bound.add(known_as or name)
	return read - bound
