"""One line of a tape: what it may say, checked.

A tape is a file of JSON lines. The first is the `Header`, the last the seal (`hil.tape.seal`); each between is a record
with its time `t`, in seconds since the tape began, on one clock. What was remembered from before the beginning (how a
device introduced itself) has a time below zero. Bytes stand as hexadecimal with a gloss for people, which nothing
reads; long ones by their SHA-256 with their first and last bytes, the whole kept aside (`TAPE.data/SHA256`) or dropped.
docs/decisions/0030-tape.md
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, field_validator, model_validator

from hil.tape.gloss import gloss
from hil.tape.values import Kind

FORMAT: Final = 2  # 1 had no seal
LONG: Final = 256  # more bytes than this are not written out
EDGE: Final = 16  # of those, so many at either end are
LONGEST: Final = 64 * 1024 * 1024

Oid = Annotated[str, Field(pattern=r"^\d{1,10}(\.\d{1,10}){0,127}$")]
Hex = Annotated[str, Field(pattern=r"^([0-9a-f]{2}( [0-9a-f]{2})*)?$")]


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class UsbEndpoint(_Line):
    """As its descriptor says."""

    address: int = Field(ge=0, le=0xFF)
    attributes: int = Field(ge=0, le=0xFF)
    packet: int = Field(ge=0, le=0xFFFF)
    interval: int = Field(default=0, ge=0, le=0xFF)


class UsbInterface(_Line):
    """As its descriptor says; `class` in the file."""

    number: int = Field(ge=0, le=0xFF)
    interface_class: int = Field(alias="class", ge=0, le=0xFF)
    subclass: int = Field(ge=0, le=0xFF)
    protocol: int = Field(ge=0, le=0xFF)
    endpoints: tuple[UsbEndpoint, ...] = ()


class UsbIdentity(_Line):
    """A USB device on the tape."""

    lane: Literal["usb"] = "usb"
    name: str
    key: str = ""  # the bridge's own name for it
    ids: str = Field(pattern=r"^[0-9a-f]{4}:[0-9a-f]{4}$")
    release: int = Field(default=0, ge=0, le=0xFFFF)
    speed: int = Field(default=3, ge=0, le=6)
    manufacturer: str = ""
    product: str = ""
    serial: str = ""
    firmware: str = ""
    interfaces: tuple[UsbInterface, ...] = ()
    polls: tuple[Hex, ...] | None = None  # commands that a host may send more or less often; None: find out


class SnmpIdentity(_Line):
    """An SNMP agent on the tape."""

    lane: Literal["snmp"] = "snmp"
    name: str
    key: str = ""
    version: str = "2c"
    description: str = ""  # sysDescr


class HttpIdentity(_Line):
    """A device that is asked over HTTP: eSCL, LEDM."""

    lane: Literal["http"] = "http"
    name: str
    key: str = ""
    root: str = Field(default="/eSCL", max_length=200)  # path of its service


Identity = UsbIdentity | SnmpIdentity | HttpIdentity


class Host(_Line):
    """A machine whose clock stamped records, and how far it is from the tape's clock: theirs minus ours, in seconds."""

    name: str
    offset: float = Field(default=0.0, allow_inf_nan=False)
    error: float = Field(default=0.0, ge=0, allow_inf_nan=False)


class Header(_Line):
    """The first line."""

    tape: Literal[1, 2] = FORMAT
    devices: tuple[Annotated[Identity, Field(discriminator="lane")], ...] = ()
    software: dict[str, str] = Field(default_factory=dict)
    wall: AwareDatetime  # when t was 0
    monotonic: float = 0.0  # what the clock said then
    hosts: tuple[Host, ...] = ()
    redacted: bool = False


class _Record(_Line):
    t: float = Field(allow_inf_nan=False)


class Open(_Record):
    """A link was opened; what comes next may be the device's introduction."""

    kind: Literal["open"] = "open"
    device: str


class Note(_Record):
    """What a person or a scenario has to say."""

    kind: Literal["note"] = "note"
    text: str


class _WithBytes(_Record):
    hex: Hex | None = None
    size: int | None = Field(default=None, ge=0, le=LONGEST)
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    head: Hex = ""
    tail: Hex = ""

    @model_validator(mode="after")
    def _one_way(self) -> "_WithBytes":
        if self.size is not None and (self.hex is not None or self.sha256 is None):
            raise ValueError("bytes are either hex, or size with sha256, head and tail")
        if self.size is not None and len(unhex(self.head)) + len(unhex(self.tail)) > self.size:
            raise ValueError("head and tail are longer than size")
        return self

    @property
    def length(self) -> int:
        """How many bytes."""
        return self.size if self.size is not None else len(unhex(self.hex or ""))


