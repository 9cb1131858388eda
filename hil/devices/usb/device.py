"""The seam between a bus front end (USB/IP, usbredir) and a simulated USB device.

A device is pure: every call carries `now`, nothing inside reads a clock or a socket. A front end calls, waits
until `update` says something is due or a stimulus came, and asks its pending IN transfers again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from hil.devices.stimuli import Stimulus
from hil.devices.usb.descriptors import Description


class Refusal(Enum):
    """Why an endpoint gave no data."""

    STALL = "stall"  # the endpoint is halted, or the request is unknown
    OVERFLOW = "overflow"  # the device's packet did not fit what the host asked for


@dataclass(frozen=True, slots=True)
class Setup:
    """The eight bytes that begin a control transfer (USB 2.0 §9.3)."""

    request_type: int
    request: int
    value: int
    index: int
    length: int


class SimulatedUsbDevice(Protocol):
    """One simulated device as its USB plug sees it."""

    @property
    def description(self) -> Description:
        """What enumeration shows; constant."""

    @property
    def plugged(self) -> bool:
        """False while the cable is out: the device must not be listed and every transfer fails."""

    def update(self, now: float, stimuli: Iterable[Stimulus] = ()) -> float | None:
        """Let time pass and things happen; returns when to call again (monotonic seconds), None: no need to."""

    def reset(self, now: float) -> None:
        """The bus was reset or a new host attached: halts and half-read answers are gone."""

    def control(self, setup: Setup, data: bytes, now: float) -> bytes | Refusal:
        """Class and vendor requests on endpoint 0; standard ones are answered by `hil.devices.usb.control`."""

    def write(self, endpoint: int, data: bytes, now: float) -> Refusal | None:
        """One OUT transfer, taken whole."""

    def read(self, endpoint: int, limit: int, now: float) -> bytes | Refusal | None:
        """One IN transfer of at most `limit` bytes; None: nothing to say yet, ask again later."""
