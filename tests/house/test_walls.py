"""The walls between the rooms stand: the contracts of pyproject.toml hold, and what they cannot say."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("bridge", "drivers", "hil")
PARSERS = frozenset({"fromstring", "fromstringlist", "parse", "iterparse", "XML", "HTML", "XMLParser", "XMLPullParser"})


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT), ast.parse(path.read_text("utf-8"))


def test_the_import_contracts_hold():
    command = [sys.executable, "-c", "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_xml_is_parsed_in_one_place_only():
    places = {
        str(path)
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in PARSERS
        and isinstance(node.value, ast.Name)
        and node.value.id in {"etree", "objectify", "ElementTree", "ET", "minidom"}
    }
    assert places == {"drivers/contract/xml.py"}


def test_no_other_xml_parser_is_imported():
    others = {
        str(path)
        for path, tree in modules()
        for node in ast.walk(tree)
        for name in _imported(node)
        if name.split(".")[0] in {"xml", "defusedxml"} or name.startswith("lxml.html")
    }
    assert others == set()


def test_imports_run_in_no_circle():
    graph = grimp.build_graph(*PACKAGES)
    state: dict[str, bool] = {}  # False: being visited, True: done
    circles = []

    def visit(module: str, way: tuple[str, ...]) -> None:
        state[module] = False
        for other in sorted(graph.find_modules_directly_imported_by(module)):
            if other not in state:
                visit(other, (*way, other))
            elif not state[other]:
                circles.append(" -> ".join((*way[way.index(other) :], other)))
        state[module] = True

    for module in sorted(graph.modules):
        if module not in state:
            visit(module, (module,))
    assert circles == []


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_names_no_room_after_nothing(package: str):
    vague = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
    found = [str(path.relative_to(ROOT)) for path in (ROOT / package).rglob("*") if vague & {path.stem, path.name}]
    assert found == []


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        return [node.module]
    return []
