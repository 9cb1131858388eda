"""A device against its tape: it is asked what was asked then, and each answer is compared byte by byte."""

import time
from contextlib import closing
from hashlib import sha256

from drivers.contract.errors import DeviceGone, DeviceTimeout
from drivers.usb.bus import Bus, LocalBus, RemoteBus
from drivers.usb.link import SLICE, Link
from drivers.usbip import place as places
from hil.tape.difference import difference
from hil.tape.exchanges import Exchange, exchanges
from hil.tape.file import Tape, TapeError
from hil.tape.records import UsbIdentity

PATIENCE = 60.0  # seconds for one answer: a lamp warms, a sheet comes


def verify(tape: Tape, where: str) -> str | None:
    """The first difference, naming file and line; None: there is none. `where`: usbip://HOST:PORT, or `local`.

    Raises TapeError (nothing to compare with), DeviceGone (no such device there) and what a link raises.
    """
    if not tape.usb():
        raise TapeError(f"{tape.path}: has no USB device, and only those can be asked again")
    identity = tape.usb()[0]
    try:
        bus: Bus = LocalBus() if where == "local" else RemoteBus(places.parse(where))
    except ValueError as err:
        raise TapeError(f"{where}: {err}") from err
    with closing(_open(bus, identity, where)) as link:
        asked = "the opening"
        for exchange in exchanges(tape, identity.name):
            if len(exchange.question.data if exchange.question else b"") > 1:
                asked = str(exchange.question)  # an ACK means what came before it
            found = _compared(link, exchange, asked)
            if found is not None:
                return f"{tape.path}, {found}"
    return None


def _open(bus: Bus, identity: UsbIdentity, where: str) -> Link:
    for device in bus.devices():
        if f"{device.vendor_id:04x}:{device.product_id:04x}" == identity.ids:
            return bus.open(device.key)
    raise DeviceGone(f"there is no {identity.ids} at {where}")


def _compared(link: Link, exchange: Exchange, asked: str) -> str | None:
    question = exchange.question
    if question is None or exchange.refused:
        return None
    if question.setup:
        head = question.setup
        value, index, length = (int.from_bytes(head[at : at + 2], "little") for at in (2, 4, 6))
        said = link.control(head[0], head[1], value, index, length if head[0] & 0x80 else question.data)
        expected = exchange.answers[0].data if exchange.answers else b""
        found = difference(expected, said, f"the answer to {question}")
        return f"line {exchange.line}: {found}" if found else None
    link.write(question.data)
    for answer in exchange.answers:
        if answer.error:
            return None  # what a broken transfer would bring cannot be asked for
        said = _read(link, len(answer.data))
        if answer.digest and len(said) == len(answer.data):
            if sha256(said).hexdigest() != answer.digest:
                return f"line {answer.line}: the {len(said)} bytes in answer to {asked} are others (their SHA-256 says)"
            continue
        found = difference(answer.data, said, f"the answer to {asked}")
        if found:
            return f"line {answer.line}: {found}"
    return None


def _read(link: Link, size: int) -> bytes:
    data = b""
    deadline = time.monotonic() + PATIENCE
    while len(data) < size:
        piece = link.read(size - len(data), SLICE)
        data += piece
        if not piece and data:
            break  # it has said what it has to say
        if not piece and time.monotonic() > deadline:
            raise DeviceTimeout(f"no answer in {PATIENCE:g} s")
    return data
