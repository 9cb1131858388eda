"""What stands on the bench: a simulated scanner, or one that does what its tape says, without any bus or network.

A `Subject` is found by the bridge like any other device, and can be told what happens to it.
"""

from collections.abc import Awaitable, Callable, Container, Sequence
from functools import partial
from typing import Final, Protocol

from drivers.contract.clock import Clock
from drivers.contract.driver import Device, Finding
from drivers.contract.errors import DeviceRefused
from drivers.escl import open as escl
from drivers.escl.tapped import Tapped
from drivers.snmp import device as snmp
from drivers.snmp.beside import open_observed
from drivers.usb.descriptors import UsbDevice
from drivers.usb.esci import open as esci
from drivers.usb.esci2 import open as esci2
from drivers.usb.fujitsu import open as fujitsu
from drivers.usb.genesys import open as genesys
from drivers.usb.link import Link
from drivers.usb.pixma import open as pixma
from hil import serving
from hil.devices.mfp.escl import ROOT, EsclFace
from hil.devices.mfp.model import Mfp
from hil.devices.mfp.objects import mib
from hil.devices.mfp.serve import FAMILY as MFP
from hil.devices.stimuli import Stimulus
from hil.devices.usb.device import SimulatedUsbDevice
from hil.faults.plan import Fault, Plan
from hil.rig.bad_link import BadLink
from hil.rig.http_link import FaceHttp
from hil.rig.loop import HandTurnedLoop
from hil.rig.noticing import Noticing, Watched
from hil.rig.snmp_link import AgentLink, Answer
from hil.rig.usb_link import Plug
from hil.script import Script
from hil.serving import UnknownFamily
from hil.snmp import agent
from hil.tape.file import Tape, TapeError
from hil.tape.snmp import TapeAgent
from hil.tape.usb import TapeUsb
from hil.tape.web import TapeWeb

AGENT: Final = ("127.0.0.1", 161)  # by which its key is made; nothing goes there
SERVICE: Final = "http://127.0.0.1/eSCL"  # the same
TRIES: Final = 3
FUSED: Final = "escl+snmp"  # an MFP that is observed over both

Open = Callable[..., Awaitable[Device]]


