"""What can happen to a scanner from outside: the words of scripts and of live commands.

A stimulus says what happens, never when. `At` and `After` arm it for later: a script is a tuple of armed stimuli.
Families ignore a stimulus that their hardware cannot have (a platen scanner has no feeder to jam).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LoadPaper:
    """Somebody puts that many sheets on those in the feeder; numbering starts again at 1 on an empty one."""

    sheets: int


@dataclass(frozen=True, slots=True)
class RemovePaper:
    """Somebody takes all waiting sheets out of the feeder."""


@dataclass(frozen=True, slots=True)
class ChangeOriginal:
    """Somebody lays another original on the platen; the number is printed on it."""

    number: int


@dataclass(frozen=True, slots=True)
class Jam:
    """The sheet in the feeder's path gets stuck."""


@dataclass(frozen=True, slots=True)
class DoubleFeed:
    """The feeder pulls two sheets at once."""


@dataclass(frozen=True, slots=True)
class Cover:
    """The feeder's cover is opened or closed. Closing it after a jam means that the stuck sheet was taken out."""

    open: bool


@dataclass(frozen=True, slots=True)
class Clear:
    """A person puts everything right: stuck sheet out, cover closed, error acknowledged."""


@dataclass(frozen=True, slots=True)
class Press:
    """A scan button is pressed and let go."""

    button: int = 1


@dataclass(frozen=True, slots=True)
class CancelAtPanel:
    """Somebody presses cancel on the scanner. Without a running scan nothing happens."""


@dataclass(frozen=True, slots=True)
class Fatal:
    """The scanner's own hardware fails until it is cleared."""


@dataclass(frozen=True, slots=True)
class Slow:
    """The motor runs at 1/factor of its speed; 1 is normal again."""

    factor: float


@dataclass(frozen=True, slots=True)
class InUse:
    """Another host takes (or gives back) the scanner over another interface."""

    taken: bool


@dataclass(frozen=True, slots=True)
class Unplug:
    """The USB cable is pulled."""


@dataclass(frozen=True, slots=True)
class Plug:
    """The USB cable is plugged in again."""


@dataclass(frozen=True, slots=True)
class Offline:
    """Somebody takes the scanner off line at its panel, or puts it back."""

    taken: bool


@dataclass(frozen=True, slots=True)
class Restart:
    """It is switched off and on at once: what ran is lost, and what it remembered is forgotten."""


@dataclass(frozen=True, slots=True)
class FaxCall:
    """A fax of that many pages comes in, or is sent."""

    incoming: bool
    pages: int


@dataclass(frozen=True, slots=True)
class HangUp:
    """The call on the telephone line breaks off."""


Happening = (
    LoadPaper
    | RemovePaper
    | ChangeOriginal
    | Jam
    | DoubleFeed
    | Cover
    | Clear
    | Press
    | CancelAtPanel
    | Fatal
    | Slow
    | InUse
    | Unplug
    | Plug
    | Offline
    | Restart
    | FaxCall
    | HangUp
)


@dataclass(frozen=True, slots=True)
class At:
    """Happens once, when `percent` of the `page`-th page that begins after this was said has been scanned."""

    page: int
    percent: float
    happening: Happening


@dataclass(frozen=True, slots=True)
class After:
    """Happens once, that many seconds after this was said."""

    seconds: float
    happening: Happening


Stimulus = Happening | At | After
