"""Scripts: how a simulated scanner is set up and what will happen to it, as a TOML file or one line of text.

One line:   adf=3,warmup=0,jam@2,press@1.5s       settings have '=', events have an optional '@'
TOML file:  adf = 3
            warmup = 0.0
            events = ["jam@2", "press@1.5s"]
The same event grammar is what `wsd-scan-hil serve` reads from standard input, so a word learnt once works everywhere.
"""

import math
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hil.devices.stimuli import (
    After,
    At,
    CancelAtPanel,
    ChangeOriginal,
    Clear,
    Cover,
    DoubleFeed,
    Fatal,
    FaxCall,
    HangUp,
    Happening,
    InUse,
    Jam,
    LoadPaper,
    Offline,
    Plug,
    Press,
    RemovePaper,
    Restart,
    Slow,
    Stimulus,
    Unplug,
)

HELP = """\
SCRIPT is a path ending in .toml, or settings and events separated by commas: adf=3,warmup=0,jam@2

settings:
  adf=N           sheets in the feeder at the start (0)
  original=N      number printed on the sheet that lies on the platen (1)
  warmup=SECONDS  how long the lamp warms after power-on and after sleep (0.5)
  sleep=SECONDS   how long after its last use the scanner falls asleep (900)
  speed=LINES     rows the carriage passes per second, at any resolution; 0 = as fast as asked for (5000)
  feed=SECONDS    how long the feeder takes to bring or eject one sheet (0.2)
  length=INCHES   how long a sheet the feeder can scan (as the real one: 14); beyond the A4 sheet it sees the lid
  lastblock=WORD  apart: the last block is always announced by itself; rest: only if it is shorter (apart)
  serial=TEXT     USB serial number (none, as old scanners)
  events=[...]    TOML only: a list of events

events, also read from standard input while serving, one per line:
  paper N | paper out        put N sheets on those in the feeder; take all out
  original N                 lay another sheet on the platen
  jam | doublefeed           the sheet under way gets stuck; two sheets come at once
  cover open | cover close   the feeder's cover
  clear                      somebody puts everything right
  press [N]                  scan button N (1); fujitsu: 1 scan, 2 send, 3 scan held long
  cancel                     cancel at the scanner's panel
  fatal                      the hardware fails until `clear`
  slow FACTOR                motor at 1/FACTOR speed; slow 1 is normal
  inuse on | inuse off       another host has it over another interface
  unplug | plug              the USB cable; an MFP's network cable
  offline | online           hp-mfp: its scanner is taken off line at the panel
  faxin N | faxout N         hp-mfp: a fax of N pages comes in, is sent
  hangup                     hp-mfp: the call on the telephone line breaks off
  restart                    hp-mfp: off and on again; its jobs are lost, their numbers begin anew
when:
  EVENT@N        in the middle of the Nth page that begins from now on
  EVENT@N:P%     when P percent of it are scanned
  EVENT@Ts       T seconds from now, as in press@1.5s
"""

MOST_SHEETS = 1000
MOST_EVENTS = 1000


class ScriptError(ValueError):
    """The operator wrote something that is no script; the text is one line naming what and why."""


