"""Presses of a scanner's buttons: each told once, and numbered, so that none is missed and none is taken for two."""

from collections.abc import Mapping
from types import MappingProxyType

from drivers.contract.observation import ButtonPress


class Presses:
    """Of one device, since its driver was opened."""

    def __init__(self, names: Mapping[str, str] = MappingProxyType({})) -> None:
        """`names`: what buttons are called that the device calls something else."""
        self._names = names
        self._count = 0

    def next(self, *buttons: str) -> tuple[ButtonPress, ...]:
        """One of each, in that order."""
        first = self._count + 1
        self._count += len(buttons)
        return tuple(ButtonPress(self._names.get(name, name), number) for number, name in enumerate(buttons, first))


class Held:
    """Which button is down, as one look after the other shows it; 0: none."""

    def __init__(self) -> None:
        self._before: int | None = None  # None: nobody has looked yet

    def is_fresh(self, now: int) -> bool:
        """A button that was up and is down is one press, however long it is held. One that is down at the very first
        look was pressed before anybody was listening."""
        before, self._before = self._before, now
        return before is not None and now not in {0, before}
