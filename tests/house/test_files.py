"""Every file opens with what it is, is about one idea, and names no place that is nobody's business."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = ("bridge", "drivers", "hil", "tests", "udev", "docs", ".ci")
TEXT = frozenset({".py", ".md", ".toml", ".xml", ".xsd", ".rules", ".service", ".conf", ""})
LONGEST = 300
# A file of the product may be longer for a reason.
LONG = {
    "bridge/scanner/acquisition.py": "one job's way through the device; its steps share the state of that one job",
    "hil/devices/mfp/model.py": "one machine; a scan at its panel and one for the network share the paper path",
}
# Indices from which packages or images are fetched: which one is used is the business of the machine.
REGISTRY = re.compile(
    r"\b(?:[a-z0-9-]+\.)*(?:pypi|pythonhosted|piwheels|npmjs|crates|debian|ubuntu|docker|ghcr|quay)\.(?:org|io|com)\b"
)
ALLOWED = frozenset({"bugs.debian.org"})  # where an oddity is explained


def files() -> Iterator[Path]:
    for path in sorted(ROOT.iterdir()):
        if path.is_file() and path.name != ".gitignore" and path.suffix in TEXT:
            yield path
    for folder in OURS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and path.suffix in TEXT and "__pycache__" not in path.parts:
                yield path


def modules() -> Iterator[tuple[str, str]]:
    for path in files():
        name = str(path.relative_to(ROOT))
        if path.suffix == ".py" and name.startswith(("bridge/", "drivers/", "hil/")):
            yield name, path.read_text("utf-8")


def test_a_long_file_has_a_reason():
    long = {name for name, text in modules() if len(text.splitlines()) > LONGEST}
    assert long - LONG.keys() == set(), "divide it, or say here why it is long"


def test_a_reason_for_length_that_is_not_needed_is_gone():
    long = {name for name, text in modules() if len(text.splitlines()) > LONGEST}
    assert LONG.keys() - long == set()


def test_a_module_opens_with_what_it_is():
    silent = [
        name
        for name, text in modules()
        if not name.endswith("__init__.py") and not ast.get_docstring(ast.parse(text), clean=False)
    ]
    assert silent == []


def test_an_init_is_empty_or_hands_names_on():
    busy = [
        name
        for name, text in modules()
        if name.endswith("__init__.py")
        and not all(
            isinstance(node, ast.Import | ast.ImportFrom | ast.Assign | ast.Expr) for node in ast.parse(text).body
        )
    ]
    assert busy == []


def test_no_package_registry_is_named():
    named = {
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in files()
        for match in REGISTRY.finditer(path.read_text("utf-8", errors="replace"))
        if match[0] not in ALLOWED
    }
    assert named == set()


def test_every_decision_that_is_referred_to_exists():
    numbers = {path.name[:4] for path in (ROOT / "docs" / "decisions").glob("*.md")}
    missing = set()
    for path in files():
        text = path.read_text("utf-8", errors="replace")
        for match in re.finditer(r"decisions/(\d{4})-([a-z0-9-]+)\.md", text):
            if not (ROOT / "docs" / "decisions" / f"{match[1]}-{match[2]}.md").exists():
                missing.add(f"{path.relative_to(ROOT)}: {match[0]}")
        for match in re.finditer(r"\bdecision (\d{1,2})\b", text):
            if f"{int(match[1]):04}" not in numbers:
                missing.add(f"{path.relative_to(ROOT)}: {match[0]}")
    assert missing == set()


def test_a_decision_tells_what_was_decided():
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [page.name[:4] for page in pages]
    assert len(numbers) == len(set(numbers)), "a number is given once"
    for page in pages:
        text = page.read_text("utf-8")
        assert text.startswith(f"# {page.name[:4]}: "), page.name
        assert "\n## Decided\n" in text, page.name


def test_links_in_the_pages_lead_somewhere():
    broken = set()
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            if not target.startswith(("http://", "https://")) and not (page.parent / target).exists():
                broken.add(f"{page.relative_to(ROOT)}: {target}")
    assert broken == set()
