"""A tape on disk: read with errors that name file, line and what is wrong; written whole or not at all."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ValidationError

from hil.tape.records import (
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

LONGEST_LINE: Final = 16 * 1024 * 1024
MOST_LINES: Final = 2_000_000

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
    """Raises TapeError."""
    records: list[AnyRecord] = []
    header: Header | None = None
    try:
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE + 1), b""), start=1):
                if len(line) > LONGEST_LINE or number > MOST_LINES:
                    raise TapeError(f"{path}, line {number}: larger than any tape")
                if header is None:
                    header = _header(path, line)
                elif line.strip():
                    records.append(_record(path, number, line))
                else:
                    raise TapeError(f"{path}, line {number}: is empty")
    except OSError as err:
        raise TapeError(f"{path}: {err.strerror}") from err
    if header is None:
        raise TapeError(f"{path}: is empty")
    tape = Tape(header, tuple(records), path)
    _check_devices(tape)
    return tape


def _header(path: Path, line: bytes) -> Header:
    try:
        content = json.loads(line)
    except ValueError as err:
        raise TapeError(f"{path}, line 1: is no tape: the first line is not JSON") from err
    if not isinstance(content, dict) or "tape" not in content:
        raise TapeError(f"{path}, line 1: is no tape: the first line has no `tape`")
    if content["tape"] != 1:
        raise TapeError(f"{path}, line 1: a tape of format {content['tape']!r}; this program reads format 1")
    try:
        return Header.model_validate_json(line)
    except ValidationError as err:
        raise TapeError(f"{path}, line 1: {_first(err)}") from err


def _record(path: Path, number: int, line: bytes) -> AnyRecord:
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
    work = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with work.open("w", encoding="utf-8") as file:
            file.write(text(header) + "\n")
            file.writelines(text(record) + "\n" for record in records)
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
