"""Which devices SANE sees: asked in a child of its own, again only when something was plugged in or out.

Listing lets every backend look at every bus, which takes seconds and touches devices; so it is done in the background,
and what was found last is the answer meanwhile. A thread lives while a listing runs, and not in between.
"""

import logging
import shutil
import threading
import time
import weakref
from collections.abc import Callable, Collection
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drivers.contract.driver import Claim
from drivers.contract.errors import DeviceBusy, DriverError
from drivers.routes.firmware import Kept, kept
from drivers.sane import backends, firmware, place
from drivers.sane.process import Child, LibraryMissing, Refused

_log = logging.getLogger(__name__)

LIST_SECONDS: Final = 60.0
FIRST_SECONDS: Final = 15.0  # for which somebody patient waits
STALE_SECONDS: Final = 600.0  # SCSI, parallel ports and networks tell nobody of a change
AGAIN_SECONDS: Final = (5.0, 20.0)  # after a change: a device needs time until it answers
LOOK_AGAIN: Final = 1.0  # while a listing runs
_MOST: Final = 64
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Listed:
    """One device as SANE lists it."""

    name: str  # "epson2:libusb:001:004"
    vendor: str
    model: str
    type: str  # "flatbed scanner"
    usb: place.Plugged | None = None

    @property
    def description(self) -> str:
        """One line for people."""
        return f"{self.vendor} {self.model} (SANE {self.name})"


class Listing:
    """The devices of one library and one choice of backends."""

    def __init__(
        self,
        library: str,
        named: tuple[str, ...] = (),
        *,
        network: bool = False,
        firmware_dir: Path | None = None,
        claims: Collection[Claim] = (),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`named`: backends to be used although they are left out elsewhere; `network`: all may look there;
        `firmware_dir`: where the operator's firmware files are; `claims`: of devices that are ours, which no backend
        would find unless they are lent."""
        self.library, self._monotonic = library, monotonic
        self._claims, self._firmware_dir = claims, firmware_dir
        self._local = not (network or backends.look_outside(named))
        self.config_dir: Path = backends.private(named)  # for the children that open what was listed, too
        weakref.finalize(self, shutil.rmtree, self.config_dir, ignore_errors=True)
        self._found: tuple[Listed, ...] = ()
        self._there: tuple[tuple[place.Plugged, ...], tuple[Kept, ...]] | None = None
        self._due: list[float] = []
        self._missing = False
        self._looked = False
        self._running: threading.Thread | None = None
        self._lock = threading.Lock()

    def devices(self, *, patient: bool = True) -> tuple[Listed, ...]:
        """What was found last. Whoever is `patient` waits for the first list, but not for long."""
        with self._lock:
            if not self._missing and self._running is None and self._is_due():
                self._running = threading.Thread(target=self._look, name="sane-list", daemon=True)
                self._running.start()
            running = self._running
        if patient and not self._looked and running is not None:
            running.join(FIRST_SECONDS)
        return self._found

    def due(self) -> float:
        """Seconds until asking again may find something else, if nothing is plugged in or out."""
        if self._missing:
            return STALE_SECONDS
        if self._running is not None or not self._looked:
            return LOOK_AGAIN
        return max(LOOK_AGAIN, self._due[0] - self._monotonic()) if self._due else STALE_SECONDS

    def _is_due(self) -> bool:
        there, now = (place.plugged(), kept(self._firmware_dir)), self._monotonic()
        if there != self._there:
            self._there = there
            self._due = [now, *(now + later for later in AGAIN_SECONDS)]
        due = bool(self._due) and self._due[0] <= now
        if due:
            self._due = [*(at for at in self._due if at > now)] or [now + STALE_SECONDS]
        return due

    def _look(self) -> None:
        try:
            with ExitStack() as lent:
                for claim in tuple(self._claims):
                    with suppress(DeviceBusy):  # it scans, so it is known
                        claim.lend()
                        lent.callback(claim.take_back)
                self._found = self._listed()
        except LibraryMissing as err:
            self._missing = True
            _log.info("scanners that only SANE supports are not seen: %s", err)
        except (DriverError, Refused, OSError) as err:
            _log.warning("SANE cannot list its devices: %s", err)
        finally:
            with self._lock:
                self._looked, self._running = True, None

    def _listed(self) -> tuple[Listed, ...]:
        there = {f"{each.vendor_id:04x}:{each.product_id:04x}" for each in place.plugged()}
        firmware.tell(self.config_dir, backends.directories(), self._firmware_dir, there)
        child = Child(self.library, self.config_dir, "SANE")
        try:
            told = child.ask("list", LIST_SECONDS, local=self._local).get("devices")
            child.quit()
        finally:
            child.kill()
        usb = place.plugged()
        found = []
        for each in told[:_MOST] if isinstance(told, list) else ():
            name, vendor, model, kind = ("".join(filter(str.isprintable, str(part)))[:_LONGEST] for part in each)
            found.append(Listed(name, vendor, model, kind, place.of(name, usb)))
        return tuple(found)
