"""The XML in which generations 4 and 5 want a scan to be wrapped. Pure, but for the parser.

Source: SANE pixma_mp150.c (which operations, with which parameters), pixma_common.c (what the answer is).
"""

from enum import StrEnum

from drivers.contract.errors import DeviceBusy, DeviceGarbled, DriverError, ScanFailed
from drivers.contract.xml import XmlRefused, parse

MOST_ANSWER = 4096
ANSWER_END = b"</cmd>"
_COMMON = "http://www.canon.com/ns/cmd/2008/07/common/"
_VENDOR = "http://www.canon.com/ns/cmd/2008/07/canon/"
_WORDS = {
    "ScannerCarriageLockError": "the carriage is locked: see the scanner's manual",
    "PCScanning": "the scanner takes an earlier scan for unfinished: switch it off and on",
    "DeviceCheckError": "the scanner reports a fault of its own",
}


class Operation(StrEnum):
    """In the order of a scan."""

    START = "StartJob"
    SHIFT = "ModeShift"
    END = "EndJob"


def message(operation: Operation) -> bytes:
    """What is sent instead of a command."""
    job = "<ivec:jobID>00000001</ivec:jobID>"
    spaces, name = f'xmlns:ivec="{_COMMON}"', str(operation)
    match operation:
        case Operation.START:
            inside = f"{job}<ivec:bidi>1</ivec:bidi>"
        case Operation.SHIFT:
            spaces += f' xmlns:vcn="{_VENDOR}"'
            inside = f"{job}<vcn:ijoperation>{name}</vcn:ijoperation><vcn:ijmode>1</vcn:ijmode>"
            name = "VendorCmd"
        case Operation.END:
            inside = job
    text = (
        f'<?xml version="1.0" encoding="utf-8" ?><cmd {spaces}><ivec:contents>'
        f"<ivec:operation>{name}</ivec:operation>"
        f'<ivec:param_set servicetype="scan">{inside}</ivec:param_set></ivec:contents></cmd>'
    )
    return text.encode()


def refusal(answer: bytes) -> DriverError | None:
    """None: it is done. Raises DeviceGarbled."""
    try:
        root = parse(answer.rstrip(b"\0"), MOST_ANSWER)
    except XmlRefused as err:
        raise DeviceGarbled(f"expected XML, got {answer[:32]!r}: {err}") from err
    said = {str(each.tag).rpartition("}")[2]: (each.text or "").strip() for each in root.iter()}
    if said.get("response") == "OK":
        return None
    detail = said.get("response_detail", "")
    if detail == "DeviceBusy":
        return DeviceBusy("the scanner is busy, or not set up yet")
    return ScanFailed(_WORDS.get(detail, f"the scanner refuses to scan: {detail or 'it does not say why'}"))
