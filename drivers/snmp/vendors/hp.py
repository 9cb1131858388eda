"""HP LaserJet MFPs: the scan-upload handshake, the scanner's not-ready bits, page counters, the scan button.

Spec: HP-LASERJET-COMMON-MIB (settings-scanner, status-scanner, id); the numbers that MIB leaves out (error codes of
scan-upload-error, bits of not-ready-source-scanner and scanner-modular-hardware) are those HPLIP uses.
Read-only: the button is acknowledged by its host, not by us, so a second press before that is not to be seen.
"""

from datetime import datetime
from enum import IntFlag

from drivers.contract.observation import ButtonPress, Feeder, Readiness, Trouble, TroubleKind, Unit
from drivers.snmp import oids
from drivers.snmp.reading import Reading, number, octets, printable
from drivers.snmp.seen import Seen
from drivers.snmp.vendors import hp_upload
from drivers.snmp.vendors.hp_upload import ERRORS, Look, Upload

PML = "1.3.6.1.4.1.11.2.3.9.4.2.1"  # every object below is read by USB too, as PML of the same number
UPLOAD_ERROR = f"{PML}.2.2.1.6.0"
UPLOAD_STATE = f"{PML}.2.2.1.12.0"
ADF_PAGES_ALL = f"{PML}.2.2.1.44.0"  # scan, copy and fax
ADF_PAGES_SCANNED = f"{PML}.2.2.1.45.0"  # to a host only
FLATBED_PAGES_SCANNED = f"{PML}.2.2.1.73.0"
FLATBED_PAGES_ALL = f"{PML}.2.2.1.74.0"
MODULAR_HARDWARE = f"{PML}.2.2.1.75.0"
NOT_READY = f"{PML}.2.2.2.1.0"
BUTTON = f"{PML}.2.2.2.7.0"

DEVICE_ID = "1.3.6.1.4.1.11.2.3.9.1.1.7.0"  # IEEE 1284
SERIAL_NUMBER = f"{PML}.1.3.3.0"
FIRMWARE_DATE = f"{PML}.1.3.5.0"

BUTTON_ON = 2
ADF_INSTALLED = 0x01  # of scanner-modular-hardware


class NotReady(IntFlag):
    """not-ready-source-scanner."""

    UNKNOWN_ERROR = 0x01
    INVALID_MEDIA_SIZE = 0x02
    FEEDER_OPEN = 0x04
    FEEDER_JAM = 0x08
    FEEDER_EMPTY = 0x10


# The page was longer than the scanner can take: the MIB says that others show this as a jam.
TROUBLES = {
    NotReady.UNKNOWN_ERROR: Trouble(TroubleKind.ATTENTION, Unit.MEDIA_PATH),
    NotReady.INVALID_MEDIA_SIZE: Trouble(TroubleKind.ATTENTION, Unit.FEEDER),
    NotReady.FEEDER_OPEN: Trouble(TroubleKind.COVER_OPEN, Unit.FEEDER),
    NotReady.FEEDER_JAM: Trouble(TroubleKind.JAM, Unit.FEEDER),
}

WORDS = {
    NotReady.UNKNOWN_ERROR: "the scanner reports an unknown error",
    NotReady.INVALID_MEDIA_SIZE: "a page does not fit the scanner",
    NotReady.FEEDER_OPEN: "the document feeder is open",
    NotReady.FEEDER_JAM: "paper jam in the document feeder",
}

# sysUpTime falls when the device restarts, and when it wraps after 497 days: then it was above this.
_ABOUT_TO_WRAP = 2**32 - 8_640_000


def bits(reading: Reading, oid: str) -> int | None:
    """A word of bits; HP sends four octets big-endian, some firmware an INTEGER."""
    raw = octets(reading, oid)
    return int.from_bytes(raw[:8], "big") if raw else number(reading, oid)


def pml_text(raw: bytes) -> str:
    """A PML string without the two octets of its symbol set (0115 Roman-8, 000e, 024e, fde8 UTF-8)."""
    marked = raw[:1] in (b"\x00", b"\x01", b"\x02", b"\xfd")
    return printable(raw[2:] if marked else raw)


def feeder(not_ready: int | None, hardware: int | None) -> Feeder:
    """What the paper sensor says; a device that knows it has no feeder sets the empty bit too."""
    if not_ready is None or (hardware is not None and not hardware & ADF_INSTALLED):
        return Feeder.UNKNOWN
    return Feeder.EMPTY if not_ready & NotReady.FEEDER_EMPTY else Feeder.LOADED


