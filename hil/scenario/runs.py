"""A scenario on whatever it is to run on: a simulated device, a tape, a real scanner; with a verdict at the end.

Simulated devices and tapes run on the hand-turned clock (hil.rig), real scanners on the machine's.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

from bridge import hotplug
from bridge.errors import BridgeError
from drivers.contract.clock import SystemClock
from drivers.contract.driver import Finding
from drivers.contract.tap import Passed
from hil import script, serving
from hil.devices.mfp.serve import FAMILY as MFP
from hil.faults.plan import SILENCE, USB, Plan
from hil.faults.plan import read as read_fault
from hil.rig import bench, devices, loop
from hil.rig.bench import NotServed
from hil.rig.loop import HandTurnedLoop, Stuck
from hil.scenario import leftovers
from hil.scenario.actuators import Actuator, CannotAct, OnTape, Simulated, lacking
from hil.scenario.leftovers import Alive, Held
from hil.scenario.model import Scenario
from hil.scenario.play import Did, play
from hil.scenario.seen import Seen
from hil.scenario.tapping import tapped
from hil.scenario.verdict import complaints
from hil.serving import UnknownFamily
from hil.tape.file import Tape, TapeError

AGENTS: Final = (MFP, devices.FUSED)  # families with an SNMP agent
MOMENT: Final = 1.0  # s: whoever was told to end when the bridge did has ended by then
_NO_FAULTS: Final = "faults of the link are for simulated devices; `wsd-scan-hil fault` puts some before others"


class Outcome(StrEnum):
    """What became of a run."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUNNABLE = "not runnable"
    NOT_JUDGED = "recorded"  # a tape to look at
    BROKEN = "broken"  # the rig or the bridge did not get through it


@dataclass(frozen=True, slots=True)
class Run:
    """One scenario, run or not."""

    name: str
    scenario: Scenario
    outcome: Outcome
    on: str  # what it ran on, in words
    complaints: tuple[str, ...] = ()  # or the reason why it did not run
    seen: Seen = field(default_factory=Seen)
    seconds: float = 0.0  # by the clock on the wall
    passed: tuple[tuple[float, Passed], ...] = field(default=(), repr=False)  # all that the tap told, for a tape
    alive: Alive | None = field(default=None, repr=False)  # in the bridge when it was over; on the hand-turned clock
    left: tuple[str, ...] = ()  # what is in this process since, and was not before; of runs on the hand-turned clock


def simulated(name: str, scenario: Scenario, bad: Plan | None = None) -> Run:
    """On the simulated device that the scenario names, over a link with these faults, else the scenario's own."""
    said = scenario.device
    if bad is None and said.faults:
        bad = Plan(*map(read_fault, said.faults), allowed=SILENCE if said.family in AGENTS else USB)
    elif bad is not None and said.family not in serving.FAMILIES:
        on = f"simulated {said.family}"
        return Run(name, scenario, Outcome.NOT_RUNNABLE, on, (f"{said.family} has no USB link to be faulty",))
    on = f"simulated {said.family}" + (f" ({said.script})" if said.script else "")

    def subjects(turned: HandTurnedLoop) -> Sequence[devices.Subject]:
        return (devices.simulated(said.family, script.read(said.script), turned, bad),)

    return hand_turned(name, scenario, on, subjects, lambda found: (Simulated(found[0]),))


def taped(name: str, scenario: Scenario, tape: Tape, *, pace: float = 1.0) -> Run:
    """On a tape that was taken of the same scenario. What the link did to it is not on the tape, which says what passed
    at the device's end: the link does it again."""
    said = scenario.device
    # An agent's silence is on the tape.
    bad = Plan(*map(read_fault, said.faults), allowed=USB) if said.faults and said.family not in AGENTS else None
    return hand_turned(
        name,
        scenario,
        f"tape {tape.path}",
        lambda turned: devices.taped(tape, turned, bad, pace=pace),
        lambda _: (OnTape(),),
    )


