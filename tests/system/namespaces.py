"""Networks of our own to be found in: network namespaces joined by veth pairs, gone at the end whatever happens.

    with laboratory("here", "there") as lab:
        lab.join("here", "wa", "there", "wb")
        lab.address("here", "wa", "198.51.100.1/24")
        await lab.inside("there", ask)

Needs root. Nothing outside of the namespaces is touched.
"""

import asyncio
import ctypes
import itertools
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")
_CLONE_NEWNET = 0x40000000
_SECONDS = 20
_numbers = itertools.count()


@dataclass
class Laboratory:
    """Namespaces by the names that a test gives them."""

    prefix: str
    names: tuple[str, ...]
    _joined: list[tuple[str, str]] = field(default_factory=list)

    def real(self, name: str) -> str:
        """What the system calls it."""
        return f"{self.prefix}{name}"

    def enter(self, name: str) -> tuple[str, ...]:
        """The words before a command that runs there. /run is its own: daemons leave nothing in the machine's."""
        script = 'mount -t tmpfs none /run && exec "$@"'
        return ("ip", "netns", "exec", self.real(name), "sh", "-c", script, "sh")

    def ip(self, name: str, *words: str) -> str:
        """`ip -n NAMESPACE WORDS`"""
        return _run("ip", "-n", self.real(name), *words)

    def join(self, one: str, device: str, other: str, peer: str) -> None:
        """A cable between two namespaces, plugged in."""
        self.ip(one, "link", "add", device, "type", "veth", "peer", "name", peer, "netns", self.real(other))
        for name, end in ((one, device), (other, peer)):
            self.ip(name, "link", "set", end, "up")

    def address(self, name: str, device: str, *addresses: str) -> None:
        """Add addresses; IPv6 ones are usable at once, nobody is asked whether they are taken."""
        for each in addresses:
            self.ip(name, "addr", "add", each, "dev", device, *(["nodad"] if ":" in each else []))

    def link_local(self, name: str, device: str) -> str:
        """The IPv6 link-local address, when duplicate detection is through with it."""
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            for line in self.ip(name, "-6", "-o", "addr", "show", "dev", device, "scope", "link").splitlines():
                words = line.split()
                if "tentative" not in words:
                    return words[3].partition("/")[0]
            time.sleep(0.1)
        raise AssertionError(f"{device} has no link-local address")

    async def inside(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        """Run a coroutine function in an event loop of its own, in a thread that lives in that namespace."""
        outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        loop = asyncio.get_running_loop()

        def body() -> None:
            try:
                with Path("/run/netns", self.real(name)).open() as place:
                    libc = ctypes.CDLL(None, use_errno=True)
                    if libc.setns(place.fileno(), _CLONE_NEWNET):
                        raise OSError(ctypes.get_errno(), "setns")
                result = asyncio.run(_awaited(work))
            except BaseException as err:  # noqa: BLE001 - handed to the test
                loop.call_soon_threadsafe(outcome.set_exception, err)
            else:
                loop.call_soon_threadsafe(outcome.set_result, result)

        threading.Thread(target=body, daemon=True).start()
        return await outcome


async def _awaited(work: Callable[[], Awaitable[T]]) -> T:
    return await work()


@contextmanager
def laboratory(*names: str) -> Iterator[Laboratory]:
    """Empty namespaces with nothing but lo; where they cannot be made the test fails in CI and is skipped elsewhere."""
    lab = Laboratory(f"wsd{os.getpid()}-{next(_numbers)}-", names)
    try:
        for name in names:
            _add(lab.real(name))
            lab.ip(name, "link", "set", "lo", "up")
        yield lab
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", lab.real(name)], check=False, capture_output=True, timeout=_SECONDS)


def _add(name: str) -> None:
    why = "no ip command" if shutil.which("ip") is None else ""
    if not why:
        made = subprocess.run(
            ["ip", "netns", "add", name], check=False, capture_output=True, text=True, timeout=_SECONDS
        )
        why = made.stderr.strip() if made.returncode else ""
    if why and os.environ.get("CI") == "true":
        pytest.fail(f"network namespaces: {why}")
    if why:
        pytest.skip(f"network namespaces: {why}")


def _run(*command: str) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_SECONDS)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr.strip()}"
    return done.stdout
