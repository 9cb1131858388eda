"""Which row of the Host Resources MIB speaks for the scanner, and what it says.

Spec: RFC 2790 hrDeviceTable, hrPrinterTable. The MIB knows no scanner type, so a row of type "other" speaks for
the scanner only on a host that has no printer; vendors' own scanner types are data (SCANNER_TYPES).
A printer's row never stands for the scanner: an MFP without toner scans well.
"""

from dataclasses import dataclass
from enum import IntEnum, IntFlag

from drivers.contract.observation import Readiness, Trouble, TroubleKind, Unit
from drivers.snmp import oids
from drivers.snmp.reading import Reading, Value, number, octets, printable
from drivers.snmp.seen import Seen

TYPE_OTHER = "1.3.6.1.2.1.25.3.1.1"
TYPE_PRINTER = "1.3.6.1.2.1.25.3.1.5"
# Sharp MX: "Scanner Unit", "Network Scanner" (recordings).
SCANNER_TYPES = frozenset({"1.3.6.1.4.1.2385.1.1.3.1.1", "1.3.6.1.4.1.2385.1.1.3.1.2"})


class DeviceStatus(IntEnum):
    """hrDeviceStatus."""

    UNKNOWN = 1
    RUNNING = 2
    WARNING = 3
    TESTING = 4
    DOWN = 5


class PrinterStatus(IntEnum):
    """hrPrinterStatus; not read, because it moves with every page that is printed and tells nothing of the scanner."""

    OTHER = 1
    UNKNOWN = 2
    IDLE = 3
    PRINTING = 4
    WARMUP = 5


class PrinterError(IntFlag):
    """hrPrinterDetectedErrorState; BITS, so bit 0 is the highest of the first octet."""

    LOW_PAPER = 0x8000
    NO_PAPER = 0x4000
    LOW_TONER = 0x2000
    NO_TONER = 0x1000
    DOOR_OPEN = 0x0800
    JAMMED = 0x0400
    OFFLINE = 0x0200
    SERVICE_REQUESTED = 0x0100
    INPUT_TRAY_MISSING = 0x0080
    OUTPUT_TRAY_MISSING = 0x0040
    MARKER_SUPPLY_MISSING = 0x0020
    OUTPUT_NEAR_FULL = 0x0010
    OUTPUT_FULL = 0x0008
    INPUT_TRAY_EMPTY = 0x0004
    OVERDUE_MAINTENANCE = 0x0002


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """One row of hrDeviceTable."""

    index: int
    type: str
    description: str


def rows(types: dict[str, Value], descriptions: dict[str, Value]) -> tuple[DeviceRow, ...]:
    """The device table from walks of its columns hrDeviceType and hrDeviceDescr."""
    found = []
    for oid, kind in types.items():
        index = oid.rpartition(".")[2]
        description = descriptions.get(f"{oids.HR_DEVICE_DESCR}.{index}")
        said = printable(description) if isinstance(description, bytes) else ""
        if isinstance(kind, str):
            found.append(DeviceRow(int(index), kind, said))
    return tuple(found)


def printer_row(table: tuple[DeviceRow, ...]) -> DeviceRow | None:
    """The first printer, which carries the MFP's name."""
    return next((row for row in table if row.type == TYPE_PRINTER), None)


def scanner_row(table: tuple[DeviceRow, ...]) -> DeviceRow | None:
    """The row whose hrDeviceStatus is the scanner's; None where no row is."""
    own = next((row for row in table if row.type in SCANNER_TYPES), None)
    if own is not None or printer_row(table) is not None:
        return own
    return next((row for row in table if row.type == TYPE_OTHER), None)


def status(reading: Reading, index: int) -> DeviceStatus | None:
    """hrDeviceStatus of one row."""
    value = number(reading, f"{oids.HR_DEVICE_STATUS}.{index}")
    return DeviceStatus(value) if value in set(DeviceStatus) else None


def printer_errors(reading: Reading, index: int) -> PrinterError:
    """hrPrinterDetectedErrorState of one row; agents send zero, one or two octets."""
    raw = octets(reading, f"{oids.HR_PRINTER_ERRORS}.{index}") or b""
    return PrinterError(int.from_bytes(raw[:2].ljust(2, b"\0"), "big") & 0xFFFE)


@dataclass(frozen=True, slots=True)
class HostDevices:
    """The rows that matter: the printer's, which tells of the MFP as a whole, and the scanner's own."""

    printer: DeviceRow | None
    scanner: DeviceRow | None

    @property
    def objects(self) -> tuple[str, ...]:
        """What each look must read: status, and the alert counters of the Printer MIB, which share the index."""
        wanted = [f"{oids.HR_DEVICE_STATUS}.{row.index}" for row in (self.printer, self.scanner) if row is not None]
        if self.printer is not None:
            columns = (oids.HR_PRINTER_ERRORS, oids.PRT_ALERT_CRITICAL_EVENTS, oids.PRT_ALERT_ALL_EVENTS)
            wanted += [f"{column}.{self.printer.index}" for column in columns]
        return tuple(wanted)

    def see(self, reading: Reading) -> Seen:
        """Whether the scanner is down, and the printer's state as a fact. "Running" (RFC 2790) is not "idle"."""
        told = None if self.scanner is None else status(reading, self.scanner.index)
        down = told is DeviceStatus.DOWN
        return Seen(
            "Host Resources",
            Readiness.STOPPED if down else None,
            troubles=frozenset({Trouble(TroubleKind.ATTENTION, Unit.MEDIA_PATH)}) if down else frozenset(),
            explanation="the device reports that its scanner is down" if down else "",
            facts=self._facts(reading),
        )

    def _facts(self, reading: Reading) -> tuple[tuple[str, str], ...]:
        if self.printer is None or number(reading, f"{oids.HR_DEVICE_STATUS}.{self.printer.index}") is None:
            return ()
        told = status(reading, self.printer.index)
        errors = printer_errors(reading, self.printer.index)
        names = [error.name.lower().replace("_", "-") for error in errors if error.name]
        return (("printer", " ".join([told.name.lower() if told else "unknown", *names])),)
