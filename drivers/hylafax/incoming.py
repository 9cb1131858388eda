"""Faxes that are received: from the call to the file in recvq.

A reception is known by its modem until its document is complete, and only then by its file; its id stays what it was.
The file of one that nobody saw coming is its own id. HylaFAX does not tell when faxrcvd has done with a document: it
is being routed until its modem is ready again, ROUTED_AFTER at most.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from drivers.contract.fax import Cause, Direction, FaxPhase, FaxReport, Operation
from drivers.hylafax.events import Heard
from drivers.hylafax.listings import ListedFile, ListedModem
from drivers.hylafax.words import Event
from drivers.hylafax.xferfaxlog import Record

HISTORY: Final = 50  # files that are shown at the start
FAILED_KEPT: Final = 50  # receptions without a document have nothing that could vanish
ROUTED_AFTER: Final = timedelta(minutes=2)
_LIVE: Final = frozenset({FaxPhase.RECEIVING, FaxPhase.ROUTING})
_VIEW: Final = frozenset({Operation.VIEW})


@dataclass(frozen=True, slots=True)
class _Fax:
    id: str
    phase: FaxPhase
    modem: str = ""
    file: str = ""
    pages: int = 0
    size: int | None = None
    sender: str = ""
    caller: str = ""
    reason: str = ""
    began: datetime | None = None
    ended: datetime | None = None


class Incoming:
    """All of them."""

    def __init__(self) -> None:
        self._faxes: dict[str, _Fax] = {}
        self._on: dict[str, str] = {}  # modem → id of what it receives
        self._callers: dict[str, str] = {}  # modem → number
        self._files: frozenset[str] | None = None  # complete, at the last listing
        self._old: frozenset[str] = frozenset()  # complete before we came, and not shown

    def hear(self, heard: Heard) -> bool:
        """Whether it changes what is shown."""
        modem = heard.modem
        match heard.event:
            case Event.MODEM_CID:
                self._callers[modem] = heard.number
            case Event.MODEM_READY:
                self._callers.pop(modem, None)
                return self._ready(modem)
            case Event.RECV_BEGIN:
                self._begin(heard)
            case Event.RECV_START | Event.RECV_PAGE:
                self._goes_on(heard)
            case Event.RECV_DOC:
                self._goes_on(heard)
                self._put(replace(self._fax(modem), file=heard.file))
            case Event.RECV_END:
                self._end(heard)
            case _:
                return False
        return heard.event is not Event.MODEM_CID

    def _begin(self, heard: Heard) -> None:
        name = f"{heard.modem or 'line'}-{heard.at:%Y%m%dT%H%M%S}"
        while name in self._faxes:
            name += "+"
        self._put(_Fax(name, FaxPhase.RECEIVING, heard.modem, caller=self._callers.get(heard.modem, "")))
        self._on[heard.modem] = name

    def _goes_on(self, heard: Heard) -> None:
        if heard.modem not in self._on or self._fax(heard.modem).file:  # the next document of the same call
            before = self._fax(heard.modem) if heard.modem in self._on else None
            self._begin(heard)
            if before is not None:
                self._put(replace(before, phase=FaxPhase.ROUTING, ended=heard.at))
        fax = self._fax(heard.modem)
        pages = max(fax.pages, heard.pages or 0)
        self._put(replace(fax, pages=pages, sender=heard.sender or fax.sender, began=fax.began or heard.at))

    def _end(self, heard: Heard) -> None:
        name = self._on.pop(heard.modem, None)
        if name is not None:
            fax = self._faxes[name]
            now = FaxPhase.ROUTING if fax.file else FaxPhase.FAILED
            self._put(replace(fax, phase=now, ended=heard.at))

    def _ready(self, modem: str) -> bool:
        """The modem has done with its last call, whatever was heard of its end."""
        waiting = [each for each in self._faxes.values() if each.modem == modem and each.phase in _LIVE]
        for each in waiting:
            self._put(replace(each, phase=FaxPhase.DONE if each.file else FaxPhase.FAILED))
        self._on.pop(modem, None)
        return bool(waiting)

    def deaf(self) -> None:
        """Events were lost: of what is being received nobody knows how it goes on. Its file will show itself."""
        self._faxes = {name: each for name, each in self._faxes.items() if each.phase is not FaxPhase.RECEIVING}
        self._on.clear()
        self._callers.clear()

    def see(self, listed: tuple[ListedFile, ...], now: datetime) -> None:
        """A listing."""
        known = {each.file: each.id for each in self._faxes.values() if each.file}
        # hfaxd lists a file that grows as if it were complete: while a modem receives, a new file may be that one.
        held_back = bool(self._on) and self._files is not None
        shown = known.keys() | (self._files or frozenset())
        complete = sorted(
            (each for each in listed if not each.receiving and (not held_back or each.name in shown)),
            key=lambda each: each.name,
        )
        names = frozenset(each.name for each in complete)
        if self._files is None:
            self._old = frozenset(each.name for each in complete[:-HISTORY])
        self._old &= names
        self._files = names
        for each in listed:
            if each.name not in self._old and (each.name in names or (each.receiving and not self._on)):
                self._see(each, known.get(each.name, each.name))
        present = {each.name for each in listed}
        self._faxes = {
            name: self._routed(each, now)
            for name, each in self._faxes.items()
            # what ends just now is listed a moment later
            if not each.file or each.file in present or each.phase in _LIVE
        }
        for name in [name for name, each in self._faxes.items() if each.phase is FaxPhase.FAILED][:-FAILED_KEPT]:
            del self._faxes[name]

    def _see(self, listed: ListedFile, name: str) -> None:
        fax = self._faxes.get(name) or _Fax(name, FaxPhase.RECEIVING, file=listed.name)
        done = fax.phase is FaxPhase.RECEIVING and not listed.receiving and name not in self._on.values()
        self._put(
            replace(
                fax,
                phase=FaxPhase.DONE if done else fax.phase,
                pages=max(fax.pages, listed.pages),
                size=listed.size,
                sender=fax.sender or listed.sender,
                caller=fax.caller or listed.caller_number,
                ended=fax.ended or (None if listed.receiving else listed.at),
            )
        )

    @staticmethod
    def _routed(fax: _Fax, now: datetime) -> _Fax:
        late = fax.phase is FaxPhase.ROUTING and fax.ended is not None and now - fax.ended > ROUTED_AFTER
        return replace(fax, phase=FaxPhase.DONE) if late else fax

    def explain(self, records: list[Record]) -> None:
        """What the server's log says of documents that are there: who took them, and why they are not whole."""
        by_file = {each.file: each for each in records if each.file}
        for fax in tuple(self._faxes.values()):
            if (record := by_file.get(fax.file)) is not None:
                self._put(replace(fax, reason=record.reason, modem=fax.modem or record.modem))

    def reports(self, modems: dict[str, ListedModem]) -> tuple[FaxReport, ...]:
        return tuple(_report(each, modems.get(each.modem)) for each in self._faxes.values())

    @property
    def receiving(self) -> frozenset[str]:
        """The modems that are at it."""
        return frozenset(each.modem for each in self._faxes.values() if each.phase is FaxPhase.RECEIVING)

    @property
    def archived(self) -> frozenset[str]:
        """What has come and is kept."""
        return self._files or frozenset()

    def _fax(self, modem: str) -> _Fax:
        return self._faxes[self._on[modem]]

    def _put(self, fax: _Fax) -> None:
        self._faxes[fax.id] = fax


def _report(fax: _Fax, modem: ListedModem | None) -> FaxReport:
    cut = bool(fax.reason) and fax.pages > 0
    return FaxReport(
        fax.id,
        Direction.INCOMING,
        fax.phase,
        cause=Cause.PARTIALLY_RECEIVED if cut else None,
        detail=fax.reason or None,
        pages_done=fax.pages,
        size=fax.size,
        line=fax.modem or None,
        remote_id=fax.sender or None,
        local_id=modem.local_id or None if modem else None,
        caller_id=fax.caller or None,
        retries=0,
        began=fax.began,
        ended=fax.ended,
        can=_VIEW if fax.file and fax.phase not in _LIVE else frozenset(),
    )
