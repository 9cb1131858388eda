"""What the SNMP tests share: recordings, a clock turned by hand, a link that needs no socket."""

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from drivers.contract.errors import DeviceTimeout
from drivers.snmp.reading import Value
from hil.snmp.ber import Typed
from hil.snmp.mib import Mib, oid

ROOT = Path(__file__).parents[3]


@pytest.fixture
def recordings() -> Path:
    """The saved walks of real devices; without them the tests on simulated devices remain."""
    folder = ROOT / os.environ.get("WSD_REALDATA", "../shared/realdata") / "snmp"
    if not folder.is_dir():
        pytest.skip(f"no recordings in {folder}: set WSD_REALDATA")
    return folder


class HandClock:
    """Time that passes only in `sleep` or by `turn`."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC) + timedelta(seconds=self.seconds - 1000)

    def monotonic(self) -> float:
        return self.seconds

    def boottime(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    def turn(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def plain(typed: Typed | None) -> Value | None:
    """As a link hands values on."""
    value = None if typed is None else typed.value
    return ".".join(str(arc) for arc in value) if isinstance(value, tuple) else value


class MibLink:
    """A link to objects instead of a socket; None is silence. Counts what was asked."""

    def __init__(self, source: Callable[[], Mib | None]) -> None:
        self._source = source
        self.asked: list[tuple[str, ...]] = []
        self.walked: list[str] = []

    def _mib(self) -> Mib:
        mib = self._source()
        if mib is None:
            raise DeviceTimeout("silence")
        return mib

    async def get(self, oids: Sequence[str]) -> dict[str, Value | None]:
        self.asked.append(tuple(oids))
        mib = self._mib()
        return {name: plain(mib.get(oid(name))) for name in oids}

    async def walk(self, root: str, *, rows: int = 500, seconds: float = 10.0, after: str = "") -> dict[str, Value]:
        self.walked.append(root)
        mib, at = self._mib(), oid(after or root)
        found: dict[str, Value] = {}
        while (follower := mib.after(at)) and follower[0][: len(oid(root))] == oid(root) and len(found) < rows:
            at = follower[0]
            value = plain(follower[1])
            if value is not None:
                found[".".join(str(arc) for arc in at)] = value
        return found

    async def close(self) -> None:
        pass


@pytest.fixture
def link_to() -> type[MibLink]:
    return MibLink
