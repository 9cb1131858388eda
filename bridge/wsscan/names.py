"""The namespace of WS-Scan and the element that every model of this room is.

The models live in the namespace that devices and Windows speak, 2006/08; what a peer of the other year is sent
or sends passes `bridge.wsscan.year` on its way. Nothing here writes the other year.
"""

from typing import ClassVar, Final

from lxml import etree

from bridge.soap import names
from bridge.soap.element import Element

NAMESPACE: Final = names.WSCN
PREFIX: Final = "wscn"

# Ours: how far the page being scanned has come. The schema allows attributes of other namespaces on every
# element, so a peer that does not know it reads the same message without it.
PROGRESS: Final = "urn:wsd-scan-bridge:progress"

# The prefixes lxml takes where no element above has bound one.
etree.register_namespace(PREFIX, NAMESPACE)
etree.register_namespace("progress", PROGRESS)


def qname(local: str) -> str:
    """The WS-Scan name in the `{namespace}Local` form in which models keep names."""
    return f"{{{NAMESPACE}}}{local}"


class ScanElement(Element):
    """An element of WS-Scan."""

    namespace: ClassVar[str] = NAMESPACE
