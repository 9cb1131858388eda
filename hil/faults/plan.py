"""Which transfer goes wrong, and how: a plan that is written beforehand or changed while everything runs.

One fault is one line: `cut@17`, `delay 0.5@3-8`, `garble@=1c47`, `loss 10%`, `stall`.
"""

import random
import re
from dataclasses import dataclass
from enum import StrEnum

HELP = """\
faults, as arguments or one per line on standard input while it runs:
  cut              the connection breaks (an agent falls silent)
  stall            the endpoint is halted, nothing moves (USB)
  garble           one bit is another
  delay SECONDS    it comes so much later
  short            only the first half comes
  loss             nothing comes; who sent it does not know
  duplicate        it comes twice
  reorder          it comes after the next one (SNMP)
  community        the question goes out with a wrong community (SNMP)
  clear            all faults are taken back
  count            say how many transfers there were; `arm` counts from 0 again
when:
  FAULT            the next transfer
  FAULT@N          the Nth transfer since the start or `arm`
  FAULT@N-M, @N-   from the Nth to the Mth, or for good
  FAULT@=HEX       the first transfer that begins with these bytes: garble@=1c47
  FAULT P%         each transfer with this chance
"""


class FaultError(ValueError):
    """The operator wrote something that is no fault; the text is one line."""


class Fault(StrEnum):
    """What can go wrong on the way."""

    CUT = "cut"
    STALL = "stall"
    GARBLE = "garble"
    DELAY = "delay"
    SHORT = "short"
    LOSS = "loss"
    DUPLICATE = "duplicate"
    REORDER = "reorder"
    COMMUNITY = "community"


USB = frozenset(Fault) - {Fault.REORDER, Fault.COMMUNITY}
SNMP = frozenset(Fault) - {Fault.STALL}
SILENCE = frozenset({Fault.LOSS, Fault.COMMUNITY})  # what keeps an agent's answer away, and does no more


@dataclass(frozen=True, slots=True)
class Planned:
    """One fault and when it comes: transfers `first` to `last` (None: for good), or by how a transfer begins, or by
    chance."""

    fault: Fault
    first: int = 1
    last: int | None = None
    begins: bytes = b""
    chance: float | None = None
    seconds: float = 0.0

    def strikes(self, number: int, data: bytes, dice: random.Random) -> bool:
        """Whether it is this transfer."""
        if self.chance is not None:
            return dice.random() < self.chance
        if self.begins:
            return data.startswith(self.begins)
        return self.first <= number and (self.last is None or number <= self.last)

    @property
    def once(self) -> bool:
        """Whether it is over once it has struck."""
        return self.chance is None and (bool(self.begins) or self.first == self.last)


@dataclass(frozen=True, slots=True)
class Struck:
    """A fault that came, for whoever tells what happened."""

    number: int
    fault: Fault
    inward: bool  # on the way from the device
    data: bytes


class Plan:
    """The faults of one link; asked for every transfer, in order."""

    def __init__(self, *planned: Planned, allowed: frozenset[Fault] = frozenset(Fault), seed: int = 0) -> None:
        self._allowed = allowed
        self._seed = seed
        self._dice = random.Random(seed)  # noqa: S311 a repeatable bad link
        self._planned: list[Planned] = []
        self._armed = True
        self.count = 0  # transfers since the start or `arm`
        self.struck: list[Struck] = []
        for each in planned:
            self.add(each)

    def add(self, planned: Planned) -> None:
        """One more fault. Raises FaultError where this kind of link has no such fault."""
        if planned.fault not in self._allowed:
            raise FaultError(f"{planned.fault} is not for this link; there are {', '.join(sorted(self._allowed))}")
        self._planned.append(planned)

    def clear(self) -> None:
        """No more faults."""
        self._planned.clear()

    def rest(self) -> None:
        """What passes from now on is neither counted nor harmed, until `arm`."""
        self._armed = False

    def arm(self) -> None:
        """Count from the next transfer, which is number 1."""
        self._armed = True
        self.count = 0
        self.struck.clear()
        self._dice.seed(self._seed)

    def say(self, line: str) -> str:
        """Carry out one line of text; the answer. Raises FaultError."""
        match line.strip():
            case "clear":
                self.clear()
            case "arm":
                self.arm()
            case "count":
                return str(self.count)
            case text:
                self.add(read(text, after=self.count))
        return "ok"

    def take(self, data: bytes, *, inward: bool) -> Planned | None:
        """The next transfer passes: what goes wrong with it."""
        if not self._armed:
            return None
        self.count += 1
        for planned in self._planned:
            if planned.strikes(self.count, data, self._dice):
                if planned.once:
                    self._planned.remove(planned)
                self.struck.append(Struck(self.count, planned.fault, inward, data[:64]))
                return planned
        return None

    def garbled(self, data: bytes) -> bytes:
        """The same bytes but for one bit; which one follows from the transfer's number."""
        if not data:
            return data
        dice = random.Random(f"{self._seed}/{self.count}")  # noqa: S311 repeatable
        at = dice.randrange(len(data))
        return data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :]


_LINE = re.compile(
    r"(?P<fault>[a-z]+)(?: +(?P<seconds>\d+(?:\.\d+)?)s?(?! *%))?(?: +(?P<chance>\d+(?:\.\d+)?) *%)?"
    r"(?: *@ *(?:=(?P<begins>(?:[0-9a-fA-F]{2} ?)+)|(?P<first>\d+)(?P<dash> *- *(?P<last>\d+)?)?))?"
)


def read(text: str, *, after: int = 0) -> Planned:
    """One fault; without a time it is the transfer after number `after`. Raises FaultError."""
    found = _LINE.fullmatch(text.strip())
    if found is None or found["fault"] not in {str(each) for each in Fault}:
        raise FaultError(f"fault {text!r}: not known; see --help")
    fault = Fault(found["fault"])
    if (fault is Fault.DELAY) != (found["seconds"] is not None):
        raise FaultError(
            f"fault {text!r}: {'delay wants seconds' if fault is Fault.DELAY else 'only delay has seconds'}"
        )
    seconds = float(found["seconds"] or 0)
    if found["chance"] is not None:
        chance = float(found["chance"]) / 100
        if chance > 1 or found["first"] or found["begins"]:
            raise FaultError(f"fault {text!r}: a chance is at most 100% and has no other time")
        return Planned(fault, chance=chance, seconds=seconds)
    if found["begins"]:
        return Planned(fault, begins=bytes.fromhex(found["begins"]), seconds=seconds)
    first = int(found["first"]) if found["first"] else after + 1
    last: int | None = int(found["last"]) if found["last"] else first
    if found["dash"] and not found["last"]:
        last = None
    if first < 1 or (last is not None and last < first):
        raise FaultError(f"fault {text!r}: transfers count from 1, upwards")
    return Planned(fault, first, last, seconds=seconds)
