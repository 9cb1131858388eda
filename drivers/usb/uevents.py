"""Word of what is plugged in and out of this machine's USB, from the kernel and from udev. Nothing is polled.

Both speak on one netlink socket (lib/kobject_uevent.c; systemd's sd-device monitor): the kernel at once, udev when
permissions and links are made. Both are listened to, since each is missing somewhere: the kernel comes too early where
udev is at work, udev is not everywhere and does not speak into other network namespaces. A message is only a reason to
look; what it says is not believed, and only root may send one.
"""

import asyncio
import errno
import os
import socket
import struct
from contextlib import suppress
from typing import Final

KERNEL, UDEV = 1, 2  # multicast groups, as bits
SETTLE: Final = 0.3  # s: one plug is a handful of messages
UDEV_SECONDS: Final = 2.0  # s that udev has for its work after the kernel's word, where it is at work
UDEV_CONTROL: Final = "/run/udev/control"  # there while udev runs; libusb looks for the same
_PROTOCOL: Final = 15  # NETLINK_KOBJECT_UEVENT
_MOST: Final = 16 * 1024
_MESSAGES: Final = 64  # read in one go; the rest at the loop's next turn
_UDEV_HEAD: Final = struct.Struct("=8s4xIII")  # "libudev", magic, sizes of header, offset and size of the properties


class Uevents:
    """Made inside a running event loop. Raises OSError where there is no such socket (containers, other systems)."""

    def __init__(self, sock: socket.socket | None = None) -> None:
        self._socket = sock or _opened()
        self._loop = asyncio.get_running_loop()
        self._settling: asyncio.TimerHandle | None = None
        self._changed = asyncio.Event()
        self._loop.add_reader(self._socket, self._readable)

    async def changed(self) -> None:
        """Return after the next change, once nothing more follows. Any number may wait."""
        await self._changed.wait()

    def close(self) -> None:
        """Hear no more."""
        if self._settling is not None:
            self._settling.cancel()
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _readable(self) -> None:
        for _ in range(_MESSAGES):
            try:
                data, _, _, _ = self._socket.recvmsg(_MOST)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as err:
                if err.errno == errno.ENOBUFS:  # some were lost
                    self._settle(SETTLE)
                return
            if concerns_usb(data):
                early = not data.startswith(b"libudev\0") and os.path.exists(UDEV_CONTROL)
                self._settle(UDEV_SECONDS if early else SETTLE)

    def _settle(self, seconds: float) -> None:
        if self._settling is not None:
            self._settling.cancel()
        self._settling = self._loop.call_later(seconds, self._tell)

    def _tell(self) -> None:
        self._settling = None
        self._changed.set()
        self._changed = asyncio.Event()


def concerns_usb(message: bytes) -> bool:
    """Whether it is about a whole USB device; those about its interfaces also come when we claim one ourselves."""
    at = 0
    if message.startswith(b"libudev\0"):
        if len(message) < _UDEV_HEAD.size:
            return False
        _, _, at, _ = _UDEV_HEAD.unpack_from(message)
    return {b"SUBSYSTEM=usb", b"DEVTYPE=usb_device"} <= set(message[at:].split(b"\0"))


def _opened() -> socket.socket:
    family = getattr(socket, "AF_NETLINK", None)
    if family is None:
        raise OSError(errno.EAFNOSUPPORT, "there is no netlink")
    sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC, _PROTOCOL)
    try:
        with suppress(OSError):  # a hub that wakes up says a lot at once
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 256 * 1024)
        sock.bind((0, KERNEL | UDEV))
    except BaseException:
        sock.close()
        raise
    return sock
