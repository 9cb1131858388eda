"""The URBs of one imported device, for any number of threads.

One thread at a time reads the socket and hands each answer to whoever waits for it, so an interrupt
read and a bulk read run side by side without a thread of our own. Who read another's answer leaves the
socket to it for a moment: a thread that only listens does not wake up at every transfer of the other.
A transfer that runs out of time is unlinked and its answer awaited, because until then the server may
still move its data.
Spec: Documentation/usb/usbip_protocol.rst.

A server drops what a transfer had moved when it is unlinked. Callers that read on after a time-out
therefore ask for small pieces.
"""

import errno
import threading
import time
from dataclasses import dataclass

import usb.core

from drivers.usbip import messages
from drivers.usbip.connection import ANSWER_SECONDS, Connection, lost

LULL = 0.02  # s between two looks at whether somebody reads the socket, and for which it is left to another

# Linux errno of a URB → what libusb would report.
_ERRNO = {
    errno.EPIPE: errno.EPIPE,
    errno.ETIMEDOUT: errno.ETIMEDOUT,
    errno.ENODEV: errno.ENODEV,
    errno.ESHUTDOWN: errno.ENODEV,
    errno.EOVERFLOW: errno.EOVERFLOW,
}


@dataclass(slots=True)
class _Pending:
    """One submit, or one unlink, that has no answer yet."""

    told: threading.Condition  # there is an answer, or the session is dead
    buffer: memoryview | None  # where the data of an IN transfer goes
    answer: messages.Answer | None = None


class Session:
    """An imported device's transfers. All errors are usb.core.USBError."""

    def __init__(self, connection: Connection, device: messages.Exported) -> None:
        self.device = device
        self._connection = connection
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._pending: dict[int, _Pending] = {}
        self._seqnum = 0
        self._reading = False
        self._dead: usb.core.USBError | None = None

    @property
    def alive(self) -> bool:
        return self._dead is None

    def close(self) -> None:
        self._die(lost(self._connection.place, "closed by us"))

    def read(self, endpoint: int, view: memoryview, timeout: float, setup: bytes = bytes(8)) -> int:
        """One IN transfer of at most len(view) bytes; returns how many came. `timeout` in seconds."""
        return self._transfer(endpoint & 0x0F, view, b"", timeout, setup)

    def write(self, endpoint: int, data: bytes | memoryview, timeout: float, setup: bytes = bytes(8)) -> int:
        """One OUT transfer; returns how many bytes went."""
        return self._transfer(endpoint & 0x0F, None, data, timeout, setup)

    def _transfer(
        self, endpoint: int, into: memoryview | None, data: bytes | memoryview, timeout: float, setup: bytes
    ) -> int:
        length = len(data) if into is None else len(into)
        seqnum, pending = self._enter(into)
        try:
            header = messages.submit(
                seqnum, self.device.devid, endpoint, into=into is not None, length=length, setup=setup
            )
            self._send(header, data)
            if not self._wait(pending, time.monotonic() + timeout):
                self._unlink(seqnum, pending)
            answer = pending.answer
            if answer is None or answer.status in {-errno.ECONNRESET, -errno.ENOENT}:
                raise usb.core.USBTimeoutError("the device did not answer in time", None, errno.ETIMEDOUT)
            if answer.status:
                raise _error(answer.status)
            return min(answer.length, length)
        finally:
            with self._lock:
                self._pending.pop(seqnum, None)

    def _unlink(self, victim: int, pending: _Pending) -> None:
        """Take a transfer back; afterwards `pending` has its answer if it had ended just then."""
        seqnum, unlinked = self._enter(None)
        try:
            self._send(messages.unlink(seqnum, self.device.devid, victim))
            if not self._wait(unlinked, time.monotonic() + ANSWER_SECONDS):
                raise self._die(lost(self._connection.place, "an unlink was not answered"))
            # Status 0: it had ended. Its own answer came first, or follows at once.
            if unlinked.answer is not None and unlinked.answer.status == 0:
                self._wait(pending, time.monotonic() + ANSWER_SECONDS)
        finally:
            with self._lock:
                self._pending.pop(seqnum, None)

    def _enter(self, buffer: memoryview | None) -> tuple[int, _Pending]:
        with self._lock:
            if self._dead is not None:
                raise self._dead
            self._seqnum = self._seqnum % 0x7FFFFFFF + 1
            pending = self._pending[self._seqnum] = _Pending(threading.Condition(self._lock), buffer)
            return self._seqnum, pending

    def _send(self, *parts: bytes | memoryview) -> None:
        try:
            with self._sending:
                self._connection.send(*parts)
        except usb.core.USBError as err:
            raise self._die(err) from err

    def _wait(self, pending: _Pending, deadline: float) -> bool:
        """True when `pending` has its answer; whoever waits and finds nobody reading, reads."""
        while True:
            with self._lock:
                while pending.answer is None and self._reading and self._dead is None:
                    if not self._pause(pending, deadline):
                        return pending.answer is not None
                if pending.answer is not None:
                    return True
                if self._dead is not None:
                    raise self._dead
                self._reading = True
            try:
                arrived = self._connection.readable(deadline - time.monotonic())
                if arrived:
                    self._deliver()
            except usb.core.USBError as err:
                raise self._die(err) from err
            finally:
                with self._lock:
                    self._reading = False
            with self._lock:
                if pending.answer is None and (not arrived or not self._pause(pending, deadline)):
                    return False

    def _pause(self, pending: _Pending, deadline: float) -> bool:
        """A moment, or less when `pending` is told something. False when there is no time left."""
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        pending.told.wait(min(left, LULL))
        return True

    def _deliver(self) -> None:
        """Read one whole answer and hand it over; anything unexpected ends the session."""
        try:
            answer = messages.answer(self._connection.receive(messages.URB_SIZE))
        except messages.Malformed as err:
            raise lost(self._connection.place, err) from err
        with self._lock:
            pending = self._pending.get(answer.seqnum)
        if pending is None or pending.answer is not None:
            raise lost(self._connection.place, f"an answer to {answer.seqnum}, which was never asked")
        if pending.buffer is not None and answer.command == messages.RET_SUBMIT and answer.length:
            if answer.length > len(pending.buffer):
                raise lost(self._connection.place, f"{answer.length} bytes where {len(pending.buffer)} were asked")
            self._connection.receive_into(pending.buffer[: answer.length])
        with self._lock:
            pending.answer = answer
            pending.told.notify()

    def _die(self, error: usb.core.USBError) -> usb.core.USBError:
        """Everybody who waits, and whoever comes later, gets the error."""
        with self._lock:
            if self._dead is None:
                self._dead = error
            for pending in self._pending.values():
                pending.told.notify()
        self._connection.close()
        return error


def _error(status: int) -> usb.core.USBError:
    code = _ERRNO.get(-status, errno.EIO)
    kind = usb.core.USBTimeoutError if code == errno.ETIMEDOUT else usb.core.USBError
    return kind(f"transfer failed with status {status}", None, code)
