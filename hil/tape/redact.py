"""Who and where are taken out of a tape, and it can still be played.

One thing gets one alias, wherever it stands: as text, inside bytes, as UTF-16 in a USB string. An alias has the shape
of what it stands for (digit for digit, letter for letter, an address for an address), so no length in any binary
protocol changes. Aliases are made with a key that is thrown away: nobody gets back from them, not even by guessing.
Long data, which is images, loses its bytes: hash and size stay.

What is taken out: serial numbers, network addresses and e-mail addresses, uuids and tokens, host names in URLs, names
of users, jobs, documents and clients, and what an agent says of its place, its people and its network. What is
kept: manufacturer, model, firmware, loopback and multicast addresses, every time and every status.
"""

import re
import secrets
from hashlib import blake2b
from typing import Final

from hil.tape import records, values
from hil.tape.file import Tape
from hil.tape.records import (
    Answered,
    AnyRecord,
    Asked,
    Http,
    Identity,
    Note,
    Snmp,
    SnmpIdentity,
    Usb,
    UsbIdentity,
    unhex,
)
from hil.tape.values import Kind

LEAST: Final = 4  # characters of what is looked for everywhere; less would be found where it is not meant

_UUID = r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b|\b[0-9a-f]{32}\b"
_IPV4 = r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])"
_GROUP = r"[0-9a-fA-F]{1,4}"
_IPV6 = rf"(?<![\w:])(?:(?:{_GROUP}:){{5,7}}{_GROUP}|(?:{_GROUP}:){{1,6}}(?::{_GROUP}){{1,6}})(?![\w:])"
_MAC = r"\b(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}\b"
_EMAIL = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
_HOST = r"(?<=://)[A-Za-z][\w.-]*(?=:\d)"  # namespaces have no port
_SERIAL = r"(?<=\bSN:)[\w-]{4,}|(?<=\bSERN:)[\w-]{4,}|(?<=\bSERIALNUMBER:)[\w-]{4,}"  # IEEE 1284 device ids
_PATTERNS = re.compile("|".join((_UUID, _MAC, _IPV4, _IPV6, _EMAIL, _HOST, _SERIAL)))
# Loopback and multicast addresses name nobody; four single digits are a version.
_KEPT = re.compile(r"127\.|0\.0\.0\.0|255\.|22[4-9]\.|23\d\.|::1?$|ff0|localhost$|\d(\.\d){3}$")

_TOKENS = "JobToken|DestinationToken|ScanIdentifier|SerialNumber"
_NAMES = (
    "JobOriginatingUserName|JobName|DocumentName|ClientDisplayName|ClientContext|ScannerLocation|Location|"
    "JobInformation|UserName|Owner"
)
# Leaves that differ between any two redacted tapes, whatever was in them.
ALIASES: Final = re.compile(rf"(<(?:\w+:)?(?:{_TOKENS}|{_NAMES})\b[^<>]*>)[^<]*")
_LEAF = re.compile(rf"(<(?:\w+:)?(?:{_NAMES})\b[^<>]*>)([^<]+)(?=</)")
_TOKEN_LEAF = re.compile(rf"<(?:\w+:)?(?:{_TOKENS})\b[^<>]*>([^<]+)</")

# Objects whose value is about people, places or the network; everything below them.
_PRIVATE = (
    "1.3.6.1.2.1.1.4", "1.3.6.1.2.1.1.5", "1.3.6.1.2.1.1.6",  # sysContact, sysName, sysLocation
    "1.3.6.1.2.1.2.2.1.6",  # ifPhysAddress
    "1.3.6.1.2.1.43.5.1.1.2", "1.3.6.1.2.1.43.5.1.1.3",  # prtGeneralCurrentOperator, prtGeneralServicePerson
    "1.3.6.1.2.1.43.5.1.1.16",  # prtGeneralPrinterName
    "1.3.6.1.4.1.11.2.3.9.4.2.1.1.6.5",  # HP: names and users of jobs
    "1.3.6.1.4.1.2699.1.2.1.2.1.1.3", "1.3.6.1.4.1.2699.1.1.1.2",  # PWG: names of ports and jobs
)  # fmt: skip
_SERIALS = (
    "1.3.6.1.2.1.43.5.1.1.17",  # prtGeneralSerialNumber
    "1.3.6.1.2.1.47.1.1.1.1.11",  # entPhysicalSerialNum
    "1.3.6.1.4.1.11.2.3.9.4.2.1.1.3.3",  # HP: serial-number
)
# Tables with addresses in their very indices; no scanner is asked for them.
_DROPPED = tuple(f"1.3.6.1.2.1.{each}" for each in ("3", "4.20", "4.21", "4.22", "4.24", "4.34", "4.35", "6.13", "7.5"))


def redacted(tape: Tape) -> Tape:
    """The same tape without who and where."""
    return _Redactor(secrets.token_bytes(32), tape).tape()