def hand_turned(
    name: str,
    scenario: Scenario,
    on: str,
    subjects: Callable[[HandTurnedLoop], Sequence[devices.Subject]],
    actuators: Callable[[Sequence[devices.Subject]], Sequence[Actuator]],
) -> Run:
    """On these subjects, which are made when their loop is there."""
    began, held = time.perf_counter(), Held.now()
    alive: list[Alive] = []
    passed: list[tuple[float, Passed]] = []
    left: list[str] = []

    async def main(turned: HandTurnedLoop) -> Seen:
        found = subjects(turned)
        with tempfile.TemporaryDirectory(prefix="wsd-rig-") as place, tapped(turned.time) as tap:
            try:
                async with bench.hand_turned(turned, Path(place), found, scenario.bridge) as here:
                    seen = await play(scenario, here, actuators(found), tap)
                    alive.append(Alive.now())
                await turned.clock.sleep(MOMENT)
                left.extend(leftovers.threads(turned.turns))
                return seen
            finally:
                passed.extend(tap.passed)
                left.extend(leftovers.tasks())

    try:
        seen = loop.run(main)
    except (UnknownFamily, TapeError) as err:
        return Run(name, scenario, Outcome.NOT_RUNNABLE, on, (str(err),))
    except (Stuck, NotServed, BridgeError, CannotAct) as err:
        return Run(name, scenario, Outcome.BROKEN, on, (f"{type(err).__name__}: {err}",), seconds=_since(began))
    run = _judged(name, scenario, on, seen, began=began, passed=tuple(passed))
    return replace(run, alive=alive[0], left=(*left, *Held.now().more(held)))


def real(
    name: str,
    scenario: Scenario,
    device: "Chosen",
    actuators: Sequence[Actuator],
    *,
    did: Did = lambda _deed: None,
) -> Run:
    """On a real scanner, found as the bridge finds it; what has no actuator makes the scenario not runnable."""
    missing = _NO_FAULTS if scenario.device.faults else lacking(scenario.stimulus, actuators)
    if missing is not None:
        return Run(name, scenario, Outcome.NOT_RUNNABLE, str(device), (missing,))
    began = time.perf_counter()
    passed: list[tuple[float, Passed]] = []
    clock = SystemClock()

    async def main() -> Seen:
        with tempfile.TemporaryDirectory(prefix="wsd-rig-") as place, tapped(clock.monotonic) as tap:
            config = bench.configured(Path(place), {**scenario.bridge, **device.settings})

            async def find() -> list[Finding]:
                return [each for each in await hotplug.find(config, clock) if device.is_it(each)]

            try:
                async with bench.real(config, find, clock) as here:
                    return await play(scenario, here, actuators, tap, did=did)
            finally:
                passed.extend(tap.passed)

    try:
        seen = asyncio.run(main())
    except NotServed as err:
        return Run(name, scenario, Outcome.NOT_RUNNABLE, str(device), (str(err),), seconds=_since(began))
    except (BridgeError, CannotAct) as err:
        return Run(name, scenario, Outcome.BROKEN, str(device), (str(err),), seconds=_since(began))
    return _judged(name, scenario, str(device), seen, began=began, passed=tuple(passed))


@dataclass(frozen=True, slots=True)
class Chosen:
    """A real scanner: `usb:VVVV:PPPP`, `usbip:HOST:PORT`, `snmp:HOST[:PORT]`."""

    text: str
    settings: dict[str, object]
    ids: str = ""  # VVVV-PPPP, as it stands in keys

    def __str__(self) -> str:
        return self.text

    def is_it(self, finding: Finding) -> bool:
        """Whether that is the one."""
        return self.ids in finding.key if self.ids else finding.driver is not None

    @classmethod
    def parse(cls, text: str) -> "Chosen":
        """Raises ValueError."""
        kind, _, rest = text.partition(":")
        if kind == "usb":
            vendor, _, product = rest.partition(":")
            with suppress(ValueError):
                ids = f"{int(vendor, 16):04x}-{int(product, 16):04x}"
                return cls(text, {"usb": {"enabled": True}}, f"usb-{ids}")
        if kind == "usbip" and rest:
            return cls(text, {"usb": {"enabled": False, "usbip": [rest]}})
        if kind == "snmp" and rest:
            host, colon, port = rest.rpartition(":")
            there: dict[str, object] = (
                {"host": host, "port": int(port)} if colon and port.isdecimal() else {"host": rest}
            )
            return cls(text, {"usb": {"enabled": False}, "snmp": [there]})
        raise ValueError(f"{text!r} is not usb:VVVV:PPPP, usbip:HOST:PORT or snmp:HOST[:PORT]")


def _judged(
    name: str, scenario: Scenario, on: str, seen: Seen, *, began: float, passed: tuple[tuple[float, Passed], ...]
) -> Run:
    found = complaints(scenario, seen)
    outcome = Outcome.FAILED if found else Outcome.PASSED
    return Run(name, scenario, outcome, on, found, seen, _since(began), passed)


def _since(began: float) -> float:
    return time.perf_counter() - began
