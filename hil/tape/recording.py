"""From what a tap tells to a tape in memory: one clock, devices by name, long data by hash."""

import platform
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from importlib import metadata
from pathlib import Path

from drivers.contract.tap import Passed
from hil.tape import records, values
from hil.tape.file import Tape
from hil.tape.records import LONG, AnyRecord, Host, HttpIdentity, Identity, Open, Snmp, SnmpIdentity, UsbIdentity

_SYS_DESCR = "1.3.6.1.2.1.1.1.0"


class Recording:
    """Fed with what passed, in any order; `tape` is what came together."""

    def __init__(self, monotonic: float, wall: datetime, *, images: bool = True) -> None:
        """The tape's zero on both clocks. Without `images` long data is known by its hash only."""
        self._zero, self.wall = monotonic, wall
        self._images = images
        self._devices: dict[str, Identity] = {}
        self._keys: dict[str, str] = {}  # the bridge's names for the devices, by ours
        self._records: list[AnyRecord] = []
        self.aside: dict[str, bytes] = {}
        self.hosts: list[Host] = []
        self.software = {
            "wsd-scan-bridge": metadata.version("wsd-scan-bridge"),
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        }

    def heard(self, passed: Passed) -> None:
        """What a `Tap` calls; also from other threads."""
        self.add(passed.time, passed.lane, passed.device, passed.facts, passed.data)

    def add(self, time: float, lane: str, device: str, facts: Mapping[str, object], data: bytes = b"") -> None:
        """One thing that passed. Raises ValueError for what no tape can say."""
        t, device = time - self._zero, self._name(lane, device)
        opened = facts.get("opened")
        if isinstance(opened, Mapping):
            who = {"name": device, "key": self._keys[device], **opened}
            self._devices[device] = _identity(lane, who)
            self._records.append(Open(t=t, device=device))
        elif lane == "usb":
            said = dict(facts)
            endpoint = said.pop("endpoint")
            if "setup" in said:
                said["setup"] = bytes.fromhex(str(said["setup"])).hex(" ")
            self.keep(data)
            self._records.append(records.usb(t, device, int(str(endpoint)), data, **said))  # type: ignore[arg-type]
        elif lane == "snmp":
            binds = [(oid, *values.told(tag, value)) for oid, tag, value in _triples(facts.get("binds", ()))]
            self._records.append(Snmp.model_validate({**facts, "t": t, "device": device, "binds": binds}))
        elif lane == "http" and device:
            self.keep(data)
            self._records.append(records.exchanged(t, device, data, facts))
        elif lane == "http":
            record = records.http(t, data, facts)
            if record.size is not None:
                self.keep(data)
            self._records.append(record)

    def note(self, time: float, text: str) -> None:
        """A remark."""
        self._records.append(records.Note(t=time - self._zero, text=text))

    def tape(self, path: Path = Path("tape")) -> Tape:
        """All that was heard, in the order of time."""
        found = sorted(self._records, key=lambda record: record.t)
        used = {getattr(record, "device", "") for record in found}
        header = records.header(
            self.wall,
            monotonic=self._zero,
            software=self.software,
            hosts=tuple(self.hosts),
            devices=tuple(_described(each, found) for name, each in self._devices.items() if name in used),
        )
        known = {each.name for each in header.devices}
        kept = tuple(record for record in found if getattr(record, "device", None) in {None, *known})
        return Tape(header, kept, path, self.aside)

    def _name(self, lane: str, key: str) -> str:
        """A short name for the tape: usb1, usb2, snmp1."""
        if not key:
            return ""
        known = next((name for name, each in self._keys.items() if each == key), None)
        if known is None:
            known = f"{lane}{1 + sum(name.startswith(lane) for name in self._keys)}"
            self._keys[known] = key
        return known

    def keep(self, data: bytes) -> None:
        """Long data goes aside."""
        if self._images and len(data) > LONG:
            self.aside[sha256(data).hexdigest()] = data


def _identity(lane: str, said: dict[str, object]) -> Identity:
    match lane:
        case "usb":
            return _usb(said)
        case "snmp":
            return SnmpIdentity.model_validate(said)
        case _:
            return HttpIdentity.model_validate(said)


def _usb(said: dict[str, object]) -> UsbIdentity:
    vendor, product = said.pop("vendor_id"), said.pop("product_id")
    return UsbIdentity.model_validate({**said, "ids": f"{vendor:04x}:{product:04x}"})


def _described(device: Identity, found: list[AnyRecord]) -> Identity:
    """With what the records tell about it."""
    if not isinstance(device, SnmpIdentity):
        return device
    for record in found:
        if isinstance(record, Snmp) and record.device == device.name:
            for oid, kind, value in record.binds:
                text = values.data(kind, value)
                if oid == _SYS_DESCR and text is not None:
                    return device.model_copy(update={"description": text.decode(errors="replace")})
    return device


def _triples(binds: object) -> list[tuple[str, int, int | str | None]]:
    if not isinstance(binds, list | tuple):
        raise ValueError("binds are no list")
    return [(str(oid), int(tag), value) for oid, tag, value in binds]
