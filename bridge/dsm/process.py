"""What is to be done with the pages: the instructions of a post-scan job and the three published filters' own.

Spec: [MS-BDSRR] psp:PostScanInstructions, emlf:EmailConfig, fsf:FileShareConfig, spf:SharePointConfig. A filter's
`Dialect` says which of the configurations its `Instructions` hold.
"""

from typing import Annotated, ClassVar, Final

from pydantic import Field

from bridge.dsm import names
from bridge.dsm.job import MAX_FILTERS, Uri
from bridge.dsm.names import PspElement
from bridge.soap.element import Attribute, Element, XsBoolean
from bridge.wsscan.values import LongText

MAX_TARGETS: Final = 64  # addresses, shares or sites of one filter


class SendToAddresses(Element):
    namespace: ClassVar[str] = names.EMAIL

    can_add_addresses: Annotated[XsBoolean | None, Attribute(qualified=True)] = None
    email_address: Annotated[tuple[LongText, ...], Field(max_length=MAX_TARGETS)] = ()


class EmailConfig(Element):
    namespace: ClassVar[str] = names.EMAIL

    send_to_scan_user: XsBoolean | None = None
    send_to_addresses: SendToAddresses | None = None


class FileShares(Element):
    namespace: ClassVar[str] = names.FILE_SHARE

    share_unc: Annotated[tuple[LongText, ...], Field(alias="ShareUNC", max_length=MAX_TARGETS)] = ()


class FileShareConfig(Element):
    namespace: ClassVar[str] = names.FILE_SHARE

    file_shares: FileShares | None = None


class SaveToSharePointSites(Element):
    namespace: ClassVar[str] = names.SHARE_POINT

    save_to_share_point_site_url: Annotated[
        tuple[Uri, ...], Field(alias="SaveToSharePointSiteURL", max_length=MAX_TARGETS)
    ] = ()


class SharePointConfig(Element):
    namespace: ClassVar[str] = names.SHARE_POINT

    save_to_my_site: XsBoolean | None = None
    save_to_share_point_sites: SaveToSharePointSites | None = None


class Instructions(PspElement):
    """One of them, by the filter's dialect; none where the dialect is nobody's we know."""

    email_config: EmailConfig | None = None
    file_share_config: FileShareConfig | None = None
    share_point_config: SharePointConfig | None = None


class Filter(PspElement):
    dialect: Uri
    instructions: Instructions


class FiltersToProcess(PspElement):
    filter: Annotated[tuple[Filter, ...], Field(max_length=MAX_FILTERS)] = ()


class PostScanInstructions(PspElement):
    """In CreatePostScanJob: there the element itself is one of the processing service's."""

    named_in: ClassVar[str] = names.NAMESPACE

    continue_on_error: XsBoolean | None = None
    document_root_name: LongText
    filters_to_process: FiltersToProcess