class Usb(_WithBytes):
    """One transfer below pyusb. A control transfer has its eight setup bytes; data going out follows them."""

    kind: Literal["usb"] = "usb"
    device: str
    transfer: Literal["bulk", "interrupt", "control"]
    endpoint: str = Field(pattern=r"^[0-9a-f]{2}$")
    setup: Hex | None = None
    text: str | None = None
    # stall, timeout, overflow, gone or an errno's name: no data moved, and what is here is what the host had to send
    error: str | None = None

    @field_validator("setup")
    @classmethod
    def _eight(cls, value: str | None) -> str | None:
        if value is not None and len(unhex(value)) != 8:
            raise ValueError("setup has eight bytes")
        return value

    @property
    def address(self) -> int:
        """The endpoint with its direction bit."""
        return int(self.endpoint, 16)

    @property
    def inward(self) -> bool:
        """From the device to the host."""
        return bool(self.address & 0x80)


class Snmp(_Record):
    """One question to an agent and its answer; `t` is when it was asked. `walk` is a whole walk as one line."""

    kind: Literal["snmp"] = "snmp"
    device: str
    request: Literal["get", "next", "bulk", "walk"]
    oids: tuple[Oid, ...]
    numbers: tuple[int, ...] = ()  # of a bulk: non-repeaters and max-repetitions
    status: int = Field(default=0, ge=0, le=0x7FFFFFFF)
    index: int = Field(default=0, ge=0, le=0x7FFFFFFF)
    binds: tuple[tuple[Oid, Kind, int | str | None], ...] = ()  # OID, type, value
    error: str | None = None  # no answer came


class Http(_WithBytes):
    """One message over HTTP, SOAP most of all. `peer` where we serve, `url` where we ask."""

    kind: Literal["http"] = "http"
    way: Literal["in", "out"]
    peer: str = ""
    url: str = ""
    status: int | None = None  # of an answer
    type: str = ""
    text: str | None = None  # the body, when it is text


class Asked(_WithBytes):
    """A device was asked over HTTP; `exchange` is the number that its answer has too."""

    kind: Literal["asked"] = "asked"
    device: str
    exchange: int = Field(ge=1)
    method: str = Field(pattern=r"^[A-Z]{1,16}$")
    path: str = Field(max_length=2000)
    text: str | None = None  # the body, when it is text


class Answered(_WithBytes):
    """Its answer, or one piece of it; the first has the status."""

    kind: Literal["answered"] = "answered"
    device: str
    exchange: int = Field(ge=1)
    status: int | None = Field(default=None, ge=100, le=599)
    headers: dict[str, str] = Field(default_factory=dict)
    text: str | None = None
    last: bool = False  # nothing more comes
    error: str | None = None  # it did not come, or not whole


AnyRecord = Open | Note | Usb | Snmp | Http | Asked | Answered
Record = Annotated[AnyRecord, Field(discriminator="kind")]
RECORD: Final[TypeAdapter[AnyRecord]] = TypeAdapter(Record)


def unhex(text: str) -> bytes:
    """Bytes of spaced hexadecimal."""
    return bytes.fromhex(text)


def written(data: bytes) -> dict[str, object]:
    """The fields by which a record says these bytes."""
    if len(data) <= LONG:
        return {"hex": data.hex(" ")}
    return {
        "size": len(data),
        "sha256": sha256(data).hexdigest(),
        "head": data[:EDGE].hex(" "),
        "tail": data[-EDGE:].hex(" "),
    }


def usb(t: float, device: str, endpoint: int, data: bytes = b"", transfer: str = "bulk", **more: object) -> Usb:
    """A transfer; `setup`, `error` as fields. Bytes that are short enough get their gloss."""
    said = {} if more.get("error") and not data else written(data)
    text = gloss(data) if data and "hex" in said else None
    return Usb.model_validate({
        "t": t, "device": device, "transfer": transfer, "endpoint": f"{endpoint:02x}", **said, "text": text, **more,
    })  # fmt: skip


def http(t: float, body: bytes, facts: Mapping[str, object]) -> Http:
    """A message; its body as text where it is text. `facts`: way, peer, url, status, type."""
    return Http.model_validate({**facts, "t": t, **_body(body)})


def exchanged(t: float, device: str, body: bytes, facts: Mapping[str, object]) -> Asked | Answered:
    """A question to a device over HTTP, or a piece of its answer. `facts`: way, exchange, and what the record has."""
    model = Asked if facts.get("way") == "out" else Answered
    said = {name: value for name, value in facts.items() if name != "way"}
    return model.model_validate({**said, "t": t, "device": device, **(_body(body) if body else {})})


def _body(data: bytes) -> dict[str, object]:
    try:
        return {"text": data.decode()}
    except UnicodeDecodeError:
        return written(data)


def header(wall: datetime, **more: object) -> Header:
    """A header, checked."""
    return Header.model_validate({"wall": wall, **more})
