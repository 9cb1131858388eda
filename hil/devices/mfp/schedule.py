"""What a script has in store for an MFP: things that happen at a time, and things that happen on a page."""

from hil.devices.stimuli import After, At, Happening


class Schedule:
    """Armed stimuli, in the order in which they were said."""

    def __init__(self) -> None:
        self._pages: list[tuple[int, float, Happening]] = []  # pages still to begin, percent, what
        self._timers: list[tuple[float, Happening]] = []

    def arm(self, stimulus: At | After, now: float) -> None:
        """Remember it for later."""
        if isinstance(stimulus, At):
            self._pages.append((stimulus.page, stimulus.percent, stimulus.happening))
        else:
            self._timers.append((now + stimulus.seconds, stimulus.happening))

    def page_begins(self) -> None:
        """One page more has begun."""
        self._pages = [(pages - 1, percent, what) for pages, percent, what in self._pages if pages > 0]

    @property
    def timer(self) -> float | None:
        """When the next thing happens, whatever moves."""
        return min((when for when, _ in self._timers), default=None)

    @property
    def percent(self) -> float | None:
        """At which part of the page under way the next thing happens."""
        return min((percent for pages, percent, _ in self._pages if pages == 0), default=None)

    def take_timer(self, now: float) -> Happening | None:
        """The first timed thing that is due."""
        for timer in self._timers:
            if timer[0] <= now:
                self._timers.remove(timer)
                return timer[1]
        return None

    def take_percent(self, percent: float) -> Happening:
        """What happens at that part of the page under way."""
        entry = next(each for each in self._pages if each[:2] == (0, percent))
        self._pages.remove(entry)
        return entry[2]