class HpSense:
    """Follows one device's scan-upload object through its readings."""

    objects = (
        UPLOAD_STATE,
        UPLOAD_ERROR,
        NOT_READY,
        MODULAR_HARDWARE,
        BUTTON,
        ADF_PAGES_SCANNED,
        FLATBED_PAGES_SCANNED,
        ADF_PAGES_ALL,
        FLATBED_PAGES_ALL,
    )

    tables: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()

    def __init__(self, opened: datetime) -> None:
        self._track = hp_upload.Track(prefix=f"{opened:%Y%m%dT%H%M%S}")
        self._uptime: int | None = None
        self._button: int | None = None
        self._presses = 0

    @property
    def buttons(self) -> tuple[str, ...]:
        return () if self._button is None else ("scan",)

    @property
    def moving(self) -> bool:
        return self._track.run is not None or bool(self._track.ended)

    def see(self, reading: Reading) -> Seen:
        not_ready = bits(reading, NOT_READY)
        live = [bit for bit in TROUBLES if not_ready is not None and not_ready & bit]
        sensor = feeder(not_ready, bits(reading, MODULAR_HARDWARE))
        look = Look(
            state=_state(number(reading, UPLOAD_STATE)),
            error=number(reading, UPLOAD_ERROR),
            adf=_first(reading, ADF_PAGES_SCANNED, ADF_PAGES_ALL),
            flatbed=_first(reading, FLATBED_PAGES_SCANNED, FLATBED_PAGES_ALL),
            feeder=sensor,
            troubled=bool(live),
            restarted=self._restarted(number(reading, oids.SYS_UPTIME)),
        )
        self._track = hp_upload.follow(self._track, look)
        reasons = [WORDS[bit] for bit in live]
        troubles = {TROUBLES[bit] for bit in live}
        for run in self._track.failed:
            troubles |= ERRORS[run.error].troubles if run.error in ERRORS else frozenset()
            reasons.append(run.explanation)
        told = look.state is not None or not_ready is not None
        return Seen(
            source="HP scan objects",
            readiness=self._readiness(stopped=bool(troubles - {_NO_DOCUMENT})) if told else None,
            troubles=frozenset(troubles),
            feeder=sensor,
            jobs=hp_upload.jobs(self._track),
            presses=self._pressed(number(reading, BUTTON)),
            explanation="; ".join(dict.fromkeys(reasons)),
            facts=_facts(reading, look),
            counters=_counters(reading),
        )

    def _readiness(self, *, stopped: bool) -> Readiness:
        if stopped:
            return Readiness.STOPPED
        return Readiness.BUSY if self._track.run is not None else Readiness.IDLE

    def _restarted(self, uptime: int | None) -> bool:
        before, self._uptime = self._uptime, self._uptime if uptime is None else uptime
        return before is not None and uptime is not None and uptime < before < _ABOUT_TO_WRAP

    def _pressed(self, button: int | None) -> tuple[ButtonPress, ...]:
        before, self._button = self._button, self._button if button is None else button
        if before is None or before == BUTTON_ON or button != BUTTON_ON:
            return ()
        self._presses += 1
        return (ButtonPress("scan", self._presses),)


_NO_DOCUMENT = Trouble(TroubleKind.FEEDER_EMPTY, Unit.FEEDER)


def _state(value: int | None) -> Upload | None:
    return Upload(value) if value in set(Upload) else None


def _first(reading: Reading, *names: str) -> int | None:
    return next((value for oid in names if (value := number(reading, oid)) is not None), None)


def _facts(reading: Reading, look: Look) -> tuple[tuple[str, str], ...]:
    hardware = bits(reading, MODULAR_HARDWARE)
    found = {
        "scan-upload": None if look.state is None else look.state.name.lower(),
        "feeder": None if hardware is None else "installed" if hardware & ADF_INSTALLED else "none",
    }
    return tuple((name, value) for name, value in found.items() if value is not None)


def _counters(reading: Reading) -> tuple[tuple[str, int], ...]:
    hardware = bits(reading, MODULAR_HARDWARE)
    names = {"glass pages": FLATBED_PAGES_ALL, "glass pages to a host": FLATBED_PAGES_SCANNED}
    if hardware is None or hardware & ADF_INSTALLED:  # else they hold anything (M130nw: 10884743)
        names |= {"feeder pages": ADF_PAGES_ALL, "feeder pages to a host": ADF_PAGES_SCANNED}
    return tuple((name, value) for name, oid in names.items() if (value := number(reading, oid)) is not None)
