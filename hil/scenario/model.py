"""A scenario as its TOML file says it: the device, what happens to it, what clients do, what they must be told, when.

Every unknown key and every value that makes no sense is an error naming file, key and reason.
docs/rig.md describes the format for who writes one; docs/decisions/0035-scenarios.md why it is as it is.
"""

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bridge.wsscan.events import EventName
from bridge.wsscan.job import JobState, JobStateReason
from bridge.wsscan.scanner import ScannerState
from hil import script
from hil.devices.mfp.serve import FAMILY as MFP
from hil.faults import plan
from hil.rig.devices import FUSED

LIBRARY: Final = "library"
MOST_BYTES: Final = 256 * 1024
MOST: Final = 200  # clients, stimuli, expectations each


class ScenarioError(ValueError):
    """Who wrote the scenario must act; the text is one line naming file, key and reason."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Span = tuple[float, float]


class Match(_Table):
    """What an event must be like; what is not said may be anything."""

    event: EventName | Literal["SubscriptionEnd"] = EventName.JOB_STATUS
    client: str | None = None  # None: of a single client, or of whichever is meant by the place it stands in
    job: int | None = Field(default=None, ge=1)  # 1 is the first job that anybody was told of
    state: JobState | ScannerState | None = None
    reason: JobStateReason | str | None = None  # "" means: none at all
    scans: int | None = Field(default=None, ge=0)
    percent: Span | None = None
    what: str | None = None  # of a condition: its Name, as PaperJam
    where: str | None = None  # of a condition: its Component


class When(_Table):
    """A moment: so many seconds after the beginning, in the middle of a page, or after an event."""

    at: float | None = Field(default=None, ge=0, le=86_400, allow_inf_nan=False)
    page: int | None = Field(default=None, ge=1, le=1000)
    percent: float = Field(default=50.0, ge=0, le=100)
    after: Match | None = None
    wait: float = Field(default=0.0, ge=0, le=86_400, allow_inf_nan=False)  # seconds more, after `after`

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(each is not None for each in (self.at, self.page, self.after)) != 1:
            raise ValueError("say one of at, page and after")
        if self.page is None and "percent" in self.model_fields_set:
            raise ValueError("percent belongs to page")
        if self.after is None and self.wait:
            raise ValueError("wait belongs to after")
        return self


AT_ONCE: Final = When(at=0.0)


class DeviceTable(_Table):
    """The simulated device, for a run without `--device` and `--tape`."""

    family: str = "esci"
    script: str = ""
    faults: tuple[str, ...] = Field(default=(), max_length=MOST)  # of its link; transfers count from the beginning

    @model_validator(mode="after")
    def _readable(self) -> Self:
        if self.script.strip().endswith(".toml"):
            raise ValueError("a script stands here as one line")
        script.read(self.script)  # its ScriptError is a ValueError, so it is told here
        for each in self.faults:
            agent = self.family in (MFP, FUSED)
            if plan.read(each).fault not in (plan.SILENCE if agent else plan.USB):
                raise ValueError(f"fault {each!r} is none of {'an SNMP agent' if agent else 'a USB link'}")
        return self


class Stimulus(_Table):
    """Something happens to the device: `do` is a word of the scripts (`wsd-scan-hil serve --help`), or `power off`,
    `power on`. `ask` is what an operator is asked to do, where the word's own sentence will not do."""

    do: str
    when: When = AT_ONCE
    ask: str | None = None

    @model_validator(mode="after")
    def _known(self) -> Self:
        if "@" in self.do:
            raise ValueError("when it happens is said by `when`")
        if self.do not in POWER:
            script.stimulus(self.do)
        return self


POWER: Final = ("power off", "power on")


class Client(_Table):
    """One WSD client: it subscribes to everything, then does one thing."""

    name: str = Field(default="client", min_length=1, max_length=40)
    does: Literal["scan", "watch", "invited"] = "scan"  # invited: it scans when a button of the scanner asks it to
    start: When = AT_ONCE
    subscribe: bool = True
    source: Literal["platen", "adf", "duplex"] = "platen"
    pages: int | None = Field(default=None, ge=0, le=1000)  # None: one from the platen, all there are from the feeder
    resolution: int = Field(default=75, ge=1, le=4800)
    color: Literal["bw1", "gray4", "gray8", "rgb24"] = "gray8"
    format: str = "jfif"
    height: int | None = Field(default=None, ge=1, le=60_000)  # 1/1000 inch; None: A4
    destination: str | None = Field(default=None, min_length=1, max_length=40)  # what it is called at the scanner
    retrieve: bool = True  # false: it makes a job and never comes for it
    cancel: When | None = None  # it sends CancelJob
    vanish: When | None = None  # its connections break; it never comes back
    deaf: When | None = None  # events reach it no longer, and are refused

    @model_validator(mode="after")
    def _sense(self) -> Self:
        if self.does == "watch" and (self.cancel or not self.retrieve):
            raise ValueError("who watches has no job")
        if self.does == "invited" and self.destination is None:
            raise ValueError("who is to be invited needs a destination")
        if not self.subscribe and (self.does != "scan" or self.deaf):
            raise ValueError("who does not subscribe is told nothing")
        return self


