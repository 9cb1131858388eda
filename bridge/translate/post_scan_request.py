"""A scan process as the request for a post-scan job. Pure. Spec: DSM, CreatePostScanJobRequest."""

from collections.abc import Sequence

from bridge.dsm.names import EMAIL, FILE_SHARE
from bridge.dsm.operations import CreatePostScanJobRequest
from bridge.dsm.process import (
    EmailConfig,
    FileShareConfig,
    FileShares,
    Filter,
    FiltersToProcess,
    Instructions,
    PostScanInstructions,
    SaveToSharePointSites,
    SendToAddresses,
    SharePointConfig,
)


def request(
    process_id: str, user: str, name: str, filters: Sequence[tuple[str, tuple[str, ...]]], *, goes_on: bool
) -> CreatePostScanJobRequest:
    """`filters`: dialect and targets of each."""
    return CreatePostScanJobRequest(
        user_identifier=user,
        psp_identifier=process_id,
        post_scan_instructions=PostScanInstructions(
            continue_on_error=goes_on,
            document_root_name=name,
            filters_to_process=FiltersToProcess(
                filter=tuple(Filter(dialect=dialect, instructions=_how(dialect, to)) for dialect, to in filters)
            ),
        ),
    )


def _how(dialect: str, targets: tuple[str, ...]) -> Instructions:
    if dialect == FILE_SHARE:
        return Instructions(file_share_config=FileShareConfig(file_shares=FileShares(share_unc=targets)))
    if dialect == EMAIL:
        addresses = SendToAddresses(can_add_addresses=False, email_address=targets)
        return Instructions(email_config=EmailConfig(send_to_scan_user=False, send_to_addresses=addresses))
    sites = SaveToSharePointSites(save_to_share_point_site_url=targets)
    return Instructions(share_point_config=SharePointConfig(save_to_my_site=False, save_to_share_point_sites=sites))
