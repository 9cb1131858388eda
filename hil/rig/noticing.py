"""What is seen to happen to a simulated device, at the moment when it happens: for the marks on a timeline.

A stimulus that is armed for the middle of a page comes when the carriage is there, which only the model knows.
"""

from collections.abc import Callable, Iterable, Iterator

from hil.devices.stimuli import Stimulus
from hil.devices.usb.descriptors import Description
from hil.devices.usb.device import Refusal, Setup, SimulatedUsbDevice

_WORDS = {
    "cover_open": ("cover open", "cover closed"),
    "jammed": ("jam", "jam cleared"),
    "double_fed": ("double feed", "double feed cleared"),
    "fatal": ("fatal error", "fatal error cleared"),
    "in_use": ("taken by another host", "given back by another host"),
    "plugged": ("plugged in", "unplugged"),
    "button": ("button pressed", ""),
    "canceled": ("canceled at the panel", ""),
}


class Noticing:
    """Looks at a model's state after each thing that is done with it."""

    def __init__(self, state: Callable[[], object]) -> None:
        self._state = state
        self._before = state()
        self._listeners: list[Callable[[str], None]] = []

    def listen(self, listener: Callable[[str], None]) -> None:
        """Call it with each word, from whichever thread sees it."""
        self._listeners.append(listener)

    def look(self) -> None:
        """Once."""
        before, self._before = self._before, self._state()
        if before != self._before:
            for word in changes(before, self._before):
                for listener in self._listeners:
                    listener(word)


def changes(before: object, now: object) -> Iterator[str]:
    """In words; fields that a family's state has not are passed over."""
    for name, (on, off) in _WORDS.items():
        was, is_ = bool(getattr(before, name, False)), bool(getattr(now, name, False))
        if was != is_ and (word := on if is_ else off):
            yield word
    if getattr(before, "slow", 1.0) != getattr(now, "slow", 1.0):
        yield f"motor at 1/{getattr(now, 'slow', 1.0):g} speed"
    more = getattr(now, "sheets", 0) - getattr(before, "sheets", 0)
    if more > 0:
        yield f"{more} sheets put in"


class Watched:
    """A simulated USB device that is looked at after each call."""

    def __init__(self, device: SimulatedUsbDevice, noticing: Noticing) -> None:
        self._device, self._noticing = device, noticing

    @property
    def description(self) -> Description:
        return self._device.description

    @property
    def plugged(self) -> bool:
        return self._device.plugged

    def update(self, now: float, stimuli: Iterable[Stimulus] = ()) -> float | None:
        try:
            return self._device.update(now, stimuli)
        finally:
            self._noticing.look()

    def reset(self, now: float) -> None:
        self._device.reset(now)

    def control(self, setup: Setup, data: bytes, now: float) -> bytes | Refusal:
        return self._device.control(setup, data, now)

    def write(self, endpoint: int, data: bytes, now: float) -> Refusal | None:
        return self._device.write(endpoint, data, now)

    def read(self, endpoint: int, limit: int, now: float) -> bytes | Refusal | None:
        return self._device.read(endpoint, limit, now)
