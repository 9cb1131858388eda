"""`wsd-scan-hil windows`: what a Windows PC does with a WSD scanner, step after step, and what it would miss.

Probe, Resolve, Get and what Plug and Play needs of it; one Subscribe for each event; the scanner's sections one by
one; a ticket checked; the button or a scan of its own; Renew, GetStatus, Unsubscribe. Nothing moves in the scanner
unless --scan or --press says so. Spec: docs/windows.md, which tells what of this is known and from where.
"""

import argparse
import asyncio
import socket
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final
from urllib.parse import urlsplit

from bridge.cli import options
from bridge.discovery import messages
from bridge.discovery.messages import DEVICE_TYPE, SCAN_DEVICE_TYPE, AppSequence, Resolve, Target
from bridge.dpws.metadata import Metadata
from bridge.errors import BridgeError, ConfigError, WireError
from bridge.net import multicast
from bridge.net.asking import NoAnswer
from bridge.net.finding import DIRECTED_PATH, NoScanner, local_address_for, probe
from bridge.net.sink import Sink
from bridge.soap import addressing, envelope, names
from bridge.soap.addressing import Addressing
from drivers.contract.clock import Clock, SystemClock
from drivers.contract.http import HttpClient
from hil.client import discover, pnpx, windows_scan
from hil.client.report import Report
from hil.client.timeline import Timeline
from hil.client.windows_leases import CONTEXTS
from hil.client.windows_sections import Service, Wanted
from hil.client.wsdapi import Wsdapi, answers_on_one_connection

ANSWER_TIME: Final = 2.5  # seconds in which WSDAPI's own devices answer a Probe; its firewall rule closes at 4
_CONNECTIONS: Final = 2
_TYPES: Final = {"wscn:ScanDeviceType": SCAN_DEVICE_TYPE, "wsdp:Device": DEVICE_TYPE}


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the scanner is looked for, and what is done with it. Without `url` it is probed for on `interface`."""

    url: str | None
    interface: str
    device: str | None
    wanted: Wanted


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subcommands.add_parser(
        "windows",
        help="do with a WSD scanner what Windows does, and tell what is missing",
        description="Do what a Windows PC does with a WSD scanner; a line for each step. Exit codes: 0 nothing is "
        "missing; 1 something is, or the scanner cannot be reached; 2 wrong arguments.",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--url", help="http://HOST:PORT or a device's address: directed Probe, no Resolve")
    where.add_argument("--probe", action="store_true", help="multicast Probe and Resolve; this is the default")
    parser.add_argument("--device", metavar="URN", help="of all that answer, the one with this address")
    parser.add_argument("--interface", default="127.0.0.1", help="name or address for --probe (%(default)s)")
    parser.add_argument("--one", action="store_true", help="offer one destination, not the five of Windows")
    parser.add_argument("--scan", action="store_true", help="scan, as the PC's own scan program does")
    parser.add_argument(
        "--press", type=_seconds, metavar="SECONDS", help="wait so long for the scanner's button, and scan as it asks"
    )
    parser.add_argument(
        "--output", type=options.new_folder, default=Path(), metavar="DIR", help="where pages are saved (here)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Carry it out; the exit code."""
    wanted = Wanted(
        contexts=CONTEXTS[:1] if arguments.one else CONTEXTS,
        host=socket.gethostname(),
        press=arguments.press,
        scan=arguments.scan,
        output=arguments.output,
    )
    plan = Plan(arguments.url, arguments.interface, arguments.device, wanted)
    report = Report(sys.stdout)
    wanted.output.mkdir(parents=True, exist_ok=True)
    asyncio.run(check(plan, report, SystemClock()))
    print("nothing is missing" if report.complete else "something is missing")
    return 0 if report.complete else 1


async def check(plan: Plan, report: Report, clock: Clock) -> None:
    """The whole sequence, as far as it goes. Raises ConfigError."""
    async with AsyncExitStack() as stack:
        wsdapi = Wsdapi(await stack.enter_async_context(HttpClient(_CONNECTIONS)))
        try:
            target = await _directed(plan.url, wsdapi, report) if plan.url else await _found(plan, report, clock)
            metadata = await _get(wsdapi, target, report)
            service = Service(metadata.scanners[0].addresses[0], wsdapi, report)
        except ConfigError:
            raise
        except (BridgeError, IndexError) as err:
            report.missing("scan service", str(err) if isinstance(err, BridgeError) else "there is none")
            return
        timeline = Timeline()
        address = await local_address_for(service.url)
        sink = await stack.enter_async_context(Sink(address, timeline.heard, clock))
        await windows_scan.use(service, plan.wanted, sink.url, timeline)


