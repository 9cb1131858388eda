"""Who makes a stimulus happen: the simulated device, the tape it is on, a switch, a power outlet, or a person.

A rig has a row of them; the first that can do a stimulus does it, and where none can the scenario is not runnable.
An outlet is any command: `labgrid-client power cycle`, a relay board's own tool, a script. A driver of labgrid in this
process is a `Switch` of three lines (docs/rig.md).
"""

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from drivers.contract.clock import Clock
from hil import script
from hil.devices.stimuli import At, Clear, Plug, Unplug
from hil.devices.stimuli import Stimulus as Happens
from hil.rig.devices import Subject
from hil.scenario.model import POWER, Stimulus

COMMAND_SECONDS: Final = 30.0


class CannotAct(RuntimeError):
    """A switch or a person did not do it; the text says what."""


class Actuator(Protocol):
    """Something that can do stimuli."""

    def can(self, stimulus: Stimulus) -> bool:
        """Whether this one is for it."""

    def arm(self, stimulus: Stimulus) -> bool:
        """Before the beginning. True: it will find the moment itself, `act` need not be called."""

    async def act(self, stimulus: Stimulus) -> str:
        """Do it now; in words what was done. Raises CannotAct."""


class Simulated:
    """The model does as it is told, to the percent of a page."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    def can(self, stimulus: Stimulus) -> bool:
        del stimulus
        return True

    def arm(self, stimulus: Stimulus) -> bool:
        page = stimulus.when.page
        if page is None:
            return False
        self._subject.stimulate(*(At(page, stimulus.when.percent, each) for each in _happens(stimulus)))  # type: ignore[arg-type]  # no armed ones come from there
        return True

    async def act(self, stimulus: Stimulus) -> str:
        self._subject.stimulate(*_happens(stimulus))
        return stimulus.do


def _happens(stimulus: Stimulus) -> tuple[Happens, ...]:
    """A power switch is a cable, and a scanner that wakes up has forgotten what was wrong."""
    match stimulus.do:
        case "power off":
            return (Unplug(),)
        case "power on":
            return (Clear(), Plug())
        case word:
            return (script.stimulus(word),)


class OnTape:
    """What happened then happens again, by itself."""

    def can(self, stimulus: Stimulus) -> bool:
        del stimulus
        return True

    def arm(self, stimulus: Stimulus) -> bool:
        del stimulus
        return True

    async def act(self, stimulus: Stimulus) -> str:
        return f"{stimulus.do}: is on the tape"


class Prompt(Protocol):
    """How a person is spoken to."""

    async def ask(self, text: str) -> None:
        """Return when the person says that it is done. Raises CannotAct when not."""


SENTENCES: Final = {
    "jam": "Make the sheet that is being fed get stuck (hold it)",
    "doublefeed": "Let the feeder pull two sheets at once",
    "cover open": "Open the feeder's cover",
    "cover close": "Close the feeder's cover",
    "clear": "Put everything right: take stuck paper out, close the covers, acknowledge the error",
    "press": "Press the scan button",
    "cancel": "Press cancel at the scanner",
    "unplug": "Pull the USB cable",
    "plug": "Plug the USB cable in",
    "power off": "Switch the scanner off",
    "power on": "Switch the scanner on",
    "paper out": "Take all paper out of the feeder",
}


class Operator:
    """A person at the scanner: told what to do now, and asked to confirm."""

    def __init__(self, prompt: Prompt) -> None:
        self._prompt = prompt

    def can(self, stimulus: Stimulus) -> bool:
        return self.sentence(stimulus) is not None

    def arm(self, stimulus: Stimulus) -> bool:
        del stimulus
        return False

    async def act(self, stimulus: Stimulus) -> str:
        sentence = self.sentence(stimulus) or stimulus.do
        await self._prompt.ask(f"{sentence} now.")
        return f"{sentence}: confirmed"

    @staticmethod
    def sentence(stimulus: Stimulus) -> str | None:
        """What to ask for; None where no person could do it (a slower motor)."""
        if stimulus.ask is not None:
            return stimulus.ask
        words = stimulus.do.split()
        if words[0] == "paper" and words[-1].isdecimal():
            return f"Put {words[-1]} sheets into the feeder"
        if words[0] == "original":
            return f"Lay original {words[-1]} on the glass"
        if words[0] == "press" and len(words) == 2:
            return f"Press scan button {words[-1]}"
        return SENTENCES.get(stimulus.do)


class Switch(Protocol):
    """Two positions: what uhubctl, an outlet's command and labgrid's PowerProtocol or DigitalOutputProtocol have."""

    async def set(self, on: bool) -> None:
        """Raises CannotAct."""


@dataclass(frozen=True, slots=True)
class Commands:
    """A switch of two commands, each a program and its arguments."""

    off: Sequence[str]
    on: Sequence[str]

    async def set(self, on: bool) -> None:
        command = self.on if on else self.off
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            async with asyncio.timeout(COMMAND_SECONDS):
                said, _ = await process.communicate()
        except TimeoutError as err:
            process.kill()
            raise CannotAct(f"{command[0]} did not end in {COMMAND_SECONDS:g} s") from err
        except OSError as err:
            raise CannotAct(f"{command[0]}: {err.strerror}") from err
        if process.returncode:
            last = said.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
            raise CannotAct(f"{' '.join(command)}: exit code {process.returncode}: {last[0]}")


def usb_port(place: str) -> Commands:
    """A port of a hub that can switch its power, as uhubctl names it: `HUB:PORT`. Raises CannotAct."""
    hub, _, port = place.rpartition(":")
    if not hub or not port.isdecimal():
        raise CannotAct(f"{place!r} is not HUB:PORT, as uhubctl lists them")
    if shutil.which("uhubctl") is None:
        raise CannotAct("uhubctl is not installed")
    command = ("uhubctl", "-l", hub, "-p", port, "-a")
    return Commands((*command, "off"), (*command, "on"))


class Switched:
    """A cable or a power outlet behind a switch."""

    def __init__(self, switch: Switch, words: tuple[str, str]) -> None:
        """`words`: what off and on are called, `("unplug", "plug")` or `("power off", "power on")`."""
        self._switch, self._words = switch, words

    def can(self, stimulus: Stimulus) -> bool:
        return stimulus.do in self._words

    def arm(self, stimulus: Stimulus) -> bool:
        del stimulus
        return False

    async def act(self, stimulus: Stimulus) -> str:
        on = stimulus.do == self._words[1]
        await self._switch.set(on)
        return f"{stimulus.do}: switched {'on' if on else 'off'}"


CABLE: Final = ("unplug", "plug")
OUTLET: Final = (POWER[0], POWER[1])


def lacking(stimuli: Sequence[Stimulus], actuators: Sequence[Actuator]) -> str | None:
    """What the rig at hand cannot do of these; None: it can do all."""
    missing = dict.fromkeys(each.do for each in stimuli if not any(actuator.can(each) for actuator in actuators))
    return f"nothing here can do: {', '.join(missing)} (--operator asks a person)" if missing else None


async def do(stimulus: Stimulus, actuators: Sequence[Actuator]) -> str:
    """By the first that can. Raises CannotAct."""
    for actuator in actuators:
        if actuator.can(stimulus):
            return await actuator.act(stimulus)
    raise CannotAct(f"nothing here can do: {stimulus.do}")


class Terminal:
    """A person at this terminal."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def ask(self, text: str) -> None:
        print(f"\a>>> {text} Press Enter when it is done, or type why not: ", end="", flush=True)
        try:
            said = await asyncio.to_thread(input)
        except EOFError as err:
            raise CannotAct("nobody is at the terminal") from err
        if said.strip():
            raise CannotAct(f"the operator says: {said.strip()[:200]}")
