"""Where a button may send a scan: what a client offers when it subscribes, and the tokens it is given for it.

The tokens never travel in an event: the client finds its own by the ClientContext.
Spec: WS-Scan V1.0, ScanDestinations (in wse:Subscribe), DestinationResponses (in wse:SubscribeResponse).
"""

from collections.abc import Iterable
from copy import deepcopy
from typing import Annotated, Final

from lxml import etree
from pydantic import Field

from bridge.wsscan import year
from bridge.wsscan.names import ScanElement, qname
from bridge.wsscan.values import LongText, ShortText

# More than any panel shows; a bound on what one subscriber can make us keep.
MAX_DESTINATIONS: Final = 64


class ScanDestination(ScanElement):
    client_display_name: ShortText
    client_context: LongText


class ScanDestinations(ScanElement):
    scan_destination: Annotated[tuple[ScanDestination, ...], Field(min_length=1, max_length=MAX_DESTINATIONS)]


class DestinationResponse(ScanElement):
    client_context: LongText
    destination_token: LongText


class DestinationResponses(ScanElement):
    destination_response: Annotated[tuple[DestinationResponse, ...], Field(min_length=1, max_length=MAX_DESTINATIONS)]


def first_offer(extensions: Iterable[etree._Element]) -> tuple[ScanDestination, ...]:
    """What a Subscribe's extensions offer, in either year; a second ScanDestinations is ignored, as the spec says.

    Raises WireError.
    """
    for extension in extensions:
        offered = deepcopy(extension)
        if year.normalise(offered) is not None and offered.tag == qname("ScanDestinations"):
            return ScanDestinations.from_xml(offered).scan_destination
    return ()
