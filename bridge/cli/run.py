"""`run`: serve every scanner that is found, or simulated ones."""

import argparse
import asyncio
import logging
from contextlib import AsyncExitStack

from bridge import log, memory
from bridge.alone import alone_with
from bridge.cli import options
from bridge.cli.ahead import remarks
from bridge.config import Config, Escl, Mdns, Sane, Snmp, Usb
from bridge.daemon import Daemon
from bridge.hotplug import ByWord, find
from bridge.simulation import Simulated, simulated
from bridge.stopping import asked_to_stop
from drivers.contract.clock import SystemClock

_log = logging.getLogger(__name__)

DESCRIPTION = """\
Serve every scanner that is found as a WSD scanner. For each one line `ready URL` is printed once it is served.
Ctrl-C and SIGTERM end it: running jobs are aborted, and clients are told.
"""


def add(subcommands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = subcommands.add_parser("run", help="serve all scanners", description=DESCRIPTION)
    options.add_config(parser)
    parser.add_argument(
        "--simulate",
        action="append",
        metavar="FAMILY[=SCRIPT]",
        default=[],
        help="serve a simulated scanner instead of real ones (`wsd-scan-hil serve --help` lists families and scripts)",
    )
    parser.add_argument("--listen", metavar="ADDRESS:PORT", help="where to serve; port 0 takes a free one")
    parser.add_argument("--interface", metavar="NAME", action="append", help="serve this network only; may be repeated")
    parser.add_argument("--state-dir", metavar="DIR", help="where identities and subscriptions are kept")
    parser.add_argument("--cache-dir", metavar="DIR", help="where pages that cannot stream are spooled")
    parser.add_argument(
        "--no-multicast", action="store_true", help="no announcements: clients find the scanner by its address"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal."""
    config = options.load(arguments)
    log.set_up(config.log.level, traffic=config.log.traffic)
    memory.keep_one()
    asyncio.run(_serve(config, arguments.simulate))
    return 0


async def _serve(config: Config, families: list[str]) -> None:
    for remark in remarks(config):
        _log.warning("%s", remark)
    async with AsyncExitStack() as stack:
        stack.enter_context(alone_with(config.state_dir))
        stop = stack.enter_context(asked_to_stop())
        if families:
            config = _only(await stack.enter_async_context(simulated(families)), config)
        await _daemon(config).run(stop)


def _only(there: Simulated, config: Config) -> Config:
    """Simulated scanners, and no others."""
    return config.model_copy(
        update={
            "usb": Usb(enabled=False, usbip=there.usbip),
            "sane": Sane(enabled=False),
            "snmp": tuple(Snmp(host=host, port=port) for host, port in there.snmp),
            "escl": tuple(Escl(url=url) for url in there.escl),
            "mdns": Mdns(),
        }
    )


def _daemon(config: Config) -> Daemon:
    clock = SystemClock()
    return Daemon(
        config,
        lambda: find(config, clock),
        lambda url: print(f"ready {url}", flush=True),
        clock,
        look_out=lambda: ByWord(config, clock),
    )