async def _found(plan: Plan, report: Report, clock: Clock) -> Target:
    """By multicast: Probe for either type, then Resolve. Raises NoScanner, ConfigError."""
    target: Target | None = None
    address = plan.device
    for name, kind in _TYPES.items():
        found = await _ask(plan.interface, probe((kind,)), address, report, step=f"Probe {name}", clock=clock)
        if found is not None:
            pnpx.check_match(report, "ProbeMatch", found)
            target, address = target or found, found.address
    if target is None:
        raise NoScanner(f"no scanner answered a Probe on {plan.interface}")
    headers = Addressing(messages.RESOLVE, names.DISCOVERY_TO, addressing.new_message_id())
    question = envelope.write(headers, Resolve(target.address))
    resolved = await _ask(plan.interface, question, target.address, report, step="Resolve", clock=clock)
    if resolved is not None:
        pnpx.check_match(report, "ResolveMatch", resolved)
    return resolved or target


async def _ask(
    interface: str, question: bytes, address: str | None, report: Report, *, step: str, clock: Clock
) -> Target | None:
    """One multicast question and its first answer, of that address if one is given."""
    asked = envelope.read(question).addressing.message_id
    found: list[tuple[Target, bytes, float]] = []
    began = time.monotonic()

    def heard(data: bytes, _sender: str) -> bool:
        matches = discover.matches(data, asked)
        found.extend((each, data, time.monotonic() - began) for each in matches if address in (None, each.address))
        return bool(found)

    await multicast.ask(interface, question, discover.MATCH_TIMEOUT, clock=clock, random=Random(), heard=heard)  # noqa: S311 - spreads copies
    if not found:
        report.missing(step, f"no answer within {discover.MATCH_TIMEOUT:g} s")
        return None
    target, data, took = found[0]
    report.check(took < ANSWER_TIME, step, f"{target.address} after {took:.2f} s", f"only after {took:.2f} s")
    size = len(data)
    report.check(size <= pnpx.MAX_DATAGRAM, f"{step}: datagram", f"{size} bytes", f"{size} bytes are too many")
    _check_sequence(report, step, data)
    return target


def _check_sequence(report: Report, step: str, data: bytes) -> None:
    """Without one Windows cannot tell old news from new."""
    block = next((each for each in envelope.read(data).headers if each.tag == f"{{{names.WSD}}}AppSequence"), None)
    try:
        told = None if block is None else AppSequence.from_xml(block)
    except WireError as err:
        report.missing(f"{step}: AppSequence", str(err))
        return
    detail = "" if told is None else f"InstanceId {told.instance_id}, MessageNumber {told.message_number}"
    report.check(told, f"{step}: AppSequence", detail, "absent")


async def _directed(url: str, wsdapi: Wsdapi, report: Report) -> Target:
    """By HTTP at a known place. Raises NoScanner and what asking raises."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError("address", url, "is not http://HOST[:PORT][/PATH]")
    place = url if parts.path.strip("/") else f"{parts.scheme}://{parts.netloc}{DIRECTED_PATH}"
    target: Target | None = None
    for name, kind in _TYPES.items():
        answered = await wsdapi.post(place, probe((kind,)))
        body = None if answered.message is None else answered.message.body
        matches = () if body is None else messages.ProbeMatches.from_xml(body).targets
        report.check(matches, f"Probe {name}", place, "no match")
        for each in matches[:1]:
            pnpx.check_match(report, "ProbeMatch", each)
            target = target or each
    if target is None:
        raise NoScanner(f"{place}: no scanner there")
    report.skipped("Resolve", "Windows asks it by multicast only: --probe")
    return target


async def _get(wsdapi: Wsdapi, target: Target, report: Report) -> Metadata:
    """The metadata, and whether a connection is kept for the next question. Raises NoAnswer, Refused, WireError."""
    if not target.xaddrs:
        raise NoScanner(f"{target.address}: says nowhere how to reach it")
    url = target.xaddrs[0]
    request = wsdapi.write(names.TRANSFER_GET, target.address)
    answered = await wsdapi.post(url, request)
    if answered.message is None or answered.message.body is None:
        raise WireError("Metadata", "is missing")
    report.ok("Get", url)
    metadata = Metadata.from_xml(answered.message.body)
    pnpx.check_metadata(report, metadata, answered.size)
    again = [wsdapi.write(names.TRANSFER_GET, target.address) for _ in range(3)]
    try:
        count = await answers_on_one_connection(url, *again)
    except NoAnswer as err:
        report.missing("keep-alive", str(err))
    else:
        report.check(count == len(again), "keep-alive", f"{count} answers", f"closed after {count} of {len(again)}")
    return metadata


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds up to 3600")
    return seconds
