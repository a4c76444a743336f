"""Each line of `patches.txt` leads to a patch that Frappe can run."""

import ast
import configparser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "gigafibre_utils"
LIST = PACKAGE / "patches.txt"


def parsed() -> configparser.ConfigParser:
	"""As `frappe.modules.patch_handler.get_patches_from_app` reads it."""
	parser = configparser.ConfigParser(allow_no_value=True, delimiters="\n")
	parser.optionxform = str
	parser.read(LIST)
	return parser


def patches() -> list[str]:
	return [line for section in parsed().sections() for line in parsed()[section]]


def problems(patch: str) -> list[str]:
	"""What would stop Frappe at a line: `dotted.module`, with a comment after a blank."""
	module = patch.split(maxsplit=1)[0]
	path = ROOT / Path(*module.split(".")).with_suffix(".py")
	if not module.startswith("gigafibre_utils.patches.") or not path.is_file():
		return [f"{module} is no module of patches/"]
	functions = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
	execute = [node for node in functions if node.name == "execute"]
	if not execute or execute[0].args.args:
		return [f"{module} has no execute() without arguments"]
	return []


def test_the_list_has_frappes_two_sections_and_no_others():
	assert parsed().sections() == ["pre_model_sync", "post_model_sync"]


def test_every_patch_can_be_run():
	assert [problem for patch in patches() for problem in problems(patch)] == []


def test_every_patch_in_the_folder_is_listed():
	files = {
		".".join(path.relative_to(ROOT).with_suffix("").parts)
		for path in (PACKAGE / "patches").rglob("*.py")
		if path.name != "__init__.py"
	}
	assert files == {patch.split(maxsplit=1)[0] for patch in patches()}


@pytest.mark.parametrize(
	"patch", ["gigafibre_utils.patches.no_such", "gigafibre_utils.config", "execute:frappe.db.commit()"]
)
def test_a_line_that_leads_nowhere_is_noticed(patch: str):
	assert problems(patch)
