"""Memory that is shared with a child: what it may fill, who looks at it, and what is left of it afterwards."""

import mmap
import os
from collections.abc import Iterator

import pytest

from drivers.sane.protocol import SLOT, SLOTS
from drivers.sane.slots import AHEAD, Slots


@pytest.fixture
def slots() -> Iterator[Slots]:
    made = Slots()
    yield made
    made.close()


def fill(slots: Slots, slot: int, data: bytes) -> None:
    with mmap.mmap(slots.fd, SLOTS * SLOT) as childs:
        childs[slot * SLOT : slot * SLOT + len(data)] = data


def kept(slots: Slots) -> int:
    """Bytes of memory behind it."""
    return os.fstat(slots.fd).st_blocks * 512


def test_what_the_child_put_into_a_slot_is_seen_where_it_lies(slots: Slots) -> None:
    slot = slots.grant()
    fill(slots, slot, b"rows")
    seen = slots.filled(slot, 4)
    assert isinstance(seen, memoryview)
    fill(slots, slot, b"ROWS")
    assert bytes(seen) == b"ROWS"


def test_a_slot_is_not_granted_while_a_part_of_it_is_looked_at(slots: Slots) -> None:
    slot = slots.grant()
    part = slots.filled(slot, 100)[50:]
    others = [slots.grant() for _ in range(SLOTS - 1)]
    assert slot not in others
    del part
    assert slots.grant() == slot


def test_whoever_keeps_all_that_came_gets_copies_at_last(slots: Slots) -> None:
    held, granted = [], [slots.grant() for _ in range(AHEAD)]
    for number in range(3 * SLOTS):
        slot = granted.pop(0)
        fill(slots, slot, bytes([number]))
        held.append(slots.filled(slot, 1))
        granted.append(slots.grant())
    assert [bytes(each) for each in held] == [bytes([number]) for number in range(3 * SLOTS)]
    assert isinstance(held[0], memoryview)
    assert isinstance(held[-1], bytes)


def test_after_a_scan_its_memory_is_kept_until_it_is_to_be_given_back_and_nobody_looks(slots: Slots) -> None:
    first, second = slots.grant(), slots.grant()
    fill(slots, first, bytes(SLOT))
    fill(slots, second, bytes(SLOT))
    looked_at = slots.filled(first, SLOT)
    slots.give_back()  # while it is filled
    slots.withdraw()
    assert kept(slots) == 2 * SLOT
    slots.give_back()
    assert kept(slots) == SLOT
    assert len(looked_at) == SLOT
    del looked_at
    assert kept(slots) == 0


def test_a_slot_that_was_not_granted_or_is_too_small_is_refused(slots: Slots) -> None:
    slot = slots.grant()
    with pytest.raises(ValueError, match="in slot"):
        slots.filled(slot, SLOT + 1)
    slots.filled(slot, 0)
    for other in (slot, SLOTS, 2**32 - 1):
        with pytest.raises(ValueError, match="in slot"):
            slots.filled(other, 1)


def test_the_child_cannot_make_the_memory_smaller(slots: Slots) -> None:
    with pytest.raises(PermissionError):
        os.ftruncate(slots.fd, 0)
