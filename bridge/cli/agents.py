"""`devices --snmp`: SNMP agents looked at without any configuration; as JSON, or as a table for people."""

import argparse
import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from bridge.cli.options import first_line
from bridge.errors import ConfigError
from drivers.contract.clock import SystemClock
from drivers.contract.observation import JobReport
from drivers.snmp import search
from drivers.snmp.credentials import Auth, Community, Credentials, Privacy, User, Version
from drivers.snmp.device import DRIVER, PORT
from drivers.snmp.inspection import Inspection, inspect_agent

UNKNOWN = "unknown"


def add(parser: argparse.ArgumentParser) -> None:
    """The options that say which agent, and who we are to it."""
    group = parser.add_argument_group("SNMP agents, without any configuration")
    group.add_argument("--snmp", metavar="HOST[:PORT]", type=place, help="look at this device and at nothing else")
    group.add_argument(
        "--snmp-network",
        metavar="NETWORK",
        action="append",
        help="ask each address there, 1024 at most; said again: more",
    )
    group.add_argument(
        "--snmp-broadcast", metavar="INTERFACE", action="append", help="ask everybody there, with 1 or 2c"
    )
    add_credentials(group)


def add_credentials(group: argparse._ArgumentGroup) -> None:
    """The options that say who we are to an agent."""
    group.add_argument("--community", metavar="NAME", default="public", help="for SNMP 1 and 2c (%(default)s)")
    group.add_argument("--snmp-version", choices=("1", "2c", "3"), help="2c, or 3 where --user is given")
    group.add_argument("--user", metavar="NAME", help="of SNMPv3")
    group.add_argument("--auth", choices=[*Auth], type=Auth, default=Auth.SHA, help="what signs (%(default)s)")
    group.add_argument("--auth-file", metavar="FILE", type=Path, help="its first line is the password that signs")
    group.add_argument(
        "--privacy", choices=[*Privacy], type=Privacy, default=Privacy.AES, help="encrypts (%(default)s)"
    )
    group.add_argument("--privacy-file", metavar="FILE", type=Path, help="its first line is the password that encrypts")
    group.add_argument("--context", metavar="NAME", default="", help="of SNMPv3")


def wanted(arguments: argparse.Namespace) -> bool:
    """Whether the command line is about agents."""
    return bool(arguments.snmp or arguments.snmp_network or arguments.snmp_broadcast)


