"""From the address of an eSCL service to an opened Device of the contract."""

import logging
from functools import cache
from typing import Final
from urllib.parse import urlsplit

from drivers import quirks
from drivers.contract.capabilities import Capabilities
from drivers.contract.clock import Clock
from drivers.contract.driver import Device
from drivers.contract.errors import DeviceGarbled, DeviceRefused
from drivers.contract.http import HttpPeer
from drivers.contract.http_exchange import Http
from drivers.contract.identity import Identity
from drivers.escl import capabilities, certificate, ledm
from drivers.escl.link import SLOW_SECONDS, EsclLink
from drivers.escl.scanner import EsclScanner
from drivers.escl.tapped import Tapped

DRIVER: Final = "escl"
_PORTS: Final = {"http": 80, "https": 443}

_log = logging.getLogger(__name__)


def split(url: str) -> tuple[str, str, str]:
    """Origin, path of the service and HOST:PORT. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError(f"'{url[:200]}' is not http[s]://HOST[:PORT][/PATH]")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = f"{host}:{parts.port or _PORTS[parts.scheme]}"
    return f"{parts.scheme}://{place}", parts.path.rstrip("/") or "/eSCL", place


def key(url: str) -> str:
    """`Identity.key` of the service there. One host may serve several, below other paths than the usual one."""
    _, root, place = split(url)
    return f"escl-{place}" if root == "/eSCL" else f"escl-{place}{root.replace('/', '-')}"


async def open_device(url: str, digest: str = "", *, clock: Clock) -> Device:
    """Ask the service what it can do; one that has only HP's LEDM is watched over that. `digest`: SHA-256 in hex of
    the certificate it must have; "" accepts any.

    Raises DeviceGone, DeviceTimeout, DeviceBusy, DeviceRefused, DeviceGarbled.
    """
    origin, root, place = split(url)
    http = Tapped(HttpPeer(origin, certificate=digest), key(url), root, clock)
    try:
        if origin.startswith("https:") and not digest:
            await _say_certificate(place)
        try:
            return await open_on(http, root, key(url), place, clock=clock)
        except DeviceRefused as refused:
            try:
                return await ledm.open_on(http, key(url), place, clock=clock)
            except (DeviceRefused, DeviceGarbled):
                raise refused from None  # neither, and eSCL is what was asked for
    except BaseException:
        await http.close()
        raise


async def open_on(
    http: Http, root: str, named: str, where: str, *, clock: Clock, ids: tuple[int, int] | None = None, serial: str = ""
) -> Device:
    """The device behind `http`, whatever carries that; `named` becomes its key, `ids` are its USB ones. Same errors."""
    link = EsclLink(http, root, where)
    found = capabilities.read(await link.get("ScannerCapabilities", SLOW_SECONDS), where)
    quirk = quirks.of(*(ids or (0, 0)), found.model)
    link = EsclLink(http, root, where, _host(quirk, where))
    able = found.capabilities
    if quirk.escl_highest is not None:
        able = capabilities.bounded(able, quirk.escl_highest)
    scanner = EsclScanner(named, link, found, clock, quirk=quirk)
    identity = Identity(
        named,
        found.manufacturer,
        found.model,
        serial or found.serial or None,
        vendor_id=ids[0] if ids else None,
        product_id=ids[1] if ids else None,
    )
    can_scan = able != Capabilities()
    if not can_scan:
        _log.warning("device=%s: it offers no page as JPEG, so it is only watched", named)
    return Device(identity, DRIVER, able, (scanner,), scanner if can_scan else None, scanner.close)


def _host(quirk: quirks.Quirk, where: str) -> str:
    match quirk.escl_host:
        case "localhost":
            return "localhost"
        case "port":
            return where
        case _:
            return ""


async def _say_certificate(place: str) -> None:
    """Tell the operator once what was accepted, so that it can be written down."""
    host, _, port = place.rpartition(":")
    if shown := await certificate.shown(host.strip("[]"), int(port), SLOW_SECONDS):
        _note(place, shown)


@cache
def _note(place: str, shown: str) -> None:
    _log.warning('%s: its certificate is not checked; to accept no other: certificate = "%s"', place, shown)
