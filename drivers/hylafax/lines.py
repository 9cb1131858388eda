"""The modems: which of them ring or are down, and who calls."""

import itertools
from typing import Final

from drivers.contract.fax import FaxCall, FaxLine
from drivers.hylafax.events import Heard
from drivers.hylafax.listings import ListedModem
from drivers.hylafax.words import Event

MODEMS_MAX: Final = 256
_DOWN: Final = frozenset({Event.MODEM_DOWN, Event.MODEM_WEDGED})
_ANSWERED: Final = frozenset(
    {Event.RECV_BEGIN, Event.MODEM_DATA_BEGIN, Event.MODEM_VOICE_BEGIN, Event.MODEM_INUSE, Event.MODEM_ASSIGN}
)


class Lines:
    """All of them."""

    def __init__(self) -> None:
        self._modems: dict[str, ListedModem] = {}
        self._ringing: set[str] = set()
        self._down: set[str] = set()
        self._told: set[str] = set()  # modems whose present call was told
        self._serials = itertools.count(1)

    @property
    def modems(self) -> dict[str, ListedModem]:
        """By name; a modem that was listed once stays known."""
        return self._modems

    def see(self, listed: tuple[ListedModem, ...]) -> None:
        """A listing, which leaves a modem out for moments."""
        for each in listed:
            if each.name in self._modems or len(self._modems) < MODEMS_MAX:
                self._modems[each.name] = each

    def hear(self, heard: Heard) -> tuple[bool, FaxCall | None]:
        """Whether a line changed, and the call that came in."""
        name = heard.modem
        before = (name in self._ringing, name in self._down)
        call = None
        if heard.event is Event.MODEM_CID:
            self._ringing.add(name)
            call = self._call(name, heard.number)
        elif heard.event in _ANSWERED:
            self._ringing.discard(name)
            if heard.event is Event.RECV_BEGIN:
                call = self._call(name, "")
        elif heard.event is Event.MODEM_READY or heard.event in _DOWN:
            self._ringing.discard(name)
            self._told.discard(name)
            (self._down.add if heard.event in _DOWN else self._down.discard)(name)
        return before != (name in self._ringing, name in self._down), call

    def _call(self, name: str, number: str) -> FaxCall | None:
        if not name or name in self._told:
            return None
        self._told.add(name)
        return FaxCall(name, number, next(self._serials))

    def reports(self, sending: frozenset[str], receiving: frozenset[str]) -> tuple[FaxLine, ...]:
        return tuple(
            FaxLine(name, name in sending, name in receiving, name in self._ringing, name in self._down)
            for name in sorted(self._modems)
        )
