"""The simulated MFP on a socket, for `wsd-scan-hil serve hp-mfp` and whoever attaches to it over SNMP."""

import asyncio
from collections.abc import Callable

from hil.devices.mfp.model import Mfp
from hil.devices.mfp.objects import mib
from hil.devices.stimuli import Stimulus
from hil.script import Script
from hil.snmp.agent import Agent, Line
from hil.snmp.mib import Mib


class ServedMfp:
    """A running MFP with its agent; `tell` is what happens to it."""

    def __init__(self, script: Script, community: str = "public", line: Line | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self.model = Mfp(script, self._loop.time())
        self.agent = Agent(self._objects, community, line)

    def tell(self, *stimuli: Stimulus) -> None:
        """Let these things happen now, or be armed for later."""
        self.model.update(self._loop.time(), stimuli)

    def _objects(self) -> Mib | None:
        return mib(self.model, self._loop.time())


async def serve(
    host: str,
    port: int,
    script: Script,
    *,
    community: str = "public",
    stimuli: asyncio.Queue[Stimulus] | None = None,
    say: Callable[[str], None] = lambda line: print(line, flush=True),
) -> None:
    """Serve until canceled; says `ready snmp://HOST:PORT` with the real port once it answers. OSError: port taken."""
    served = ServedMfp(script, community)
    bound, real = await served.agent.start(host, port)
    try:
        say(f"ready snmp://[{bound}]:{real}" if ":" in bound else f"ready snmp://{bound}:{real}")
        heard: asyncio.Queue[Stimulus] = stimuli or asyncio.Queue()
        while True:
            served.tell(await heard.get())
    finally:
        served.agent.close()
