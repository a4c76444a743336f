"""Who may import whom: the seam is real, and imports go downwards only."""

import ast
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "gigafibre_utils"

# Where `frappe` and `erpnext` may be imported.
FRAPPE_SIDE = (
	"site/frappe_site.py",
	"site/frappe_endpoint.py",
	"commands.py",
	"hooks.py",
	"install.py",
	"uninstall.py",
)
FRAPPE_FOLDERS = ("patches", "www", "postgres", "gigafibre_utils")

GROUND = {"config", "custom_fields", "dates", "errors", "money", "signals", "translation", "site"}
ALLOWED = {
	"errors": set(),
	"dates": set(),
	"translation": set(),
	"money": set(),
	"signals": set(),
	"custom_fields": set(),
	"sample": set(),
	"config": {"errors", "site"},
	"site": {"errors", "custom_fields"},
	"invoice": GROUND,
	"paylink": GROUND | {"invoice"},
	"payments": GROUND | {"invoice", "paylink"},
	"printing": GROUND | {"invoice", "paylink"},
	"migration": GROUND | {"invoice"},
	"pay_page": GROUND | {"invoice", "paylink", "payments", "printing"},
	"api": GROUND | {"invoice", "paylink", "payments", "printing", "pay_page"},
	"cli": GROUND | {"embedded", "migration"},
}


def modules() -> dict[Path, ast.Module]:
	found = {path: ast.parse(path.read_text()) for path in sorted(PACKAGE.rglob("*.py"))}
	assert len(found) > 30
	return found


def imported(tree: ast.AST) -> list[str]:
	"""Dotted names that are imported anywhere in a tree, `from a import b` as `a.b`."""
	names = []
	for node in ast.walk(tree):
		if isinstance(node, ast.Import):
			names += [alias.name for alias in node.names]
		elif isinstance(node, ast.ImportFrom) and node.module:
			names += [f"{node.module}.{alias.name}" for alias in node.names]
	return names


def part(path: Path) -> str:
	"""The folder of the package, or the module at its top, that a file belongs to."""
	return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def parts_imported(tree: ast.AST) -> set[str]:
	own = [name.split(".") for name in imported(tree) if name.startswith("gigafibre_utils.")]
	return {name[1] for name in own}


def test_frappe_is_imported_on_frappes_side_alone():
	for path, tree in modules().items():
		where = path.relative_to(PACKAGE)
		if str(where) in FRAPPE_SIDE or where.parts[0] in FRAPPE_FOLDERS:
			continue
		foreign = [name for name in imported(tree) if name.split(".")[0] in ("frappe", "erpnext")]
		assert not foreign, f"{where} imports {foreign}"


def test_each_part_imports_only_what_lies_below_it():
	for path, tree in modules().items():
		home = part(path)
		if home in ALLOWED:
			strangers = parts_imported(tree) - ALLOWED[home] - {home, "__version__"}
			assert not strangers, f"{path.relative_to(PACKAGE)} imports {strangers}"


def test_only_the_command_line_imports_the_embedded_host_and_only_inside_a_command():
	for path, tree in modules().items():
		if part(path) == "embedded" or "embedded" not in parts_imported(tree):
			continue
		assert path.name == "cli.py", path
		for node in tree.body:
			is_for_types = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
			if isinstance(node, ast.Import | ast.ImportFrom) and not is_for_types:
				assert "embedded" not in parts_imported(node), ast.unparse(node)


def test_no_module_imports_itself_in_a_circle():
	known = {_dotted(path): path for path in modules()}
	needs = {
		name: {
			_nearest(other, known)
			for other in imported(_at_import_time(tree))
			if other.startswith("gigafibre_utils")
		}
		for name, tree in ((_dotted(path), tree) for path, tree in modules().items())
	}
	done: set[str] = set()

	def visit(name: str, trail: tuple[str, ...]) -> None:
		assert name not in trail, " → ".join((*trail, name))
		if name in done:
			return
		for other in needs[name] - {name, None}:
			visit(other, (*trail, name))
		done.add(name)

	for name in needs:
		visit(name, ())


def test_no_file_is_two_things():
	long = {str(path.relative_to(PACKAGE)): len(path.read_text().splitlines()) for path in modules()}
	assert {name: lines for name, lines in long.items() if lines > 400} == {}


def _dotted(path: Path) -> str:
	name = ".".join(("gigafibre_utils", *path.relative_to(PACKAGE).with_suffix("").parts))
	return name.removesuffix(".__init__")


def _nearest(name: str, known: dict[str, Path]) -> str | None:
	"""The module that a dotted name lies in; for a package's own submodule that submodule."""
	while name and name not in known:
		name = name.rpartition(".")[0]
	return name or None


def _at_import_time(tree: ast.Module) -> ast.Module:
	"""Statements that run when the module is imported."""
	body = [
		node
		for node in tree.body
		if not isinstance(node, ast.FunctionDef | ast.ClassDef)
		and not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
	]
	return ast.Module(body, [])
