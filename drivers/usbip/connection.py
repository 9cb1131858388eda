"""One TCP connection to a USB/IP server up to the import; every operation has a deadline.

Spec: Documentation/usb/usbip_protocol.rst. Errors are usb.core.USBError with libusb's errno values.
"""

import errno
import select
import socket
import time
from contextlib import suppress
from dataclasses import replace

import usb.core

from drivers.usbip import messages
from drivers.usbip.place import Place

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 5.0
SLOWEST = 20_000  # bytes a second; a message that comes in slower than that is given up
# A server lets one importer in at a time and needs a moment to notice that the last one has left.
IMPORT_RETRY_SECONDS = 1.5
IMPORT_RETRY_PAUSE = 0.1

ST_NODEV = 4  # usbip_common.h; ST_NA is 1, ST_DEV_BUSY 2, ST_DEV_ERR 3, ST_ERROR 5


def lost(place: Place, why: object) -> usb.core.USBError:
    """The error of a connection that is no more: for the caller the device was unplugged."""
    return usb.core.USBError(f"connection to USB/IP server {place} lost: {why}", None, errno.ENODEV)


class Connection:
    """A connected socket that reads and writes whole messages."""

    def __init__(self, place: Place) -> None:
        self.place = place
        try:
            self._socket = socket.create_connection((place.host, place.port), CONNECT_SECONDS)
        except OSError as err:
            raise usb.core.USBError(f"no USB/IP server at {place}: {err}", None, errno.ENODEV) from err
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes a thread that waits in `readable`
        self._socket.close()

    def readable(self, seconds: float) -> bool:
        """Whether something arrived within that time; nothing is read."""
        try:
            poller = select.poll()
            poller.register(self._socket, select.POLLIN)
            return bool(poller.poll(max(0.0, seconds) * 1000))
        except (OSError, ValueError) as err:  # ValueError: closed by another thread
            raise lost(self.place, err) from err

    def send(self, *parts: bytes | memoryview) -> None:
        """Write all parts; a peer that does not take them for ANSWER_SECONDS is lost."""
        try:
            self._socket.settimeout(ANSWER_SECONDS)
            for part in parts:
                self._socket.sendall(part)
        except (OSError, ValueError) as err:
            raise lost(self.place, err) from err

    def receive(self, size: int) -> bytes:
        """Exactly `size` bytes."""
        data = bytearray(size)
        self.receive_into(memoryview(data))
        return bytes(data)

    def receive_into(self, view: memoryview) -> None:
        """Fill the whole view."""
        deadline = time.monotonic() + ANSWER_SECONDS + len(view) / SLOWEST
        filled = 0
        while filled < len(view):
            try:
                self._socket.settimeout(max(0.001, deadline - time.monotonic()))
                count = self._socket.recv_into(view[filled:])
            except (OSError, ValueError) as err:
                raise lost(self.place, err) from err
            if count == 0:
                raise lost(self.place, "closed by the server")
            filled += count


def device_list(place: Place) -> list[messages.Exported]:
    """What the server exports just now. USBError ENODEV: no server; EPROTO: it does not speak USB/IP."""
    connection = Connection(place)
    try:
        connection.send(messages.devlist_request())
        status = messages.op_status(connection.receive(messages.OP_HEADER.size), messages.OP_REP_DEVLIST)
        if status:
            raise usb.core.USBError(f"USB/IP server {place} refuses its device list, status {status}", None, errno.EIO)
        count = int.from_bytes(connection.receive(4))
        if count > messages.MAX_DEVICES:
            raise messages.Malformed(f"a list of {count} devices")
        found = []
        for _ in range(count):
            device = messages.exported(connection.receive(messages.DEVICE.size))
            triples = connection.receive(4 * device.interface_count)
            interfaces = tuple((triples[i], triples[i + 1], triples[i + 2]) for i in range(0, len(triples), 4))
            found.append(replace(device, interfaces=interfaces))
        return found
    except messages.Malformed as err:
        raise usb.core.USBError(f"{place} does not speak USB/IP: {err}", None, errno.EPROTO) from err
    finally:
        connection.close()


def import_device(place: Place, busid: str) -> tuple[Connection, messages.Exported]:
    """Become the device's importer. USBError EBUSY: somebody else is; ENODEV: it is not there."""
    give_up = time.monotonic() + IMPORT_RETRY_SECONDS
    while True:
        connection = Connection(place)
        try:
            connection.send(messages.import_request(busid))
            status = messages.op_status(connection.receive(messages.OP_HEADER.size), messages.OP_REP_IMPORT)
            if status == 0:
                device = messages.exported(connection.receive(messages.DEVICE.size))
                if device.busid != busid:
                    raise messages.Malformed(f"asked for {busid}, was given {device.busid}")
                return connection, device
        except messages.Malformed as err:
            connection.close()
            raise usb.core.USBError(f"{place} does not speak USB/IP: {err}", None, errno.EPROTO) from err
        except BaseException:
            connection.close()
            raise
        connection.close()
        if status == ST_NODEV or time.monotonic() >= give_up:
            # Old servers say 1 ("not available") for everything, so only a plain "no such device" is believed.
            code = errno.ENODEV if status == ST_NODEV else errno.EBUSY
            raise usb.core.USBError(f"{place} does not give {busid} away, status {status}", None, code)
        time.sleep(IMPORT_RETRY_PAUSE)
