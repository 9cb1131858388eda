"""What scans over USB but is no USB family of the rig's: eSCL over IPP over USB, and SANE beside a driver that looks.

SANE is played: it borrows the device for each scan, as the driver of SANE's scanners does, and its page is grey.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from drivers.actor.actor import Actor
from drivers.actor.beside import open_both
from drivers.actor.work import Interject, Tell
from drivers.contract.capabilities import Capabilities, Mode, Size, SourceCapabilities
from drivers.contract.clock import Clock
from drivers.contract.document import Raster, ScanRequest
from drivers.contract.driver import Claim, Device
from drivers.contract.handover import Handover
from drivers.contract.identity import Identity
from drivers.contract.observation import JobReport, Phase, Readiness, Snapshot
from drivers.escl import open as escl
from drivers.usb.descriptors import UsbDevice
from drivers.usb.genesys import open as genesys
from drivers.usb.genesys.scanner import PACE
from drivers.usb.ipp_usb.http import IppUsb
from drivers.usb.link import Link
from hil import script, serving
from hil.devices.genesys.scanner import POWER, POWER_BIT, GenesysScanner
from hil.devices.mfp.escl import ROOT
from hil.faults.plan import Fault, Plan, Planned
from hil.rig.devices import OnUsb, Subject
from hil.rig.loop import HandTurnedLoop
from hil.scenario.actuators import Simulated
from hil.scenario.model import Scenario
from hil.scenario.runs import Run, hand_turned

LATE: Final = 100.0  # s: a press when everything is over
GREY: Final = 0x7F
SECONDS: Final = 1.5  # that the page takes, in which the other driver must not look


async def over_usb(known: UsbDevice, open_link: Callable[[], Link], clock: Clock) -> Device:
    """As drivers.catalog opens it, on one interface."""
    http = IppUsb(known.key, lambda: [open_link()], clock)
    try:
        return await escl.open_on(http, ROOT, known.key, known.description, clock=clock)
    except BaseException:
        await http.close()
        raise


async def before_sane(known: UsbDevice, open_link: Callable[[], Link], clock: Clock) -> Device:
    """A scanner that the genesys driver looks at, and SANE scans with."""
    looking = partial(genesys.open_device, known, open_link, clock)
    return await open_both(looking, partial(_played, clock), "genesys+sane")


async def _played(clock: Clock, *, claim: Claim | None) -> Device:
    assert claim is not None
    actor = Actor("sane-played", Sane(claim), clock, share=True)
    source = SourceCapabilities((75, 75), (75,), (Mode.GRAY8,), Size(100, 100), Size(8500, 11690))
    able = Capabilities(platen=source)
    return Device(Identity("sane-played", "Played", "SANE"), "sane", able, (actor,), actor, actor.close)


class Sane:
    """`drivers.actor.work.Work`: the device is its own while it has it open."""

    source = "sane"

    def __init__(self, claim: Claim) -> None:
        self._claim = claim

    def pace(self, quiet: float) -> float:
        return 5.0

    def glance(self) -> Snapshot:
        return Snapshot(self.source, Readiness.IDLE)

    def open(self) -> Claim:
        self._claim.lend()
        return self._claim

    def reopened(self) -> None:
        """Nothing is known of it."""

    def taken(self, opened: Claim, interject: Interject) -> None:
        """Nothing comes from it by itself."""

    def usable(self, opened: Claim) -> bool:
        return True

    def resynchronise(self, opened: Claim) -> None:
        """There is no need."""

    def look(self, opened: Claim) -> Snapshot:
        return self.glance()

    def before(self, opened: Claim) -> None:
        return None

    def scan(self, opened: Claim, request: ScanRequest, handover: Handover, tell: Tell) -> None:
        report = JobReport(request.native_id, Phase.SCANNING, 0)
        tell(Snapshot(self.source, Readiness.BUSY, jobs=(report,)), lasting=True)
        width, height = (of * 75 // 1000 for of in (request.region.width, request.region.height))
        handover.page(Raster(width, height, request.mode, request.resolution, iter(())))
        handover.pause(SECONDS)
        for _ in range(height):
            handover.put(bytes([GREY]) * width)
        handover.end_page()

    def close(self, opened: Claim) -> None:
        opened.take_back()


def ipp_usb(name: str, scenario: Scenario, bad: Plan | None) -> Run:
    """A scenario on the simulated MFP, over USB."""

    def subjects(turned: HandTurnedLoop) -> Sequence[Subject]:
        _, usb = serving.FAMILIES["ipp-usb"](script.read(scenario.device.script), turned.time())
        if bad is not None:
            bad.rest()
        return (OnUsb(usb, turned, bad=bad, by=("escl", over_usb)),)

    return hand_turned(name, scenario, "eSCL over USB", subjects, lambda found: (Simulated(found[0]),))


def genesys_and_sane(name: str, scenario: Scenario, bad: Plan | None) -> Run:
    """A scenario on the simulated Genesys scanner that SANE has set up once; its requests on endpoint 0 count."""

    def subjects(turned: HandTurnedLoop) -> Sequence[Subject]:
        body, usb = serving.FAMILIES["genesys"](script.read(scenario.device.script), turned.time())
        assert isinstance(body, GenesysScanner)
        body.write(POWER, POWER_BIT)
        if bad is not None:
            bad.rest()
        return (OnUsb(usb, turned, bad=bad, by=("genesys+sane", before_sane), control=True),)

    run = hand_turned(name, scenario, "genesys beside SANE", subjects, lambda found: (Simulated(found[0]),))
    return pressed_late(run, PACE)


def pressed_late(run: Run, pace: float) -> Run:
    """The same, judged: the press at `LATE` is told once and in time, and the scanner is idle at the end."""
    told = [each.at for each in run.seen.events if each.name == "ScanAvailableEvent" and each.at >= LATE]
    wrong = [] if len(told) == 1 and told[0] < LATE + pace + 0.05 else [f"the late press was told at {told}"]
    if run.seen.scanner != ("Idle", ()):
        wrong.append(f"at the end it is {run.seen.scanner}")
    return replace(run, complaints=(*run.complaints, *wrong))


def genesys_reopened(name: str, scenario: Scenario, bad: Plan | None) -> Run:
    """The same, but that the first transfer cuts the link: so the others are those of opening it anew."""
    if bad is not None:
        bad.add(Planned(Fault.CUT, 1, 1))
    return genesys_and_sane(name, scenario, bad)
