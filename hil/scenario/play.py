"""One scenario on one bench: clients and stimuli each in their time, until it is over; what was seen comes back.

Over is when every client and every stimulus is done and all that must come has come, and then `settle` seconds more;
or when the limit is reached. Nothing is judged here.
"""

import asyncio
import tempfile
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from bridge.errors import BridgeError
from bridge.net.finding import find
from bridge.wsscan.year import DEFAULT
from drivers.contract.http import HttpClient
from hil.client.session import Session
from hil.client.timeline import Timeline
from hil.rig.bench import Bench
from hil.scenario import actuators as acting
from hil.scenario.actuators import Actuator, CannotAct
from hil.scenario.clients import Actor, on_stage
from hil.scenario.model import Scenario, Stimulus
from hil.scenario.moments import Moments
from hil.scenario.seen import Deed, Seen, Sort
from hil.scenario.tapping import Tapped
from hil.scenario.verdict import satisfied

Did = Callable[[Deed], None]


async def play(
    scenario: Scenario,
    bench: Bench,
    actuators: Sequence[Actuator],
    tap: Tapped,
    *,
    did: Did = lambda _deed: None,
) -> Seen:
    """Raises BridgeError when the scanner is not to be reached, CannotAct when a switch or a person failed."""
    moments, deeds = Moments(bench.clock), list[Deed]()

    def note(deed: Deed) -> None:
        deeds.append(deed)
        did(deed)

    with tempfile.TemporaryDirectory(prefix="wsd-scenario-") as place:
        async with AsyncExitStack() as stage:
            actors = [
                await stage.enter_async_context(on_stage(client, bench.url, moments, Path(place), note))
                for client in scenario.client
            ]
            moments.begin()
            for subject in bench.subjects:
                subject.notice(lambda text: note(Deed(moments.now, Sort.STIMULUS, "device", text)))
            left = [each for each in scenario.stimulus if not _armed(each, actuators)]

            async def happen(stimulus: Stimulus) -> None:
                await moments.reached(stimulus.when)
                told = await acting.do(stimulus, actuators)
                note(Deed(moments.now, Sort.STIMULUS, "rig", told))

            over = await _run(scenario, moments, actors, left, happen)
            seconds = moments.now
            scanner = await _scanner(bench)
            events = tuple(moments.events)
    failure = next((each.failure for each in bench.subjects if each.failure is not None), None)
    got = {each.plan.name: each.got for each in actors}
    passages = tap.between(moments.began, moments.began + seconds)
    return Seen(events, tuple(deeds), passages, got, scanner, seconds, moments.began, over, failure)


def _armed(stimulus: Stimulus, actuators: Sequence[Actuator]) -> bool:
    """Whether the one who will do it finds the moment itself."""
    actuator = next((each for each in actuators if each.can(stimulus)), None)
    return actuator is not None and actuator.arm(stimulus)


async def _run(
    scenario: Scenario,
    moments: Moments,
    actors: Sequence[Actor],
    stimuli: Sequence[Stimulus],
    happen: Callable[[Stimulus], Coroutine[None, None, None]],
) -> bool:
    """False: the limit came first."""
    try:
        async with asyncio.timeout(scenario.limit):
            try:
                async with asyncio.TaskGroup() as tasks:
                    for actor in actors:
                        tasks.create_task(actor.act())
                    for stimulus in stimuli:
                        tasks.create_task(happen(stimulus))
            except* CannotAct as group:
                raise CannotAct(str(group.exceptions[0])) from group
            while not satisfied(scenario, moments.events):
                await moments.changed()
            await moments.clock.sleep(scenario.settle)
    except TimeoutError:
        return False
    return True


async def _scanner(bench: Bench) -> tuple[str, tuple[str, ...]] | None:
    """How it says it is, at the end."""
    with suppress(BridgeError):
        async with HttpClient() as http:
            session = Session(http, await find(http, bench.url), "", Timeline(), year=DEFAULT, clock=bench.clock)
            status = await session.status()
            reasons = status.scanner_state_reasons.scanner_state_reason if status.scanner_state_reasons else ()
            return str(status.scanner_state), tuple(str(each) for each in reasons if str(each) != "None")
    return None