class Script(BaseModel):
    """A checked script."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)

    adf: int = Field(default=0, ge=0, le=MOST_SHEETS)
    original: int = Field(default=1, ge=1, le=255)
    warmup: float = Field(default=0.5, ge=0, le=3600, allow_inf_nan=False)
    sleep: float = Field(default=900.0, gt=0, le=86400, allow_inf_nan=False)
    speed: float = Field(default=5000.0, ge=0, le=1e9, allow_inf_nan=False)
    feed: float = Field(default=0.2, ge=0, le=60, allow_inf_nan=False)
    length: float | None = Field(default=None, ge=1, le=54, allow_inf_nan=False)  # 54: 16 bits at 1200 ppi
    lastblock: Literal["apart", "rest"] = "apart"
    serial: str = Field(default="", max_length=32, pattern=r"^[A-Za-z0-9._-]*$")
    events: tuple[str, ...] = Field(default=(), max_length=MOST_EVENTS)

    @property
    def stimuli(self) -> tuple[Stimulus, ...]:
        """The events, armed."""
        return tuple(stimulus(each) for each in self.events)


def read(text: str) -> Script:
    """A script from what the command line gave: a path to TOML, a line of settings and events, or nothing."""
    text = text.strip()
    if text.endswith(".toml"):
        return _from_toml(Path(text))
    settings: dict[str, object] = {}
    events: list[str] = []
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, equals, value = part.partition("=")
        if not equals:
            events.append(part)
        elif name.strip() in settings or name.strip() == "events":
            raise ScriptError(f"script {text!r}: {name.strip()} is given twice or only for files")
        else:
            settings[name.strip()] = value.strip()
    return _checked({**settings, "events": events}, f"script {text!r}")


def _from_toml(path: Path) -> Script:
    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except OSError as err:
        raise ScriptError(f"{path}: {err.strerror}") from err
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
        raise ScriptError(f"{path}: no TOML: {err}") from err
    return _checked(content, str(path))


def _checked(content: dict[str, object], where: str) -> Script:
    try:
        script = Script.model_validate(content)
    except ValidationError as err:
        first = err.errors()[0]
        key = ".".join(str(each) for each in first["loc"])
        reason = "there is no such setting" if first["type"] == "extra_forbidden" else first["msg"]
        raise ScriptError(f"{where}: {key}: {reason}") from err
    try:
        _ = script.stimuli
    except ScriptError as err:
        raise ScriptError(f"{where}: {err}") from err
    return script


def stimulus(text: str) -> Stimulus:
    """One event: `jam`, `jam@2`, `jam 2`, `cancel@1:30%`, `paper 5@2.5s`."""
    what, at, when = text.strip().partition("@")
    words = what.split()
    if not at and len(words) == 2 and words[0] in ("jam", "doublefeed"):
        words, at, when = words[:1], "@", words[1]
    happening = _happening(words, text)
    return _armed(happening, when.strip(), text) if at else happening


_PLAIN: dict[str, Happening] = {
    "jam": Jam(),
    "doublefeed": DoubleFeed(),
    "clear": Clear(),
    "press": Press(),
    "cancel": CancelAtPanel(),
    "fatal": Fatal(),
    "unplug": Unplug(),
    "plug": Plug(),
    "paper out": RemovePaper(),
    "cover open": Cover(open=True),
    "cover close": Cover(open=False),
    "cover closed": Cover(open=False),
    "inuse on": InUse(taken=True),
    "inuse off": InUse(taken=False),
    "offline": Offline(taken=True),
    "online": Offline(taken=False),
    "hangup": HangUp(),
    "restart": Restart(),
}
_WITH_NUMBER: dict[str, Callable[[float], Happening]] = {
    "paper": lambda n: LoadPaper(_whole(n, 1, MOST_SHEETS)),
    "original": lambda n: ChangeOriginal(_whole(n, 1, 255)),
    "press": lambda n: Press(_whole(n, 1, 255)),
    "slow": Slow,
    "faxin": lambda n: FaxCall(incoming=True, pages=_whole(n, 1, MOST_SHEETS)),
    "faxout": lambda n: FaxCall(incoming=False, pages=_whole(n, 1, MOST_SHEETS)),
}


def _happening(words: list[str], text: str) -> Happening:
    plain = _PLAIN.get(" ".join(words))
    if plain is not None:
        return plain
    make = _WITH_NUMBER.get(words[0]) if len(words) == 2 else None
    if make is None:
        raise ScriptError(f"event {text!r}: not known; see --help")
    number = _number(words[1], text)
    if number <= 0:
        raise ScriptError(f"event {text!r}: the number must be above 0")
    try:
        return make(number)
    except ValueError as err:
        raise ScriptError(f"event {text!r}: {err}") from err


def _armed(happening: Happening, when: str, text: str) -> Stimulus:
    if when.endswith("s"):
        return After(_number(when[:-1], text), happening)
    page, colon, percent = when.partition(":")
    number = _number(page, text)
    if number < 1 or number != int(number):
        raise ScriptError(f"event {text!r}: pages count from 1; seconds end in s")
    share = _number(percent.removesuffix("%"), text) if colon else 50.0
    if share > 100:
        raise ScriptError(f"event {text!r}: more than 100%")
    return At(int(number), share, happening)


def _number(word: str, text: str) -> float:
    try:
        number = float(word)
    except ValueError as err:
        raise ScriptError(f"event {text!r}: {word!r} is no number") from err
    if not math.isfinite(number) or number < 0:
        raise ScriptError(f"event {text!r}: {word!r} is out of range")
    return number


def _whole(number: float, least: int, most: int) -> int:
    if number != int(number) or not least <= number <= most:
        raise ValueError(f"wants a whole number from {least} to {most}")
    return int(number)
