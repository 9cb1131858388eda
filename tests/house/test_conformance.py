"""docs/conformance.md: no row without a test, no test that does not exist, and nothing out of date.

That a wire test still shows the rows it is named for, tests/wire/conftest.py checks whenever it runs.
"""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from bridge.wsscan.events import EVENTS, EventName
from bridge.wsscan.operations import REQUESTS, RESPONSES, Operation
from tests.schema import grammar

ROOT = Path(__file__).parents[2]
MEND = "run: .venv/bin/python docs/generate_conformance.py --measure"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_conformance", ROOT / "docs/generate_conformance.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


def test_every_row_has_a_test_or_a_reason_why_not(generator):
    rows, proven, left_out = set(generator.keys()), set(generator.proofs()), set(generator.not_offered())
    assert len(rows) == len(generator.keys())
    assert sorted(rows - proven - left_out) == [], f"no test shows these; write one, then {MEND}"
    assert sorted(proven & left_out) == []
    assert sorted((proven | left_out) - rows) == [], f"these are no rows; {MEND}"
    assert [section["title"] for section in generator.rules()["section"] if not section["rows"]] == []
    assert [title for section in generator.rules()["section"] for title, *tests in section["rows"] if not tests] == []


def test_every_test_that_is_named_exists(generator):
    missing = set()
    for test in generator.named():
        path, _, name = test.partition("::")
        if not (ROOT / path).is_file() or (name and name not in generator.functions(path)):
            missing.add(test)
    assert sorted(missing) == []


def test_the_page_is_what_would_be_generated_today(generator):
    assert generator.PAGE.read_text("utf-8") == generator.page(), "run: make generated"


def test_the_rows_are_all_that_the_schema_and_the_product_have(generator):
    """The schema has a body for each operation and event of the product, and no other."""
    bodies = {
        *(model.__name__ for model in (*REQUESTS.values(), *RESPONSES.values(), *EVENTS.values())),
        "ScanDestinations",
        "DestinationResponses",
        grammar.IN_NO_MESSAGE,
    }
    assert set(grammar.ROOTS) == bodies
    rows = generator.keys()
    assert {f"operation 2006/08 {name}" for name in Operation} <= set(rows)
    assert {f"event 2006/08 {name}" for name in EventName} <= set(rows)
    assert (len(Operation), len(EventName), len([row for row in rows if row.startswith("fault wscn:")])) == (8, 7, 13)


def test_a_row_that_lost_its_test_is_noticed(generator, monkeypatch):
    kept = json.loads(generator.PROOFS.read_text("utf-8"))
    del kept["sent JobStatus/JobState"]
    monkeypatch.setattr(generator, "proofs", lambda: kept)
    assert "| `JobStatus` | `JobState` |  | **no test** |" in generator.page()