class Expected(Match):
    """An event that must come, in this order for each client, others may lie between. `at`: seconds after the
    beginning; `within`: seconds after the event expected before it."""

    at: Span | None = None
    within: Span | None = None


class JobEnd(_Table):
    """How a job must end; jobs are counted from 1 in the order in which anybody was told of them."""

    state: JobState
    reason: JobStateReason | str | None = None
    scans: int | None = Field(default=None, ge=0)


class ScannerEnd(_Table):
    """How the scanner must be at the end."""

    state: ScannerState
    reasons: tuple[str, ...] | None = None


class Got(_Table):
    """What a client must have at the end."""

    pages: int | None = Field(default=None, ge=0)  # whole images
    refused: str | None = None  # the last fault it met, by its subcode; "" means: none


class Scenario(_Table):
    """The whole file."""

    title: str = Field(min_length=1, max_length=120)
    about: str = ""
    limit: float = Field(default=120.0, gt=0, le=86_400)  # seconds until it must be over
    settle: float = Field(default=2.0, ge=0, le=3600)  # seconds in which nothing more may come that is forbidden
    device: DeviceTable = DeviceTable()
    bridge: dict[str, Any] = Field(default_factory=dict)  # tables of the bridge's configuration
    client: tuple[Client, ...] = Field(default=(), max_length=MOST)
    stimulus: tuple[Stimulus, ...] = Field(default=(), max_length=MOST)
    expect: tuple[Expected, ...] = Field(default=(), max_length=MOST)
    never: tuple[Match, ...] = Field(default=(), max_length=MOST)
    job: tuple[JobEnd, ...] = Field(default=(), max_length=MOST)
    scanner: ScannerEnd | None = None
    got: dict[str, Got] = Field(default_factory=dict)  # by client

    @model_validator(mode="after")
    def _known_clients(self) -> Self:
        names = [each.name for each in self.client]
        if len(names) != len(set(names)):
            raise ValueError("two clients have one name")
        said = [each.client for each in (*self.expect, *self.never)]
        said += [when.after.client for when in self._moments() if when.after is not None]
        unknown = {each for each in (*said, *self.got) if each is not None} - set(names)
        if unknown:
            raise ValueError(f"there is no client {', '.join(sorted(unknown))}")
        if not self.expect and not self.job and not self.got and self.scanner is None:
            raise ValueError("nothing is expected, so it could not fail")
        return self

    def _moments(self) -> list[When]:
        moments = [each.when for each in self.stimulus]
        for each in self.client:
            moments += [when for when in (each.start, each.cancel, each.vanish, each.deaf) if when is not None]
        return moments


def read(path: Path) -> Scenario:
    """The scenario in that file. Raises ScenarioError."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as err:
        raise ScenarioError(f"{path}: {err.strerror}") from err
    if len(data) > MOST_BYTES:
        raise ScenarioError(f"{path}: larger than {MOST_BYTES >> 10} KB")
    return parse(data.decode("utf-8", errors="surrogateescape"), str(path))


def parse(text: str, where: str) -> Scenario:
    """The same of its text. Raises ScenarioError."""
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeError) as err:
        raise ScenarioError(f"{where}: is not TOML: {err}") from err
    try:
        return Scenario.model_validate(values)
    except ValidationError as err:
        first = err.errors(include_url=False, include_context=False)[0]
        key = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
        reason = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            reason = "there is no such key"
        told = "".join(each if each.isprintable() else repr(each)[1:-1] for each in f"{key or 'scenario'}: {reason}")
        raise ScenarioError(f"{where}: {told}") from err


def shipped() -> dict[str, str]:
    """The scenarios that come along: the text of each by its name."""
    folder = resources.files("hil.scenario") / LIBRARY
    found = {each.name.removesuffix(".toml"): each for each in folder.iterdir() if each.name.endswith(".toml")}
    return {name: found[name].read_text("utf-8") for name in sorted(found)}


def named(name: str) -> Scenario:
    """A shipped one by name, or the file of that path. Raises ScenarioError."""
    if name.endswith(".toml") or "/" in name:
        return read(Path(name))
    texts = shipped()
    if name not in texts:
        raise ScenarioError(f"{name}: is no shipped scenario ({', '.join(texts)}) and no .toml file")
    return parse(texts[name], name)
