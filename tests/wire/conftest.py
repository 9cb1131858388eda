"""Every message that the bridge says in a test of this room is held against the schema, whatever the test looks at; and
what a test shows of WS-Scan is counted, so that docs/conformance.md names no test for a thing it does not show.

Both listen at the bridge's own tap: each HTTP request it read, each answer and each event it sent.
"""

import json
import os
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from lxml import etree

from bridge.wsscan.year import Year, year_of_action
from drivers.contract.tap import TAP, Passed
from tests.schema import grammar, schema

ROOT = Path(__file__).parents[2]
SOAP = "{http://www.w3.org/2003/05/soap-envelope}"
WSA = "{http://schemas.xmlsoap.org/ws/2004/08/addressing}"
SHORT = {
    "http://www.w3.org/2003/05/soap-envelope": "soap",
    "http://schemas.xmlsoap.org/ws/2004/08/addressing": "wsa",
    "http://schemas.xmlsoap.org/ws/2004/08/eventing": "wse",
    "http://schemas.xmlsoap.org/ws/2005/04/discovery": "wsd",
    "http://schemas.xmlsoap.org/ws/2006/02/devprof": "wsdp",
    "http://schemas.microsoft.com/windows/2008/12/wdp/distributedscan/processing": "dsp",
    **dict.fromkeys((year.namespace for year in Year), "wscn"),
}
MEASURING = "WSD_CONFORMANCE_SHOWN"  # a file for what was shown; no claim is checked while claims are made
MAX_ENVELOPE = 32_767  # DPWS 2006 appendix I
# Refusals that need the whole request understood; a request refused otherwise proves nothing about its elements.
UNDERSTOOD = ("wscn:ClientErrorFormatNotSupported", "wscn:ClientErrorConflictingRequiredParameters")

