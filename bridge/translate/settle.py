"""The general rule for one setting of a ticket, and how its outcome is told.

A setting that cannot be had is refused when the client marked it MustHonor and replaced otherwise (`Override`); one
left out gets its default (`UsedDefault`). Spec: WS-Scan MustHonor, Override, UsedDefault.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from bridge.wsscan import faults
from bridge.wsscan.settings import Asked, UsedLength

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Settled(Generic[T]):
    """One setting as it will be used, and how that compares to what was asked. None stands for false."""

    value: T
    override: bool | None = None
    used_default: bool | None = None


def honored(asked: Asked | None) -> bool:
    """Whether the client would rather have no scan than another value."""
    return bool(asked is not None and asked.must_honor)


def settle(asked: T | None, must_honor: bool | None, usable: Callable[[T], bool], default: T, path: str) -> Settled[T]:
    """What becomes of one setting. Raises OperationRefused (wscn:InvalidArgs)."""
    if asked is None:
        return Settled(default, used_default=True)
    if usable(asked):
        return Settled(asked)
    if must_honor:
        raise faults.invalid_args(f"{path} {asked} is not supported and MustHonor is set")
    return Settled(default, override=True)


def length(settled: Settled[int], replaced: bool | None = None) -> UsedLength:
    """A length or a resolution as it is told; `replaced`: it stands in for something else that was asked."""
    used_default = None if replaced else settled.used_default
    return UsedLength(value=settled.value, override=replaced or settled.override, used_default=used_default)
