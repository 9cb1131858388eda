"""A tape on disk: read with errors that name file, line and what is wrong; written whole and sealed, or not at all."""

import json
import logging
import os
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ValidationError

from hil.tape import seal
from hil.tape.records import (
    FORMAT,
    RECORD,
    Answered,
    AnyRecord,
    Asked,
    Header,
    Http,
    HttpIdentity,
    Open,
    Snmp,
    SnmpIdentity,
    Usb,
    UsbIdentity,
    unhex,
)
from hil.tape.seal import By

MOST_LINES: Final = 2_000_000
LONGEST_LINE: Final = 40 * 1024 * 1024  # the seal of so many

_log = logging.getLogger(__name__)

# Where they stand in a line of JSON: what is short and what is wanted first come first.
_LAST: Final = {"hex": 1, "size": 1, "sha256": 2, "head": 2, "tail": 2, "text": 3, "binds": 3, "interfaces": 3}


class TapeError(ValueError):
    """A tape that cannot be used; the text is one line naming file, line and why."""


@dataclass(frozen=True, slots=True)
class Tape:
    """A tape in memory; record number n stands on line n + 2."""

    header: Header
    records: tuple[AnyRecord, ...]
    path: Path = Path("tape")
    aside: dict[str, bytes] = field(default_factory=dict)  # long data by hash, beside those on disk

    @staticmethod
    def line(index: int) -> int:
        """The line on which that record stands."""
        return index + 2

    def numbered(self, device: str = "") -> Iterator[tuple[int, AnyRecord]]:
        """Line and record, of one device or of all."""
        for index, record in enumerate(self.records):
            if not device or getattr(record, "device", "") == device:
                yield self.line(index), record

    def usb(self) -> tuple[UsbIdentity, ...]:
        """Its USB devices."""
        return tuple(each for each in self.header.devices if isinstance(each, UsbIdentity))

    def snmp(self) -> tuple[SnmpIdentity, ...]:
        """Its SNMP agents."""
        return tuple(each for each in self.header.devices if isinstance(each, SnmpIdentity))

    def http(self) -> tuple[HttpIdentity, ...]:
        """Its devices that are asked over HTTP."""
        return tuple(each for each in self.header.devices if isinstance(each, HttpIdentity))

    def whole(self, record: Usb | Http | Asked | Answered) -> bytes | None:
        """A record's bytes; None where they were dropped. Raises TapeError where those kept aside are others."""
        if record.size is None:
            return unhex(record.hex or "")
        assert record.sha256 is not None  # the model says so
        if record.sha256 in self.aside:
            return self.aside[record.sha256]
        place = aside(self.path) / record.sha256
        try:
            data = place.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as err:
            raise TapeError(f"{place}: {err.strerror}") from err
        if sha256(data).hexdigest() != record.sha256:
            raise TapeError(f"{place}: is not what the tape means: its SHA-256 is another")
        return data

    def data(self, record: Usb | Http | Asked | Answered) -> bytes:
        """A record's bytes; those that were dropped are made up: right in size, white between the first and last."""
        found = self.whole(record)
        if found is not None:
            return found
        head, tail = unhex(record.head), unhex(record.tail)
        return head + b"\xff" * (record.length - len(head) - len(tail)) + tail


def aside(path: Path) -> Path:
    """The folder for long data beside a tape."""
    return path.with_name(path.name + ".data")


def read(path: Path) -> Tape:
    """Raises TapeError, also for a tape that was changed since it was sealed."""
    lines = _lines(path)
    sealed = seal.split(lines)
    if sealed is None:
        if _header(path, lines[0]).tape == FORMAT:
            raise TapeError(f"{path}, line {len(lines)}: is not the seal, with which a tape ends: its end is missing")
        _log.warning("%s has no seal: nobody can tell whether it was changed since it was recorded", path)
        return _tape(path, lines)
    if (change := sealed.change) is not None:
        anew = f"wsd-scan-hil seal {shlex.quote(str(path))}"
        raise TapeError(f"{path}, {change}. The tape was changed since it was sealed; if that was meant: {anew}")
    if sealed.by is By.HAND:
        _log.warning("%s was sealed by hand: it may say something else than what was recorded", path)
    return _tape(path, sealed.lines)


def seal_by_hand(path: Path) -> str | None:
    """Let a tape be as it stands there now. What was another when it was sealed before; None: nothing was, and it is
    left alone. Raises TapeError where it could not be read then, OSError."""
    lines = _lines(path)
    sealed = seal.split(lines)
    change = sealed.change if sealed is not None else "it had no seal"
    if change is not None:
        said = sealed.lines if sealed is not None else lines
        header = _tape(path, said).header
        _put(path, [_first_line(header), *said[1:]], By.HAND)
    return change


