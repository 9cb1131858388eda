"""The namespaces of Distributed Scan Management and the elements that its models are.

Sources: the DSM pages of the Windows driver documentation (withdrawn in 2018, in that repository's history), and
[MS-BDSRR], whose schema for the configuration service spells the same types out.
"""

from typing import ClassVar, Final

from lxml import etree

from bridge.soap.element import Element

NAMESPACE: Final = "http://schemas.microsoft.com/windows/2008/12/wdp/distributedscan/processing"
PSP: Final = "http://schemas.microsoft.com/windows/2008/02/imaging/postscan/psp"
_FILTER: Final = "http://schemas.microsoft.com/windows/2007/10/imaging/postscan/filter"
EMAIL: Final = f"{_FILTER}/email"
FILE_SHARE: Final = f"{_FILTER}/fileshare"
SHARE_POINT: Final = f"{_FILTER}/sharepoint"
SERVICE_TYPE: Final = f"{{{NAMESPACE}}}DistributedScanProcessingServiceType"

for _prefix, _uri in (("dsp", NAMESPACE), ("psp", PSP), ("eml", EMAIL), ("fsh", FILE_SHARE), ("shp", SHARE_POINT)):
    etree.register_namespace(_prefix, _uri)


def qname(local: str) -> str:
    """The WS-DSP name as `{namespace}Local`."""
    return f"{{{NAMESPACE}}}{local}"


def action(name: str) -> str:
    """The Action of an operation, a response or an event."""
    return f"{NAMESPACE}/{name}"


class DspElement(Element):
    """An element of the processing service."""

    namespace: ClassVar[str] = NAMESPACE


class PspElement(Element):
    """An element of a scan process, as the directory and CreatePostScanJob have it."""

    namespace: ClassVar[str] = PSP
