"""`fax`: list fax jobs and follow them, from the running bridge or straight from one fax system."""

import argparse
import asyncio
import getpass
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

from pydantic import SecretStr
from rich.console import Console

from bridge import log
from bridge.cli import agents, options
from bridge.cli.fax_direct import from_agent, from_hylafax
from bridge.cli.fax_paper import Lines, Paper, Records, Screen
from bridge.config import Config, Hylafax
from bridge.errors import ConfigError
from bridge.net.addresses import WILDCARDS
from bridge.net.fax_feed import feed
from bridge.service.fax import SNAPSHOT, Told
from bridge.stopping import asked_to_stop
from bridge.tokens import kept_token
from drivers.contract.clock import Clock, SystemClock
from drivers.contract.http import HttpClient

DESCRIPTION = """\
List the fax jobs that the running bridge knows of, and follow them until interrupted: on a terminal as a table, else
one line for each change. With --hylafax or --snmp one fax system is asked directly, without any bridge.
"""
HYLAFAX_PORT: Final = Hylafax.model_fields["port"].default


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subcommands.add_parser("fax", help="list and follow fax jobs", description=DESCRIPTION)
    parser.add_argument("--once", action="store_true", help="list what there is, and end")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    bridge = parser.add_argument_group("the running bridge")
    options.add_config(parser)
    bridge.add_argument("--state-dir", metavar="DIR", help="where the bridge keeps its own token")
    bridge.add_argument("--url", metavar="URL", help="where it serves them, without a path (default: as configured)")
    bridge.add_argument("--token-file", type=Path, metavar="FILE", help="its first line is the token")
    server = parser.add_argument_group("a HylaFAX server, directly")
    server.add_argument("--hylafax", metavar="HOST[:PORT]", type=partial(agents.place, default=HYLAFAX_PORT))
    server.add_argument("--fax-user", metavar="NAME", help="who we are to it (default: your login name)")
    server.add_argument("--fax-password-file", type=Path, metavar="FILE", help="its first line is the password")
    agent = parser.add_argument_group("an SNMP agent, directly")
    agent.add_argument("--snmp", metavar="HOST[:PORT]", type=agents.place)
    agents.add_credentials(agent)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Until SIGINT or SIGTERM, which end it in order."""
    if arguments.hylafax and arguments.snmp:
        raise ConfigError("command line", "", "--hylafax and --snmp are one too many")
    log.set_up("error")
    return asyncio.run(_run(arguments))


async def _run(arguments: argparse.Namespace) -> int:
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        console = Console(highlight=False)
        paper: Paper
        if arguments.json:
            paper = Records(sys.stdout)
        elif console.is_terminal and not arguments.once:
            paper = stack.enter_context(Screen(console))
        else:
            paper = Lines(sys.stdout, clock.now)
        stop = stack.enter_context(asked_to_stop())
        work = asyncio.ensure_future(_print(arguments, paper, clock))
        stopping = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait((work, stopping), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        finally:
            for task in (work, stopping):
                task.cancel()
            await asyncio.wait((work, stopping))
    return 0


async def _print(arguments: argparse.Namespace, paper: Paper, clock: Clock) -> None:
    async with _events(arguments, paper, clock) as events:
        async for event in events:
            paper.told(event)
            if arguments.once and event.name == SNAPSHOT:
                return


@asynccontextmanager
async def _events(arguments: argparse.Namespace, paper: Paper, clock: Clock) -> AsyncIterator[AsyncIterator[Told]]:
    if arguments.hylafax:
        host, port = arguments.hylafax
        user = arguments.fax_user or getpass.getuser()
        password = SecretStr(options.first_line(arguments.fax_password_file) or "")
        server = Hylafax(host=host, port=port, user=user, password=password)
        async with from_hylafax(server, clock) as events:
            yield events
    elif arguments.snmp:
        host, port = arguments.snmp
        async with from_agent(host, port, agents.credentials(arguments), clock) as events:
            yield events
    else:
        config = options.load(arguments)
        url, token = _place(config, arguments), _token(config, arguments)
        async with HttpClient() as client, aclosing(feed(client, url, token, clock, paper.note)) as events:
            yield events


def _place(config: Config, arguments: argparse.Namespace) -> str:
    if arguments.url:
        return str(arguments.url)
    if not config.fax.enabled:
        raise ConfigError("fax", "enabled", "is false: nobody tells of faxes; or name --url, --hylafax or --snmp")
    listen = config.fax.listen
    if config.fax.local or config.tls.certificate is None:
        return f"http://{listen}"
    if listen.address in WILDCARDS:  # at which no client asks, and for which no certificate is made out
        why = f"is {listen}: name one of this machine's addresses or names, as its certificate has it, with --url https://"
        raise ConfigError("fax", "listen", why)
    return f"https://{listen}"


def _token(config: Config, arguments: argparse.Namespace) -> str:
    """The one that was named, the first that is configured, or the one the bridge made."""
    named = options.first_line(arguments.token_file)
    if named is not None:
        return named.strip()
    if config.fax.token:
        return config.fax.token[0].token.get_secret_value()
    return kept_token(config.service_dir)