def _lines(path: Path) -> list[bytes]:
    """Without their ends."""
    found: list[bytes] = []
    try:
        with path.open("rb") as file:
            for line in iter(lambda: file.readline(LONGEST_LINE + 1), b""):
                if len(line) > LONGEST_LINE or len(found) > MOST_LINES:
                    raise TapeError(f"{path}, line {len(found) + 1}: larger than any tape")
                found.append(line.rstrip(b"\r\n"))
    except OSError as err:
        raise TapeError(f"{path}: {err.strerror}") from err
    if not found:
        raise TapeError(f"{path}: is empty")
    return found


def _tape(path: Path, lines: Sequence[bytes]) -> Tape:
    header = _header(path, lines[0])
    tape = Tape(header, tuple(_record(path, number, line) for number, line in enumerate(lines[1:], start=2)), path)
    _check_devices(tape)
    return tape


def _header(path: Path, line: bytes) -> Header:
    try:
        content = json.loads(line)
    except ValueError as err:
        raise TapeError(f"{path}, line 1: is no tape: the first line is not JSON") from err
    if not isinstance(content, dict) or "tape" not in content:
        raise TapeError(f"{path}, line 1: is no tape: the first line has no `tape`")
    if content["tape"] not in {1, FORMAT}:
        raise TapeError(f"{path}, line 1: a tape of format {content['tape']!r}; this program reads 1 and {FORMAT}")
    try:
        return Header.model_validate_json(line)
    except ValidationError as err:
        raise TapeError(f"{path}, line 1: {_first(err)}") from err


def _record(path: Path, number: int, line: bytes) -> AnyRecord:
    if not line.strip():
        raise TapeError(f"{path}, line {number}: is empty")
    try:
        return RECORD.validate_json(line)
    except ValidationError as err:
        raise TapeError(f"{path}, line {number}: {_first(err)}") from err


def _first(err: ValidationError) -> str:
    """What is wrong, without the library's own words for where."""
    first = err.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"][1:] or first["loc"])
    given = first.get("input")
    reason = "there is no such field" if first["type"] == "extra_forbidden" else first["msg"]
    if first["type"] == "json_invalid":
        return f"is not JSON: {first['msg'].removeprefix('Invalid JSON: ')}"
    if first["type"] == "string_pattern_mismatch" and place.endswith(("hex", "head", "tail", "setup")):
        reason = "is not hexadecimal, two lower-case digits for each byte and a blank between"
    shown = f" ({given!r:.60})" if isinstance(given, str | int | float) and first["type"] != "missing" else ""
    return f"{place}: {reason}{shown}" if place else f"{reason}{shown}"


def _check_devices(tape: Tape) -> None:
    names = {each.name: each.lane for each in tape.header.devices}
    for number, record in tape.numbered():
        if isinstance(record, Usb | Snmp | Open | Asked | Answered) and record.device not in names:
            raise TapeError(f"{tape.path}, line {number}: device {record.device!r} is not in the header")
        lane = "http" if isinstance(record, Asked | Answered) else record.kind
        if isinstance(record, Usb | Snmp | Asked | Answered) and names[record.device] != lane:
            raise TapeError(f"{tape.path}, line {number}: {record.device!r} is no {lane} device")


def write(path: Path, header: Header, records: Sequence[AnyRecord], keep: dict[str, bytes] | None = None) -> None:
    """Write a tape and, where given, the long data that belongs to it. Raises OSError."""
    if keep:
        aside(path).mkdir(exist_ok=True)
        for name, data in keep.items():
            (aside(path) / name).write_bytes(data)
    _put(path, [_first_line(header), *(text(record).encode() for record in records)], By.RECORDER)


def _first_line(header: Header) -> bytes:
    return text(header.model_copy(update={"tape": FORMAT})).encode()


def _put(path: Path, lines: Sequence[bytes], by: By) -> None:
    work = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with work.open("wb") as file:
            file.writelines(line + b"\n" for line in (*lines, seal.sealing(lines, by)))
        work.replace(path)
    finally:
        work.unlink(missing_ok=True)


def text(line: BaseModel) -> str:
    """A line as it stands in the file: what is not said is left out, `t` in front."""
    said = line.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)
    front: dict[str, object] = {}
    if isinstance(line, Header):
        front["tape"] = line.tape
        said["devices"] = [
            {"lane": each.lane, **each.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)}
            for each in line.devices
        ]
    else:
        front = {"t": round(float(said.pop("t")), 6), "kind": getattr(line, "kind", "")}
    bytes_last = sorted(said.items(), key=lambda each: _LAST.get(each[0], 0))
    return json.dumps({**front, **dict(bytes_last)}, ensure_ascii=False)
