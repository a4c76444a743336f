"""What Frappe is told of the app is there: every dotted path of `hooks.py` leads to a function."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "gigafibre_utils"
PATHS = sorted(set(re.findall(r'"(gigafibre_utils\.[\w.]+)"', (PACKAGE / "hooks.py").read_text())))


@pytest.mark.parametrize("path", PATHS)
def test_a_path_in_the_hooks_leads_to_a_function(path: str):
	module, _, function = path.rpartition(".")
	tree = ast.parse((ROOT / Path(*module.split("."))).with_suffix(".py").read_text())
	assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_there_are_hooks_to_speak_of():
	assert len(PATHS) > 8


def test_every_doctype_has_its_controller_and_its_folder():
	folders = [path for path in (PACKAGE / "gigafibre_utils" / "doctype").iterdir() if path.is_dir()]
	assert len(folders) >= 3
	for folder in folders:
		names = {path.name for path in folder.iterdir()}
		assert {f"{folder.name}.json", f"{folder.name}.py", "__init__.py"} <= names


def test_the_list_of_patches_at_the_top_is_the_packages_own():
	assert (ROOT / "patches.txt").resolve() == PACKAGE / "patches.txt"
