"""Where the product reads time, starts threads or rolls dice by itself is known to the rig, every single place."""

import ast
import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from hil.rig.hands import NOT_HERE, ROOMS, taken
from hil.rig.turns import Turns

ROOT = Path(__file__).parents[3]
HANDS = {"threading", "time", "concurrent", "random", "multiprocessing"}


@cache
def rooms() -> frozenset[str]:
    return frozenset(_rooms())


def _rooms() -> Iterator[str]:
    for package in ("bridge", "drivers"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    names = [node.module]
                if {name.split(".")[0] for name in names} & HANDS:
                    yield ".".join(path.relative_to(ROOT).with_suffix("").parts)


def is_known(room: str) -> bool:
    return any(f"{room}.".startswith(f"{name}.") for name in NOT_HERE)


def test_every_room_with_a_hand_of_its_own_is_taken_or_has_a_reason_not_to_be():
    unknown = {room for room in rooms() if room not in ROOMS and not is_known(room)}
    assert unknown == set(), "say in hil/rig/hands.py what the rig does about it"


def test_no_reason_is_given_for_a_room_that_has_no_hand():
    assert {name for name in NOT_HERE if not any(f"{room}.".startswith(f"{name}.") for room in rooms())} == set()


def test_what_is_taken_is_given_back():
    before = {
        (room, hand): getattr(importlib.import_module(room), hand) for room, hands in ROOMS.items() for hand in hands
    }
    with taken(Turns()):
        assert all(getattr(importlib.import_module(room), hand) is not value for (room, hand), value in before.items())
        with pytest.raises(RuntimeError, match="hand-turned world"), taken(Turns()):
            pass
    assert all(getattr(importlib.import_module(room), hand) is value for (room, hand), value in before.items())
