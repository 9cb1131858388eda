"""The kernel's own picture, read for real: every machine has a loopback interface."""

import asyncio
import ipaddress
from contextlib import suppress

import pytest

from bridge.net import interfaces
from drivers.contract.clock import SystemClock


def test_loopback_is_read_with_its_address() -> None:
    lo = next(each for each in interfaces.read() if each.name == "lo")
    assert lo.loopback
    assert lo.index == 1
    assert "127.0.0.1" in [str(each.ip) for each in lo.addresses]


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("127.0.0.1", True),
        ("127.0.0.77", True),
        ("192.0.2.9", False),  # TEST-NET-1: behind a gateway, or nowhere
        ("239.255.255.250", False),
        ("0.0.0.0", False),
        ("::", False),
        ("ff02::c", False),
        ("fe80::9%lo", True),  # link-local is on the link that it came in on
    ],
)
def test_only_neighbours_are_neighbours(peer: str, expected: bool) -> None:
    lo = next(each for each in interfaces.read() if each.name == "lo")
    assert interfaces.is_neighbour(lo, ipaddress.ip_address(peer)) is expected


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("198.51.100.1", "198.51.100.1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
        ("eth0", None),
        ("", None),
    ],
)
def test_an_address_is_read_as_sockets_write_it(text: str, address: str | None) -> None:
    found = interfaces.parsed(text)
    assert (None if found is None else str(found)) == address


async def test_who_watches_is_told_at_once_what_is() -> None:
    told = asyncio.Event()
    watching = asyncio.create_task(interfaces.watch(told.set, SystemClock()))
    await asyncio.wait_for(told.wait(), 5)
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