class _Redactor:
    def __init__(self, key: bytes, tape: Tape) -> None:
        self._key, self._tape = key, tape
        found = {secret.strip() for secret in _hard(tape)}
        self._hard = sorted((each for each in found if len(each) >= LEAST), key=len, reverse=True)
        self._everywhere = re.compile("|".join([*map(re.escape, self._hard), _PATTERNS.pattern]))
        self._in_bytes = [(_coded(each, coding), _coded(self._alias(each), coding)) for each in self._hard
                          for coding in ("utf-8", "utf-16-le")]  # fmt: skip

    def tape(self) -> Tape:
        header = self._tape.header
        devices = tuple(self._device(each) for each in header.devices)
        said = header.model_copy(update={"redacted": True, "devices": devices})
        return Tape(said, tuple(self._record(each) for each in self._tape.records), self._tape.path, self._tape.aside)

    def _device(self, device: Identity) -> Identity:
        texts = ["key", "serial", "product", "manufacturer"] if isinstance(device, UsbIdentity) else ["key"]
        texts += ["description"] if isinstance(device, SnmpIdentity) else []
        return device.model_copy(update={name: self._text(getattr(device, name)) for name in texts})

    def _record(self, record: AnyRecord) -> AnyRecord:
        match record:
            case Usb(hex=str()):
                data = self._bytes(unhex(record.hex or ""))
                more = {"setup": record.setup, "error": record.error}
                return records.usb(record.t, record.device, record.address, data, record.transfer, **more)
            case Asked() | Answered():
                fields = {name: getattr(record, name, None) for name in ("text", "path", "error")}
                update = {name: self._text(value) for name, value in fields.items() if isinstance(value, str)}
                if isinstance(record, Answered):
                    heads = {name: self._text(value) for name, value in record.headers.items()}
                    return record.model_copy(update={**update, "headers": heads})
                return record.model_copy(update=update)
            case Http():
                texts = ("text", "url", "peer")
                update = {name: self._text(value) for name in texts if (value := getattr(record, name)) is not None}
                return record.model_copy(update=update)
            case Note():
                return record.model_copy(update={"text": self._text(record.text)})
            case Snmp():
                kept = tuple(each for each in record.binds if not _below(each[0], _DROPPED))
                return record.model_copy(update={"binds": tuple(self._bind(*each) for each in kept)})
            case _:
                return record

    def _bind(self, oid: str, kind: Kind, value: int | str | None) -> tuple[str, Kind, int | str | None]:
        if kind is Kind.IP_ADDRESS and isinstance(value, str):
            return oid, kind, self._pattern(value)
        data = values.data(kind, value)
        if data is None:
            return oid, kind, value
        if _below(oid, _PRIVATE):
            data = self._shaped(data.decode("latin-1"), binary=not _printable(data)).encode("latin-1")
            return oid, *values.octets(data)
        return oid, *values.octets(self._bytes(data))

    def _text(self, text: str) -> str:
        text = _LEAF.sub(lambda found: found[1] + self._outside_entities(found[2]), text)
        return self._everywhere.sub(lambda found: self._alias(found[0]), text)

    def _outside_entities(self, text: str) -> str:
        parts = re.split(r"(&[#\w]+;)", text)
        return "".join(part if part.startswith("&") else self._alias(part) for part in parts)

    def _bytes(self, data: bytes) -> bytes:
        for secret, alias in self._in_bytes:
            data = data.replace(secret, alias)
        if _printable(data):
            data = _PATTERNS.sub(lambda found: self._pattern(found[0]), data.decode("latin-1")).encode("latin-1")
        return data

    def _pattern(self, found: str) -> str:
        if _KEPT.match(found):
            return found
        if re.fullmatch(_IPV4, found):
            return ".".join(self._octet(part, found) for part in found.split("."))
        if re.fullmatch(rf"{_UUID}|{_MAC}|{_IPV6}", found):
            return self._shaped(found, hexadecimal=True)
        return self._shaped(found)

    def _octet(self, octet: str, whole: str) -> str:
        """As many digits, so that it fits where the old one stood; never one that is special."""
        least, most = {1: (1, 9), 2: (10, 99), 3: (128, 191)}[len(octet)]
        return str(least + int.from_bytes(self._stream(f"{whole}/{octet}", 4)) % (most - least + 1))

    def _alias(self, secret: str) -> str:
        found = _PATTERNS.fullmatch(secret)
        return self._pattern(secret) if found else self._shaped(secret)

    def _shaped(self, secret: str, *, hexadecimal: bool = False, binary: bool = False) -> str:
        """Digit for digit, letter for letter; the rest, which gives the shape, stays. `binary`: byte for byte."""
        letters = 6 if hexadecimal else 26
        instead: list[str] = []
        for char, chance in zip(secret, self._stream(secret, len(secret)), strict=True):
            if binary:
                instead.append(chr(chance))
            elif char.isdecimal():
                instead.append(str(chance % 10))
            elif char.isalpha():
                instead.append(chr((65 if char.isupper() else 97) + chance % letters))
            else:
                instead.append(char)
        return "".join(instead)

    def _stream(self, secret: str, size: int) -> bytes:
        """As many bytes that only this secret and the key make."""
        found = b""
        while len(found) < size:
            found += blake2b(f"{len(found)}/{secret}".encode("utf-8", "replace"), key=self._key).digest()
        return found[:size]


def _hard(tape: Tape) -> set[str]:
    """What must not be found anywhere: serial numbers and tokens."""
    found = {device.serial for device in tape.usb()}
    for _, record in tape.numbered():
        if isinstance(record, Http | Asked | Answered):
            found.update(_TOKEN_LEAF.findall(record.text or ""))
        elif isinstance(record, Snmp):
            private = (values.data(kind, value) for oid, kind, value in record.binds if _below(oid, _SERIALS))
            found.update(data.decode("latin-1") for data in private if data and _printable(data))
    return found


def _below(oid: str, roots: tuple[str, ...]) -> bool:
    return any(oid == root or oid.startswith(root + ".") for root in roots)


def _printable(data: bytes) -> bool:
    return bool(data) and all(0x20 <= byte < 0x7F or byte in {9, 10, 13} for byte in data.rstrip(b"\0"))


def _coded(text: str, coding: str) -> bytes:
    return text.encode(coding, "replace")
