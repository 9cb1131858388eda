"""From a device that SANE lists to an opened Device of the contract."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from drivers.contract.clock import Clock
from drivers.contract.driver import Claim, Device
from drivers.contract.identity import Identity
from drivers.sane import model, place
from drivers.sane.actor import Actor
from drivers.sane.listing import Listed
from drivers.sane.opened import Opened, open_child, translated
from drivers.sane.panel import Panel
from drivers.sane.process import Refused

DRIVER: Final = "sane"
_UNFIT: Final = re.compile(r"[^A-Za-z0-9.:_-]+")


def key(listed: Listed) -> str:
    """Identity.key of a device that no USB bus of ours knows."""
    if listed.usb is not None:
        return f"usb-{listed.usb.vendor_id:04x}-{listed.usb.product_id:04x}@{listed.usb.path}"
    return f"sane-{_UNFIT.sub('_', listed.name)[:100]}"


async def open_device(
    listed: Listed,
    named: str,
    library: str,
    config_dir: Path,
    clock: Clock,
    *,
    share: bool = False,
    claim: Claim | None = None,
) -> Device:
    """Open it as `named` (its key), learn what it can do and start its actor. Raises DriverError.

    `claim`: a driver of ours looks at the device and lends it while it scans; its sensors and buttons are that one's.
    """
    share = share or claim is not None
    opener = partial(_open, listed, library, config_dir)
    opened, able = await asyncio.to_thread(_meet, opener, listed, claim)
    if share and claim is None:
        await asyncio.to_thread(opened.child.quit)
    actor = Actor(
        named, able, opener, _presence(listed), clock, opened=None if share else opened, share=share, claim=claim
    )
    usb = listed.usb
    identity = Identity(
        named,
        listed.vendor if listed.vendor.lower() != "noname" else "",
        listed.model,
        usb.serial or None if usb is not None else None,
        None,
        usb.vendor_id if usb is not None else None,
        usb.product_id if usb is not None else None,
    )
    return Device(identity, DRIVER, able.capabilities, (actor,), actor, actor.close)


def _meet(opener: Callable[[], Opened], listed: Listed, claim: Claim | None) -> tuple[Opened, model.Model]:
    if claim is not None:
        claim.lend()
        try:
            opened, able = _meet(opener, listed, None)
            opened.child.quit()
        finally:
            claim.take_back()
        return opened, replace(able, panel=Panel())
    opened = opener()
    try:
        return opened, model.learn(opened.dials, listed.type.lower())
    except Refused as err:
        opened.child.kill()
        raise translated(err, listed.name) from err
    except BaseException:
        opened.child.kill()
        raise


def _open(listed: Listed, library: str, config_dir: Path) -> Opened:
    name = listed.name
    if listed.usb is not None and (now := place.again(listed.usb, place.plugged())) is not None:
        name = place.renamed(name, now)
    return open_child(library, config_dir, name)


def _presence(listed: Listed) -> Callable[[], bool]:
    usb = listed.usb
    if usb is None:
        return lambda: True
    return lambda: place.again(usb, place.plugged()) is not None
