"""How fast a scan started at an MFP's panel, seen over SNMP, becomes an event at a subscriber.

Three moments on one clock: the press (the simulated device changes), the answer to the next SNMP poll leaving the
device (it shows the change), the event's POST arriving. Press to answer is the wait for the poll, which the bridge
chooses and does not hurry; answer to arrival is what the bridge needs.
"""

import time

from bridge.net.sink import Arrived
from bridge.wsscan.events import JobStatusEvent
from bridge.wsscan.job import JobState
from drivers.contract.clock import Clock
from hil.bench.figures import Samples, samples
from hil.bench.served import served
from hil.client.session import Session, opened
from hil.devices.mfp.model import Mfp
from hil.devices.mfp.objects import mib
from hil.devices.stimuli import CancelAtPanel, Press
from hil.script import read
from hil.snmp.agent import Agent

_EVENT_TIMEOUT = 15.0
# A scan longer than the pause between two polls of an idle device; it is canceled as soon as its event is here.
_SCRIPT = "speed=500"


class _Telltale(Agent):
    """An agent that remembers when its answers left."""

    sent: list[float]

    def _send(self, reply: bytes, addr: tuple[str, int]) -> None:
        super()._send(reply, addr)
        self.sent.append(time.monotonic())


async def panel_scans(count: int, clock: Clock) -> tuple[Samples, Samples, bytes]:
    """Times from the answer to the event, waits for the poll, and the bytes of such an event. Raises NotServed, …"""
    mfp = Mfp(read(_SCRIPT), clock.monotonic())
    agent = _Telltale(lambda: mib(mfp, clock.monotonic()))
    agent.sent = []
    host, port = await agent.start()
    try:
        config = f'[usb]\nenabled = false\n[[snmp]]\nhost = "{host}"\nport = {port}\n'
        async with served(config) as bridge, opened(bridge.url, clock) as session:
            await session.subscribe()
            took, waited, body = [], [], b""
            for index in range(count):
                # Idle again, and out of step with its polls: every phase of the interval gets its turn.
                await clock.sleep(1.0 + 0.37 * (index % 5))
                pressed, event = await _press(session, mfp, clock)
                shown = next(moment for moment in agent.sent if moment >= pressed)
                waited.append(shown - pressed)
                took.append(event.at - shown)
                body = event.raw
    finally:
        agent.close()
    return samples(took), samples(waited), body


async def _press(session: Session, mfp: Mfp, clock: Clock) -> tuple[float, Arrived]:
    """One panel scan; when it was pressed, and its first event. Raises TooLate."""
    before = len(session.timeline)
    pressed = clock.monotonic()
    mfp.update(pressed, (Press(),))
    event = await session.timeline.wait_for(
        lambda each: isinstance(each.event, JobStatusEvent) and each.event.job_status.job_state == JobState.STARTED,
        _EVENT_TIMEOUT,
        since=before,
    )
    assert isinstance(event.event, JobStatusEvent)
    mfp.update(clock.monotonic(), (CancelAtPanel(),))
    await session.timeline.job_end(event.event.job_status.job_id, _EVENT_TIMEOUT)
    return pressed, event
