"""The simulated MFP on sockets, for `wsd-scan-hil serve hp-mfp` and whoever attaches to it over SNMP or eSCL."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from drivers.contract.clock import Clock, SystemClock
from hil.devices.live import Live
from hil.devices.mfp.escl import ROOT, EsclFace
from hil.devices.mfp.model import Mfp
from hil.devices.mfp.objects import mib
from hil.devices.stimuli import Stimulus
from hil.http_server import HttpServer
from hil.script import Script, read
from hil.snmp.agent import Agent

FAMILY = "hp-mfp"
ESCL_FAMILY = "escl"  # the same, attached to over eSCL


@dataclass(frozen=True, slots=True)
class MfpRig:
    """One served MFP: its body, its agent, its eSCL service, and where those are."""

    mfp: Mfp
    agent: Agent
    host: str
    port: int
    clock: Clock
    live: Live
    escl_url: str
    attach: str  # the family it is served as

    def stimulate(self, *stimuli: Stimulus) -> None:
        """Something happens to it at once, or is armed for later."""
        self.live.stimulate(*stimuli)

    @property
    def url(self) -> str:
        """Where it is attached to."""
        if self.attach == ESCL_FAMILY:
            return self.escl_url
        return f"snmp://[{self.host}]:{self.port}" if ":" in self.host else f"snmp://{self.host}:{self.port}"


@asynccontextmanager
async def mfp(
    script: Script | str = "",
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    community: str = "public",
    clock: Clock | None = None,
    tls: ssl.SSLContext | None = None,
    family: str = FAMILY,
) -> AsyncIterator[MfpRig]:
    """Serve one; port 0 takes a free one, and eSCL always has a free one. `tls`: eSCL is HTTPS.

    Raises ScriptError, OSError (port taken).
    """
    ticking = clock or SystemClock()
    body = Mfp(read(script) if isinstance(script, str) else script, ticking.monotonic())
    agent = Agent(lambda: mib(body, ticking.monotonic()), community)
    live = Live(body, ticking)
    bound, real = await agent.start(host, port)
    try:
        face, reachable = EsclFace(body), lambda: body.state.plugged
        async with HttpServer(face.serve, live, host, reachable=reachable, tls=tls) as server:
            place = f"[{bound}]:{server.port}" if ":" in bound else f"{bound}:{server.port}"
            escl_url = f"{'http' if tls is None else 'https'}://{place}{ROOT}"
            yield MfpRig(body, agent, bound, real, ticking, live, escl_url, family)
    finally:
        live.close()
        agent.close()


async def serve(
    listen: tuple[str, int],
    script: Script | str = "",
    *,
    community: str = "public",
    stimuli: asyncio.Queue[Stimulus] | None = None,
    say: Callable[[str], None] = lambda line: print(line, flush=True),
) -> None:
    """Serve until canceled; says `ready snmp://HOST:PORT` with the real port once it answers. Same errors."""
    heard: asyncio.Queue[Stimulus] = asyncio.Queue() if stimuli is None else stimuli
    async with mfp(script, *listen, community=community) as rig:
        say(f"ready {rig.url}")
        while True:
            rig.stimulate(await heard.get())
