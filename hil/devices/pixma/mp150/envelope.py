"""The XML in which generations 4 and 5 begin and end a scan.

Source: SANE pixma_mp150.c (what the host sends) and pixma_common.c, `pixma_parse_xml_response` (what it looks for in
the answer). Only the operation is understood here.
"""

import re

OPENING = b"<?xml"
START, SHIFT, END = "StartJob", "ModeShift", "EndJob"
_OPERATION = re.compile(rb"<(?:\w+:)?(?:ij)?operation>(\w+)</")


def operation(message: bytes) -> str:
    """The last operation named: VendorCmd holds another, which is what is meant. Empty: none."""
    found = _OPERATION.findall(message)
    return found[-1].decode() if found else ""


def response(name: str, *, detail: str = "") -> bytes:
    """OK, or NG with the detail."""
    said = f"<ivec:response>{'NG' if detail else 'OK'}</ivec:response>"
    said += f"<ivec:response_detail>{detail}</ivec:response_detail>"
    return (
        '<?xml version="1.0" encoding="utf-8" ?>'
        '<cmd xmlns:ivec="http://www.canon.com/ns/cmd/2008/07/common/"><ivec:contents>'
        f'<ivec:operation>{name}Response</ivec:operation><ivec:param_set servicetype="scan">{said}'
        "</ivec:param_set></ivec:contents></cmd>"
    ).encode()
