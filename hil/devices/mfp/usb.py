"""The simulated MFP's USB plug: IPP over USB, several interfaces 7/1/4 with the same HTTP behind each.

Spec: IPP over USB 1.0 (USB-IF). Each pair of bulk endpoints is one HTTP/1.1 connection that never closes: whatever the
answer says of that, the next request on it is answered too.
"""

from collections.abc import Iterable

from hil.devices.mfp.escl import EsclFace
from hil.devices.mfp.model import Mfp, State
from hil.devices.stimuli import Stimulus
from hil.devices.usb.descriptors import Description, Endpoint, Interface, Transfer
from hil.devices.usb.device import Refusal, Setup
from hil.http import BadRequest, Broken, Conversation
from hil.script import Script

VENDOR_ID, PRODUCT_ID = 0x03F0, 0xF12A  # HP's; no such product
INTERFACES = 2
MAX_PACKET = 512
SLICE = 0.02  # seconds between looks at a page that grows


class MfpUsb:
    """`SimulatedUsbDevice` over an `Mfp`."""

    def __init__(self, script: Script, now: float) -> None:
        self.mfp = Mfp(script, now)
        self._face = EsclFace(self.mfp)
        self._talks: list[Conversation] = []
        self.reset(now)
        self._description = Description(
            vendor_id=VENDOR_ID,
            product_id=PRODUCT_ID,
            release=0x0100,
            manufacturer="HP",
            product="LaserJet MFP Simulated",
            serial=script.serial,
            interfaces=tuple(
                Interface(
                    number,
                    7,
                    1,
                    4,
                    (
                        Endpoint(0x81 + number, Transfer.BULK, MAX_PACKET),
                        Endpoint(0x01 + number, Transfer.BULK, MAX_PACKET),
                    ),
                )
                for number in range(INTERFACES)
            ),
        )

    @property
    def description(self) -> Description:
        """What enumeration shows."""
        return self._description

    @property
    def state(self) -> State:
        """Of the MFP."""
        return self.mfp.state

    @property
    def plugged(self) -> bool:
        """The cable is in."""
        return self.mfp.state.plugged

    def update(self, now: float, stimuli: Iterable[Stimulus] = ()) -> float | None:
        """Let time pass and things happen."""
        wake = self.mfp.update(now, stimuli)
        if any(talk.busy for talk in self._talks):
            return now + SLICE if wake is None else min(wake, now + SLICE)
        return wake

    def reset(self, now: float) -> None:
        """A new host: new connections."""
        del now
        self._talks = [Conversation(self._face.serve) for _ in range(INTERFACES)]

    def control(self, setup: Setup, data: bytes, now: float) -> bytes | Refusal:
        """It has no requests of its own."""
        del setup, data, now
        return Refusal.STALL

    def write(self, endpoint: int, data: bytes, now: float) -> Refusal | None:
        """A part of a request."""
        del now
        number = endpoint - 1
        if not 0 <= number < INTERFACES:
            return Refusal.STALL
        try:
            self._talks[number].feed(data)
        except BadRequest:
            return Refusal.STALL
        return None

    def read(self, endpoint: int, limit: int, now: float) -> bytes | Refusal | None:
        """A part of an answer. A page that breaks off ends too short: on USB there is nothing that could close."""
        number = endpoint - 0x81
        if not 0 <= number < INTERFACES:
            return Refusal.STALL
        try:
            return self._talks[number].take(limit, now)
        except Broken:
            return self._talks[number].cut()