_shown: defaultdict[str, set[str]] = defaultdict(set)  # by function of this room
_ran: defaultdict[str, set[str]] = defaultdict(set)
_collected: defaultdict[str, set[str]] = defaultdict(set)
_failed: set[str] = set()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Before any is deselected: a test proves what all its parameters together show."""
    for item in items:
        _collected[_function(item)].add(item.nodeid)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.failed:
        _failed.add(report.nodeid.partition("[")[0])


def pytest_sessionfinish(session: pytest.Session) -> None:
    """docs/generate_conformance.py asks for what was shown."""
    place = os.environ.get(MEASURING)
    if place:
        text = json.dumps({name: sorted(keys) for name, keys in sorted(_shown.items()) if name not in _failed})
        Path(place).write_text(text, encoding="utf-8")


@pytest.fixture(autouse=True)
def all_that_is_said_is_valid(request: pytest.FixtureRequest) -> Iterator[None]:
    passed: list[Passed] = []
    TAP.listen(passed.append)
    try:
        yield
    finally:
        TAP.unlisten(passed.append)
    name = _function(request.node)
    _shown[name] |= judged(passed)
    _ran[name].add(request.node.nodeid)
    one_of_many = any("[" in str(argument) for argument in request.config.args)
    if _ran[name] == _collected[name] and not one_of_many and MEASURING not in os.environ:
        lost = claims().get(name, frozenset()) - _shown[name]
        assert not lost, f"docs/conformance.md says that this test shows {sorted(lost)}. {MEND}"


MEND = "Run: .venv/bin/python docs/generate_conformance.py --measure"


@cache
def claims() -> dict[str, frozenset[str]]:
    """What the table says of each function."""
    proofs: dict[str, str] = json.loads((ROOT / "docs" / "conformance_proofs.json").read_text("utf-8"))
    found: defaultdict[str, set[str]] = defaultdict(set)
    for key, name in proofs.items():
        found[name].add(key)
    return {name: frozenset(keys) for name, keys in found.items()}


def judged(passed: list[Passed]) -> set[str]:
    """The keys of all that was said and read. Raises AssertionError for what the bridge should not have said."""
    shown: set[str] = set()
    asked: dict[str, etree._Element | None] = {}  # by who asked
    for each in passed:
        peer = str(each.facts.get("peer", ""))
        way = each.facts.get("way")
        if each.lane != "http" or (way == "in" and "url" not in each.facts):
            continue
        if way == "in" and peer:
            asked[peer] = _readable(each.data)
        elif way == "out" and peer:
            shown |= _answer(each, asked.pop(peer, None))
        elif way == "out":
            envelope = etree.fromstring(each.data)
            shown |= _said(envelope, each.data)
            action = envelope.findtext(f"{SOAP}Header/{WSA}Action", "")
            shown.add(f"event {_year_and_name(action)}")
    return shown


def _answer(answer: Passed, request: etree._Element | None) -> set[str]:
    if answer.facts.get("type") == "image":
        found = re.search(rb"<[^<>]*Envelope.*</[^<>]*Envelope>", answer.data, re.DOTALL)
        assert found is not None, answer.data
        said = found[0]
    elif "soap" in str(answer.facts.get("type")):
        said = answer.data
    else:  # 202 without a word, or what is not SOAP's business
        assert not answer.data or answer.facts["status"] in (403, 404, 405, 413), answer
        return set()
    envelope = etree.fromstring(said)
    shown = _said(envelope, said)
    action = "" if request is None else request.findtext(f"{SOAP}Header/{WSA}Action", "").strip()
    operation = action.rpartition("/")[2]
    fault = envelope.find(f"{SOAP}Body/{SOAP}Fault")
    if fault is not None:
        code = _code(fault)
        shown |= {f"fault {code}", f"fault {operation} {code}"}
        if code not in UNDERSTOOD:
            return shown
    else:
        assert answer.facts["status"] == 200, answer
        shown.add(f"operation {_year_and_name(action)}")
        year = year_of_action(action)
        if year is not None:
            other = next(each.namespace for each in Year if each is not year)
            assert other.encode() not in said, f"an answer in two years: {said!r}"
    if request is not None:
        for body in request.iterfind(f"{SOAP}Body"):
            for element in body.iter(etree.Element):
                shown |= set(grammar.shown(element, grammar.READ))
    return shown


def _said(envelope: etree._Element, data: bytes) -> set[str]:
    """What one envelope of ours shows, once it was found to be in order."""
    assert envelope.tag == f"{SOAP}Envelope"
    assert [str(child.tag) for child in envelope] == [f"{SOAP}Header", f"{SOAP}Body"]
    assert len(data) <= MAX_ENVELOPE
    assert len(envelope.findall(f"{SOAP}Header/{WSA}Action")) == 1
    shown: set[str] = set()
    for element in _outermost(envelope[1]):
        name = etree.QName(element)
        assert name.localname in grammar.ROOTS or element.getparent().tag == f"{SOAP}Detail", element.tag
        if name.localname in grammar.ROOTS:
            schema.validate(element, grammar.NAMESPACES[str(name.namespace)])
            assert grammar.direction(name.localname) == grammar.SENT, element.tag
            shown |= set(grammar.shown(element, grammar.SENT))
    return shown


def _outermost(parent: etree._Element) -> Iterator[etree._Element]:
    """WS-Scan's elements that stand in nobody else's of WS-Scan."""
    for child in parent.iterchildren(etree.Element):
        if etree.QName(child).namespace in grammar.NAMESPACES:
            yield child
        else:
            yield from _outermost(child)


def _code(fault: etree._Element) -> str:
    """`prefix:Name` of the most special code, its prefix one of ours."""
    code = fault.find(f"{SOAP}Code")
    assert code is not None
    value = code.find(f"{SOAP}Subcode/{SOAP}Value")
    found = code.find(f"{SOAP}Value") if value is None else value
    assert found is not None
    prefix, _, local = (found.text or "").partition(":")
    return f"{SHORT[str(found.nsmap[prefix])]}:{local}"


def _year_and_name(action: str) -> str:
    year = year_of_action(action)
    name = action.rpartition("/")[2]
    return name if year is None else f"{year} {name}"


def _readable(data: bytes) -> etree._Element | None:
    try:
        return etree.fromstring(data, etree.XMLParser(resolve_entities=False))
    except etree.XMLSyntaxError:
        return None


def _function(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]
