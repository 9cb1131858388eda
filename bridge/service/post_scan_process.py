"""What a scan server is ready to do: its scan processes, and whether a job asks for no more than its process allows.

Where the processes come from is behind `Processes`: a folder of files here, a directory service elsewhere. A device
says in CreatePostScanJob what is to be done; the server holds it against the process as it knows it, and does nothing
that is not in there. Spec: DSM, CreatePostScanJobRequest; [MS-BDSRR] psp:PostScanInstructions.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bridge.config import MAIL_ADDRESS
from bridge.dsm.names import EMAIL, FILE_SHARE, SHARE_POINT
from bridge.dsm.process import Filter as AskedFilter
from bridge.dsm.process import PostScanInstructions
from bridge.filters.filter import Filter


@dataclass(frozen=True, slots=True)
class Wanted:
    """One filter of one job: the shares, addresses or sites are as the device spelt them."""

    dialect: str
    targets: tuple[str, ...] = ()
    to_user: bool = False  # and to who scans: SendToScanUser, SaveToMySite


@dataclass(frozen=True, slots=True)
class Offer:
    """One filter of a process and how far a job may choose."""

    dialect: str
    targets: tuple[str, ...]
    make: Callable[[tuple[str, ...]], Filter]  # for some of the targets, and others where `adds`
    adds: bool = False  # a job may name mail addresses beyond these (CanAddAddresses)

    def admits(self, wanted: Wanted) -> bool:
        """Whether that is a part of what is offered."""
        known = {plain(each) for each in self.targets}
        # Whose mail address or site the user's is, only a directory service would know.
        if wanted.dialect != self.dialect or wanted.to_user or not wanted.targets:
            return False
        return all(
            plain(each) in known or (self.adds and re.fullmatch(MAIL_ADDRESS, each) is not None)
            for each in wanted.targets
        )


@dataclass(frozen=True, slots=True)
class Process:
    """One scan process."""

    identifier: str
    name: str
    offers: tuple[Offer, ...]
    continue_on_error: bool = False

    def chosen(self, wanted: tuple[Wanted, ...]) -> tuple[Filter, ...] | None:
        """The filters for what a job wants, in its order; None when it wants something that is not offered."""
        made = []
        for each in wanted:
            offer = next((offer for offer in self.offers if offer.admits(each)), None)
            if offer is None:
                return None
            made.append(offer.make(each.targets))
        return tuple(made) or None


class Processes(Protocol):
    """Where scan processes are known."""

    async def get(self, identifier: str, user: str) -> Process | None:
        """The process with that PSP_Identifier, if there is one that this user (UserIdentifier) may use."""


def wanted(instructions: PostScanInstructions) -> tuple[Wanted, ...]:
    """What a job asks for."""
    return tuple(_wanted(each) for each in instructions.filters_to_process.filter)


def _wanted(asked: AskedFilter) -> Wanted:
    said, dialect = asked.instructions, asked.dialect
    if dialect == FILE_SHARE and said.file_share_config is not None:
        shares = said.file_share_config.file_shares
        return Wanted(dialect, () if shares is None else shares.share_unc)
    if dialect == EMAIL and said.email_config is not None:
        mail = said.email_config
        addresses = () if mail.send_to_addresses is None else mail.send_to_addresses.email_address
        return Wanted(dialect, addresses, bool(mail.send_to_scan_user))
    if dialect == SHARE_POINT and said.share_point_config is not None:
        sites = said.share_point_config.save_to_share_point_sites
        urls = () if sites is None else sites.save_to_share_point_site_url
        return Wanted(dialect, urls, bool(said.share_point_config.save_to_my_site))
    return Wanted(dialect)


def plain(target: str) -> str:
    """To compare by: shares, mail addresses and hosts are the same in either case."""
    return target.strip().rstrip("\\/").casefold()
