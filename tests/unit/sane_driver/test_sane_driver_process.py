"""What a child answers is believed only in its form and in its place. The child is one of ours that answers amiss."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.contract.errors import DeviceGarbled
from drivers.sane import process
from drivers.sane.process import Child, Refused

AMISS = """
import json, struct, sys
def say(text):
    sys.stdout.buffer.write(struct.pack(">cI", b"J", len(text)) + text)
    sys.stdout.buffer.flush()
say(b'{"status": 0, "asked": 0}')
for line in sys.stdin:
    request = json.loads(line)
    asked = request["asked"]
    say({
        "well": json.dumps({"status": 0, "asked": asked, "value": 7}),
        "refuse": json.dumps({"status": 4, "asked": asked, "error": "no"}),
        "before": json.dumps({"status": 0, "asked": asked - 1}),
        "nameless": json.dumps({"status": 0}),
        "list": "[]",
        "deep": "[" * 200_000,
        "half": '{"status": 0',
    }[request["do"]].encode())
"""


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> Iterator[Child]:
    monkeypatch.setattr(process, "_PROGRAM", AMISS)
    started = Child("libnone.so", Path("/"), "the scanner")
    yield started
    started.kill()


def test_an_answer_to_what_was_asked_is_taken(child: Child) -> None:
    for _ in range(3):
        assert child.ask("well", 5)["value"] == 7
        with pytest.raises(Refused, match="no"):
            child.ask("refuse", 5)
    assert child.alive


@pytest.mark.parametrize("how", ["before", "nameless", "list", "deep", "half"])
def test_any_other_answer_ends_the_child(child: Child, how: str) -> None:
    child.ask("well", 5)
    with pytest.raises(DeviceGarbled, match="the scanner"):
        child.ask(how, 5)
    assert not child.alive