def looked_at(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """An array of one for one agent, else of those that were found. Raises ConfigError, DriverError."""
    return asyncio.run(_looked_at(arguments, credentials(arguments)))


async def _looked_at(arguments: argparse.Namespace, who: Credentials) -> list[dict[str, Any]]:
    clock = SystemClock()
    if arguments.snmp is not None:
        host, port = arguments.snmp
        return [_said(await inspect_agent(host, port, who, clock=clock))]
    found = await _found(arguments, who)
    return [_said(await inspect_agent(each.host, each.port, who, clock=clock)) for each in found]


async def _found(arguments: argparse.Namespace, who: Credentials) -> tuple[search.Answerer, ...]:
    try:
        hosts = list(search.addresses(arguments.snmp_network or ()))
    except ValueError as err:
        raise _wrong("--snmp-network", str(err)) from err
    for interface in arguments.snmp_broadcast or ():
        if not isinstance(who, Community):
            raise _wrong("--snmp-broadcast", "needs a community: SNMPv3 speaks with one device at a time")
        try:
            hosts += await search.shout(interface, who)
        except OSError as err:
            raise _wrong("--snmp-broadcast", f"{interface}: {err.strerror or err}") from err
    return await search.search(hosts, who)


def _wrong(option: str, reason: str) -> ConfigError:
    return ConfigError("command line", option, reason)


def show(found: list[dict[str, Any]]) -> None:
    """For people: each line names its source."""
    console = Console(highlight=False, soft_wrap=True)
    if not found:
        console.print("No SNMP agent of a scanner or printer found.")
    for device in found:
        sources = device["sources"]
        console.print(f"[bold]{escape(device['name'])}[/]", markup=True)  # the device's own words
        for word in ("manufacturer", "model", "serial", "firmware", "state"):
            _line(console, word, device[word] or "not known", sources.get(word, ""))
        if device["explanation"]:
            _line(console, "because", device["explanation"])
        for each in device["troubles"]:
            _line(console, "trouble", f"{each['kind']} ({each['unit']})", each["source"])
        _line(console, "feeder", device["feeder"])
        for each in device["jobs"]:
            pages = "" if each["pages"] is None else f", {each['pages']} pages"
            _line(console, "job", f"{each['kind']} {each['native_id']}: {each['phase']}{pages}", each["source"])
        for word, plural in (("counter", "counters"), ("fact", "facts")):
            for each in device[plural]:
                _line(console, word, f"{each['name']}: {each['value']}", each["source"])
        if not device["jobs"]:
            _line(console, "jobs", "none")
        _line(console, "key", device["key"])


def _line(console: Console, word: str, value: str, source: str = "") -> None:
    console.print(f"  {word:14}{value}{f'   [{source}]' if source else ''}", markup=False)


def _said(found: Inspection) -> dict[str, Any]:
    words = {
        "manufacturer": found.words.manufacturer,
        "model": found.words.model,
        "serial": found.words.serial,
        "firmware": found.words.firmware,
    }
    named = [words["manufacturer"].value, words["model"].value]
    repeated = named[1].lower().startswith(named[0].lower())
    return {
        "key": found.key,
        "name": (named[1] if repeated else " ".join(named).strip()) or "SNMP device",
        "driver": DRIVER,
        **{name: word.value or None for name, word in words.items()},
        "state": UNKNOWN if found.state is None else str(found.state),
        "explanation": found.explanation,
        "troubles": [
            {"kind": str(each.kind), "unit": str(each.unit), "source": source} for each, source in found.troubles
        ],
        "feeder": str(found.feeder),
        "counters": [{"name": name, "value": value, "source": source} for name, value, source in found.counters],
        "jobs": [{**_job(job), "source": source} for job, source in found.jobs],
        "facts": [{"name": name, "value": value, "source": source} for name, value, source in found.facts],
        "buttons": list(found.buttons),
        "sources": {
            **{name: word.source for name, word in words.items() if word.source},
            **({"state": found.state_source} if found.state_source else {}),
        },
    }


def _job(job: JobReport) -> dict[str, Any]:
    return {
        "native_id": job.native_id,
        "kind": str(job.kind),
        "phase": str(job.phase),
        "pages": job.pages,
        "pages_expected": job.pages_expected,
        "name": job.name,
        "user": job.user,
        "reasons": list(job.reasons),
        "submitted": _moment(job.submitted),
        "started": _moment(job.started),
        "ended": _moment(job.ended),
    }


def _moment(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat()


def credentials(arguments: argparse.Namespace) -> Credentials:
    """Who we are, as the options say. Raises ConfigError."""
    version = arguments.snmp_version or ("3" if arguments.user else "2c")
    if version != "3":
        return Community(arguments.community, Version(version))
    if not arguments.user:
        raise _wrong("--user", "is missing: SNMPv3 asks who we are")
    try:
        return User(
            arguments.user,
            arguments.auth,
            first_line(arguments.auth_file),
            arguments.privacy,
            first_line(arguments.privacy_file),
            arguments.context,
        )
    except ValueError as err:
        raise _wrong("SNMPv3", str(err)) from err


def place(text: str, default: int = PORT) -> tuple[str, int]:
    """`HOST`, `HOST:PORT`, `[IPV6]`, `[IPV6]:PORT`, or a bare IPv6 address."""
    if text.startswith("["):
        host, bracket, port = text[1:].partition("]")
        port = port.removeprefix(":") if bracket else "?"
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    else:
        host, port = text, ""
    if not host or (port and not (port.isdecimal() and 0 < int(port) <= 65535)):
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST or HOST:PORT")
    return host, int(port) if port else default
