"""Vendors' private objects as data (tables.toml), and the sense that reads them.

A state tells how ready the scanner is, a trouble keeps it from scanning, a counter is a fact for people. What a device
lacks is not known. The form is described on top of tables.toml.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from drivers.contract.observation import Readiness, Trouble, TroubleKind, Unit
from drivers.snmp import oids
from drivers.snmp.reading import Reading, Value, number, printable
from drivers.snmp.seen import Seen, stops

MOST_COUNTED = 2**40  # the sum of a table: a row that lies must not lead to a number nobody can read

_Object = Annotated[str, Field(pattern=r"^\d+(\.\d+)*$")]


def _whole_numbers(means: dict[str, tuple[TroubleKind, Unit]]) -> dict[str, tuple[TroubleKind, Unit]]:
    if not all(value.isdigit() for value in means):
        raise ValueError("means takes numbers")
    return means


_Means = Annotated[dict[str, tuple[TroubleKind, Unit]], AfterValidator(_whole_numbers)]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)


class State(_Row):
    """One object that tells how ready the device is."""

    object: _Object
    means: dict[str, Readiness]


class Fault(_Row):
    """One object that tells a trouble by number."""

    object: _Object
    means: _Means


class Alerts(_Row):
    """A table whose rows are troubles."""

    codes: _Object
    texts: _Object
    means: _Means


class Types(BaseModel):
    """Which rows of a column count."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: _Object
    values: tuple[int, ...]


class Counter(_Row):
    """A number that only grows."""

    object: _Object
    types: Types | None = None
    column: bool = False  # without `types`: it has rows, and all of them count


class Names(BaseModel):
    """Objects that say who a device is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: _Object | None = None
    serial: _Object | None = None
    firmware: _Object | None = None


class Vendor(BaseModel):
    """All that is known of one maker's objects."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enterprise: int
    name: str
    also: tuple[str, ...] = ()
    identity: Names = Names()
    state: tuple[State, ...] = ()
    trouble: tuple[Fault, ...] = ()
    alerts: tuple[Alerts, ...] = ()
    counter: tuple[Counter, ...] = ()

    def oid(self, below: str) -> str:
        """An object of tables.toml in full."""
        return f"{oids.ENTERPRISES}.{self.enterprise}.{below}"


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    vendor: tuple[Vendor, ...]


@cache
def vendors() -> Mapping[int, Vendor]:
    """By enterprise number."""
    text = (resources.files("drivers") / "snmp" / "vendors" / "tables.toml").read_text("utf-8")
    return {each.enterprise: each for each in _File.model_validate(tomllib.loads(text)).vendor}


class TableSense:
    """`vendors.sense.Sense` for a vendor whose objects are data."""

    buttons: tuple[str, ...] = ()
    moving = False

    def __init__(self, vendor: Vendor) -> None:
        self._vendor = vendor
        singles = (*(each.object for each in vendor.state), *(each.object for each in vendor.trouble))
        self.objects = tuple(vendor.oid(each) for each in singles)
        roots = [root for each in vendor.alerts for root in (each.codes, each.texts)]
        roots += [each.object for each in vendor.counter if each.types or each.column]
        roots += [each.types.column for each in vendor.counter if each.types]
        self.tables = tuple(vendor.oid(root) for root in dict.fromkeys(roots))
        lone = [each.object for each in vendor.counter if not (each.types or each.column)]
        # Sources name some objects with their instance and some without.
        self.asked = tuple(vendor.oid(each) for name in lone for each in (name, f"{name}.0"))

    def see(self, reading: Reading) -> Seen:
        readiness, words = self._readiness(reading)
        troubles, reasons = self._troubles(reading)
        return Seen(
            source=f"{self._vendor.name} objects",
            readiness=stops(frozenset(troubles)) or readiness,
            troubles=frozenset(troubles),
            explanation="; ".join(reasons),
            facts=tuple(words),
            counters=tuple(self._counts(reading)),
        )

    def _readiness(self, reading: Reading) -> tuple[Readiness | None, list[tuple[str, str]]]:
        """A text that means nothing to us (panels speak forty languages) tells nothing."""
        found, words = None, []
        for state in self._vendor.state:
            value = reading.get(self._vendor.oid(state.object))
            said = printable(value) if isinstance(value, bytes) else "" if value is None else str(value)
            if not said:
                continue
            words.append((state.name, said[:80]))
            meant = (
                ready
                for means, ready in state.means.items()
                if (said == means if means.isdigit() else means in said.lower())
            )
            found = found or next(meant, None)
        return found, words

    def _troubles(self, reading: Reading) -> tuple[set[Trouble], list[str]]:
        troubles, reasons = set(), []
        for fault in self._vendor.trouble:
            meant = fault.means.get(str(number(reading, self._vendor.oid(fault.object))))
            if meant is not None:
                troubles.add(Trouble(*meant))
                reasons.append(f"{fault.name}: {meant[0]}")
        for alerts in self._vendor.alerts:
            for index, code in _below(reading, self._vendor.oid(alerts.codes)).items():
                meant = alerts.means.get(str(code))
                if meant is not None:
                    text = reading.get(f"{self._vendor.oid(alerts.texts)}.{index}")
                    troubles.add(Trouble(*meant))
                    said = printable(text) if isinstance(text, bytes) else ""
                    reasons.append(said[:80] or f"{alerts.name}: {meant[0]}")
        return troubles, list(dict.fromkeys(reasons))

    def _counts(self, reading: Reading) -> list[tuple[str, int]]:
        told = []
        for counter in self._vendor.counter:
            rows = _below(reading, self._vendor.oid(counter.object))
            if counter.types is not None:
                kinds = _below(reading, self._vendor.oid(counter.types.column))
                rows = {index: value for index, value in rows.items() if kinds.get(index) in counter.types.values}
            numbers = [value for value in rows.values() if isinstance(value, int) and value >= 0]
            if numbers and sum(numbers) < MOST_COUNTED:
                told.append((counter.name, sum(numbers)))
        return told


def _below(reading: Reading, root: str) -> dict[str, Value]:
    """What a reading has of one column, by index; the object itself has an empty one."""
    found = {}
    for oid, value in reading.items():
        if value is not None and (oid == root or oid.startswith(root + ".")):
            found[oid.removeprefix(root).removeprefix(".")] = value
    return found
