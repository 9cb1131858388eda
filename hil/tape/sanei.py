"""SANE's sanei_usb XML (SANE_TESTING_USB_RECORD) as a tape: the transfers of one backend with one scanner.

The file says nothing of time, so everything happens at once, in order.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from drivers.contract.xml import parse
from hil.tape import records
from hil.tape.file import Tape, TapeError
from hil.tape.recording import Recording
from hil.tape.records import AnyRecord, UsbIdentity

_ELEMENT = re.compile(r"<(\w+)(?:\s[^<>]*)?(?:/>|>[^<]*</\1>|>)")
_TRANSFERS: Final = {"bulk_tx": "bulk", "interrupt_tx": "interrupt", "control_tx": "control"}
_KINDS: Final = {"CONTROL": 0, "ISOCHRONOUS": 1, "BULK": 2, "INTERRUPT": 3}
LARGEST: Final = 64 * 1024 * 1024


def recognised(text: str) -> bool:
    """Whether this looks like one."""
    return "<device_capture" in text[:4096]


def read(path: Path, text: str) -> Tape:
    """Raises TapeError naming the line."""
    said = _Said(path)
    for found in _ELEMENT.finditer(text):
        number = text.count("\n", 0, found.start()) + 1 if found[1] in _WANTED else 0
        if found[1] in _WANTED:
            try:
                said.element(found[1], found[0])
            except (ValueError, KeyError) as err:
                reason = f"{err.args[0]} is missing" if isinstance(err, KeyError) else str(err)
                raise TapeError(f"{path}, line {number}: {found[1]}: {reason}") from err
    return said.tape()


_WANTED: Final = frozenset({"device_capture", "description", "interface", "endpoint", *_TRANSFERS})


class _Said:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._recording = Recording(0.0, datetime.fromtimestamp(path.stat().st_mtime, UTC))
        self._identity: dict[str, object] = {"name": "usb1", "key": path.name}
        self._interfaces: list[dict[str, object]] = []
        self._endpoints: list[dict[str, int]] = []
        self._records: list[AnyRecord] = []
        self._backend = ""

    def element(self, tag: str, text: str) -> None:
        empty = not text.endswith("/>") and "</" not in text
        root = parse((text + f"</{tag}>" if empty else text).encode("utf-8", "surrogateescape"), LARGEST)
        said = {str(key): str(value) for key, value in root.attrib.items()}
        match tag:
            case "device_capture":
                self._backend = said.get("backend", "")
            case "description":
                vendor, product = _number(said["id_vendor"]), _number(said["id_product"])
                self._identity["ids"] = f"{vendor:04x}:{product:04x}"
            case "interface":
                number = _number(said.get("number", "0"))
                self._endpoints = []
                classes = {"class": 0xFF, "subclass": 0xFF, "protocol": 0xFF, "number": number}
                self._interfaces.append({**classes, "endpoints": self._endpoints})
            case "endpoint":
                kind = _KINDS[said["transfer_type"]]
                if self._interfaces and kind in {2, 3}:
                    end = {"address": _number(said["address"]), "attributes": kind, "packet": 512 if kind == 2 else 64}
                    self._endpoints.append(end)
            case _:
                self._transfer(tag, said, root.text or "")

    def _transfer(self, tag: str, said: Mapping[str, str], text: str) -> None:
        into = said["direction"] == "IN"
        endpoint = _number(said["endpoint_number"]) & 0x0F | (0x80 if into else 0)
        data = bytes.fromhex("".join(text.split()))
        more: dict[str, str] = {}
        if said.get("error"):
            more["error"] = said["error"]
            if more["error"] == "timeout" and into:
                return  # nothing passed
        if tag == "control_tx":
            head = bytes((_number(said["bmRequestType"]), _number(said["bRequest"])))
            words = (_number(said[each]) for each in ("wValue", "wIndex", "wLength"))
            more["setup"] = (head + b"".join(word.to_bytes(2, "little") for word in words)).hex(" ")
        self._recording.keep(data)
        self._records.append(records.usb(0.0, "usb1", endpoint, data, _TRANSFERS[tag], **more))

    def tape(self) -> Tape:
        if "ids" not in self._identity or not self._records:
            raise TapeError(f"{self._path}: has no device or no transfers")
        identity = UsbIdentity.model_validate({**self._identity, "interfaces": self._interfaces})
        software = {"sane-backend": self._backend} if self._backend else {}
        header = records.header(self._recording.wall, devices=(identity,), software=software)
        opening = records.Open(t=0.0, device="usb1")
        return Tape(header, (opening, *self._records), self._path, self._recording.aside)


def _number(text: str) -> int:
    return int(text, 0)