class Subject(Protocol):
    """One device on the bench."""

    async def find(self) -> list[Finding]:
        """What a look at the buses shows now."""

    def stimulate(self, *stimuli: Stimulus) -> None:
        """Something happens to it now, or is armed for later."""

    def notice(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with a word for each thing that is seen to have happened to the device."""

    @property
    def failure(self) -> str | None:
        """Why what happened is not to be trusted; None while it is."""


class OnUsb:
    """A USB device straight under its driver."""

    def __init__(
        self,
        device: SimulatedUsbDevice,
        loop: HandTurnedLoop,
        *,
        bad: Plan | None = None,
        tape: TapeUsb | None = None,
        noticing: Noticing | None = None,
        by: tuple[str, Open] | None = None,
        control: bool = False,
        bulk: bool = True,
    ) -> None:
        """`bad` has the faults of every link that is opened, requests on endpoint 0 among its transfers with `control`,
        those of the interrupt endpoint alone but for `bulk`; `by`: the driver's name and opener, where the device's ids
        do not say which."""
        self._control, self._bulk = control, bulk
        self._listeners: list[Callable[[str], None]] = []
        self._bad = bad
        self._noticing = noticing
        self._plug, self._loop, self._tape = Plug(device, loop.turns), loop, tape
        known = self._plug.known()
        ids = f"{known.vendor_id:04x}:{known.product_id:04x}"
        found = ((name, opener) for name, models, opener in _FAMILIES if ids in models())
        unknown: tuple[str | None, Open] = (None, _refuse)
        self._family, self._open = by or next(found, unknown)

    async def find(self) -> list[Finding]:
        self._plug.device.update(self._loop.time())
        if not self._plug.device.plugged:
            return []
        known = self._plug.known()
        opener = partial(self._open, known, self._link, self._loop.clock)
        return [Finding(known.key, self._family, known.description, opener)]

    def stimulate(self, *stimuli: Stimulus) -> None:
        self._plug.device.update(self._loop.time(), stimuli)
        self._plug.changed.notify_all()

    def notice(self, listener: Callable[[str], None]) -> None:
        if self._bad is not None:
            self._bad.arm()
            self._listeners.append(listener)
        if self._noticing is not None:
            self._noticing.listen(listener)

    @property
    def failure(self) -> str | None:
        return self._tape.failure if self._tape is not None else None

    def _link(self) -> Link:
        link = self._plug.open()
        if self._bad is None:
            return link
        return BadLink(link, self._bad, self._loop.turns, self._struck, control=self._control, bulk=self._bulk)

    def _struck(self, fault: Fault, number: int) -> None:
        for listener in self._listeners:
            listener(f"fault: {fault} at transfer {number}")


async def _refuse(known: UsbDevice, *_: object) -> Device:
    raise DeviceRefused(f"no driver knows {known.description}")


# As drivers.usb.families, which is for the bridge alone.
_FAMILIES: Final[tuple[tuple[str, Callable[[], Container[str]], Open], ...]] = (
    (esci.FAMILY, esci.models, esci.open_device),
    (fujitsu.FAMILY, fujitsu.models, fujitsu.open_device),
    (esci2.FAMILY, esci2.models, esci2.open_device),
    (pixma.FAMILY, pixma.models, pixma.open_device),
    (genesys.FAMILY, genesys.models, genesys.open_device),
)


class OnNetwork:
    """An agent, a service on HTTP, or both of one device, straight under their drivers."""

    def __init__(
        self,
        answer: Answer | None,
        clock: Clock,
        *,
        face: EsclFace | TapeWeb | None = None,
        mfp: Mfp | None = None,
        tape: Sequence[TapeAgent | TapeWeb] = (),
        noticing: Noticing | None = None,
        bad: Plan | None = None,
    ) -> None:
        """`bad` has what happens to the questions; with a `face` it scans over eSCL, and an agent looks on."""
        self._answer, self._clock, self._mfp, self._tape = answer, clock, mfp, tape
        self._noticing, self._bad, self._face = noticing, bad, face

    async def find(self) -> list[Finding]:
        if self._face is not None and self._answer is None:
            return [Finding(escl.key(SERVICE), escl.DRIVER, f"eSCL service {SERVICE}", self._open_escl)]
        if self._face is not None:
            both = partial(open_observed, self._open_escl, self._open, self._clock)
            return [Finding(escl.key(SERVICE), FUSED, f"eSCL service {SERVICE}", both)]
        key = snmp.key(*AGENT)
        return [Finding(key, snmp.DRIVER, f"SNMP agent {AGENT[0]}", self._open)]

    async def _open(self) -> Device:
        link = AgentLink(f"snmp {AGENT[0]}:{AGENT[1]}", self._asked, self._clock)
        return await snmp.open_on(link, snmp.key(*AGENT), self._clock)

    async def _open_escl(self) -> Device:
        assert self._face is not None
        body = self._mfp
        face = FaceHttp(self._face.serve, lambda: body is None or body.state.plugged, self._clock)
        http = Tapped(face, escl.key(SERVICE), ROOT, self._clock)
        return await escl.open_on(http, ROOT, escl.key(SERVICE), AGENT[0], clock=self._clock)

    def _asked(self, datagram: bytes) -> bytes | None:
        bad = self._bad  # a question that is lost is sent again, as drivers.snmp.link does
        lost = bad is not None and all(bad.take(datagram, inward=False) for _ in range(TRIES))
        return None if lost or self._answer is None else self._answer(datagram)

    def stimulate(self, *stimuli: Stimulus) -> None:
        if self._mfp is not None:
            self._mfp.update(self._clock.monotonic(), stimuli)
        if self._noticing is not None:
            self._noticing.look()

    def notice(self, listener: Callable[[str], None]) -> None:
        if self._bad is not None:
            self._bad.arm()
        if self._noticing is not None:
            self._noticing.listen(listener)

    @property
    def failure(self) -> str | None:
        return next((each.failure for each in self._tape if each.failure is not None), None)


def simulated(family: str, script: Script, loop: HandTurnedLoop, bad: Plan | None = None) -> Subject:
    """A simulated scanner of that family; `bad` are the faults of its link, counted from when somebody takes notice of
    it. Raises UnknownFamily."""
    if bad is not None:
        bad.rest()
    if family in (MFP, FUSED):
        body = Mfp(script, loop.time())
        seen = Noticing(lambda: body.state)

        def answer(datagram: bytes) -> bytes | None:
            objects = mib(body, loop.time())
            seen.look()
            return None if objects is None else agent.answer(datagram, objects, b"public")

        return OnNetwork(
            answer, loop.clock, mfp=body, noticing=seen, bad=bad, face=EsclFace(body) if family == FUSED else None
        )
    if family not in serving.FAMILIES:
        raise UnknownFamily(f"{family!r} is not simulated; there are: {', '.join(serving.NAMES)}")
    scanner, usb = serving.FAMILIES[family](script, loop.time())
    noticing = Noticing(lambda: scanner.state)
    return OnUsb(Watched(usb, noticing), loop, bad=bad, noticing=noticing)


def taped(tape: Tape, loop: HandTurnedLoop, bad: Plan | None = None, *, pace: float = 1.0) -> Sequence[Subject]:
    """The devices of a tape, as slow as they were; `bad` are the faults of their USB links. Raises TapeError."""
    found: list[Subject] = []
    for identity in tape.usb():
        device = TapeUsb(tape, identity, pace=pace)
        found.append(OnUsb(device, loop, tape=device, bad=bad))
    agents = [TapeAgent(tape, known, loop.clock.monotonic, pace=pace) for known in tape.snmp()]
    services = [TapeWeb(tape, known, pace=pace) for known in tape.http()]
    if len(agents) == len(services) == 1:  # an MFP that was observed over both
        found.append(OnNetwork(agents[0].answer, loop.clock, face=services[0], tape=(*agents, *services)))
        return found
    found += [OnNetwork(each.answer, loop.clock, tape=(each,)) for each in agents]
    found += [OnNetwork(None, loop.clock, face=each, tape=(each,)) for each in services]
    if not found:
        raise TapeError(f"{tape.path}: has no device that could be replayed")
    return found
