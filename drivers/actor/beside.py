"""A device of which one driver looks and another brings the pages: one owner at a time.

The first has the claim, and lends it to the second for as long as that has the device open (Actor.lend).
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

from drivers.contract.driver import Claim, Device
from drivers.contract.errors import DriverError

_log = logging.getLogger(__name__)


class OpenBorrowing(Protocol):
    """Opens what scans with a borrowed device."""

    async def __call__(self, *, claim: Claim | None) -> Device:
        """Raises DriverError; then nothing is borrowed any more."""


async def open_both(look: Callable[[], Awaitable[Device]], scan: OpenBorrowing, driver: str) -> Device:
    """Both as one device of that driver; what looks alone where the other cannot be opened. Raises DriverError."""
    looking = await look()
    try:
        scanning = await scan(claim=looking.claim)
    except DriverError as err:
        _log.warning("device=%s: is observed, but cannot scan: %s", looking.identity.key, err)
        return looking
    except BaseException:
        await looking.close()
        raise

    async def close() -> None:
        await scanning.close()
        await looking.close()

    buttons = looking.capabilities.buttons or scanning.capabilities.buttons
    return replace(
        looking,
        driver=driver,
        capabilities=replace(scanning.capabilities, buttons=buttons),
        observers=looking.observers + scanning.observers,
        acquirer=scanning.acquirer,
        close=close,
        claim=None,
    )
