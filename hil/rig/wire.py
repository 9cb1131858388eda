"""TCP without a kernel: connections between parties of one event loop, delivered in order and without delay.

What asyncio promises of a transport holds: flow control by high and low water, a close that lets what was written
arrive, an abort that does not. A connection to a port where nobody listens is refused.
"""

import asyncio
import errno
import os
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

HIGH, LOW = 64 * 1024, 16 * 1024  # bytes on their way, as asyncio has it
FIRST_PORT: Final = 20_000  # of listeners that take any
FIRST_CALLER: Final = 40_000

Factory = Callable[[], asyncio.BaseProtocol]
Address = tuple[str, int]


class Listening:
    """What create_server gives; enough of asyncio.Server for who serves."""

    def __init__(self, wire: "Wire", address: Address, sock: socket.socket | None) -> None:
        self._wire, self._sock = wire, sock
        self.address = address
        self.sockets = (_Named(address),)

    def close(self) -> None:
        """Nobody is let in any more."""
        self._wire.forget(self.address)
        if self._sock is not None:
            self._sock.close()

    async def wait_closed(self) -> None:
        """It is closed at once."""

    async def start_serving(self) -> None:
        """It does."""

    def is_serving(self) -> bool:
        """Whether anybody is let in."""
        return self._wire.knows(self.address)


class _Named:
    """As much of a socket as has a name."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self.family = socket.AF_INET

    def getsockname(self) -> Address:
        return self._address


class _Accepted(socket.socket):
    """A connection that came in and has no protocol yet; closing it without giving it one resets it."""

    def __init__(self, end: "End") -> None:
        super().__init__(socket.AF_INET, socket.SOCK_STREAM)
        self.end: End | None = end

    def close(self) -> None:
        end, self.end = self.end, None
        if end is not None:
            end.abort()
        super().close()


@dataclass(slots=True)
class _Door:
    """A listening socket of which somebody accepts connections one by one."""

    sock: socket.socket
    waiting: deque["asyncio.Future[tuple[socket.socket, Address]]"] = field(default_factory=deque)
    came: deque[tuple[socket.socket, Address]] = field(default_factory=deque)

    def open(self) -> bool:
        return self.sock.fileno() != -1


class Wire:
    """Who listens where."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._served: dict[int, Factory] = {}  # by port: this is loopback
        self._doors: dict[int, _Door] = {}
        self._dialled: dict[socket.socket, Address] = {}
        self._ports, self._callers = count(FIRST_PORT), count(FIRST_CALLER)

    def listen(self, factory: Factory, host: Any, port: Any, sock: socket.socket | None) -> Listening:
        """Raises OSError where somebody listens already."""
        address: Address = (
            sock.getsockname()[:2] if sock is not None else (host or "127.0.0.1", port or next(self._ports))
        )
        if address[1] in self._served:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        self._served[address[1]] = factory
        return Listening(self, address, sock)

    def forget(self, address: Address) -> None:
        """Nobody listens there now."""
        self._served.pop(address[1], None)

    def knows(self, address: Address) -> bool:
        """Whether somebody listens there."""
        door = self._doors.get(address[1])
        return address[1] in self._served or (door is not None and door.open())

    async def accept(self, sock: socket.socket) -> tuple[socket.socket, Address]:
        """The next connection that comes to that listening socket."""
        port = int(sock.getsockname()[1])
        door = self._doors.get(port)
        if door is None or door.sock is not sock:
            door = self._doors[port] = _Door(sock)
        if door.came:
            return door.came.popleft()
        future: asyncio.Future[tuple[socket.socket, Address]] = self._loop.create_future()
        door.waiting.append(future)
        try:
            return await future
        finally:
            if future in door.waiting:
                door.waiting.remove(future)

    def accepted(self, factory: Factory, sock: socket.socket) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:
        """The protocol for a connection that was accepted."""
        if not isinstance(sock, _Accepted) or sock.end is None:
            raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
        end, sock.end = sock.end, None
        sock.close()
        protocol = factory()
        end.start(protocol)
        return end, protocol

    def dial(self, sock: socket.socket, address: Any) -> None:
        """Raises ConnectionRefusedError."""
        if not self.knows(address):
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        self._dialled[sock] = (str(address[0]), int(address[1]))

    def connect(
        self, factory: Factory, host: Any, port: Any, sock: socket.socket | None
    ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:
        """Both ends. Raises ConnectionRefusedError."""
        if sock is not None:
            there = self._dialled.pop(sock)
            sock.close()
        else:
            there = (host, port)
        if not self.knows(there):
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        here = ("127.0.0.1", next(self._callers))
        caller, called = End(self._loop, here, there), End(self._loop, there, here)
        caller.join(called)
        if there[1] in self._served:
            called.start(self._served[there[1]]())
        else:
            self._knock(self._doors[there[1]], called, here)
        mine = factory()
        caller.start(mine)
        return caller, mine

    @staticmethod
    def _knock(door: _Door, called: "End", here: Address) -> None:
        connection = _Accepted(called), here
        waiting = next((each for each in door.waiting if not each.done()), None)
        if waiting is None:
            door.came.append(connection)
        else:
            waiting.set_result(connection)


class End(asyncio.Transport):
    """One end of a connection."""

    def __init__(self, loop: asyncio.AbstractEventLoop, here: Address, there: Address) -> None:
        super().__init__({"sockname": here, "peername": there})
        self._loop = loop
        self._peer = self
        self._protocol: Any = None
        self._inbox: deque[bytes] = deque()  # for our protocol
        self._waiting = 0  # bytes in it
        self._paused = self._scheduled = False
        self._choked = False  # our protocol was told to stop writing
        self._closing = self._lost = False
        self._ending = False  # the other end has said all

    def join(self, peer: "End") -> None:
        """Both know each other."""
        self._peer, peer._peer = peer, self

    def start(self, protocol: asyncio.BaseProtocol) -> None:
        """The protocol is connected."""
        self._protocol = protocol
        protocol.connection_made(self)
        self._schedule()

    def get_protocol(self) -> asyncio.BaseProtocol:
        protocol: asyncio.BaseProtocol = self._protocol
        return protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def is_reading(self) -> bool:
        return not self._paused and not self._closing

    def pause_reading(self) -> None:
        self._paused = True

    def resume_reading(self) -> None:
        self._paused = False
        self._schedule()

    def is_closing(self) -> bool:
        return self._closing

    def can_write_eof(self) -> bool:
        return False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return self._peer._waiting

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._closing or self._lost or not data:
            return
        self._peer._inbox.append(bytes(data))
        self._peer._waiting += len(data)
        self._peer._schedule()
        if self._peer._waiting > HIGH and not self._choked:
            self._choked = True
            self._protocol.pause_writing()

    def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        self._peer._ending = True
        self._peer._schedule()
        self._loop.call_soon(self._lose, None)

    def abort(self) -> None:
        if self._lost:
            return
        self._closing = True
        peer = self._peer
        peer._inbox.clear()
        peer._waiting = 0
        self._loop.call_soon(self._lose, None)
        self._loop.call_soon(peer._lose, ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET)))

    def _schedule(self) -> None:
        if not self._scheduled and not self._lost and self._protocol is not None:
            self._scheduled = True
            self._loop.call_soon(self._deliver)

    def _deliver(self) -> None:
        self._scheduled = False
        if self._lost or self._paused:
            return
        if self._inbox and not self._closing:
            data = self._inbox.popleft()
            self._waiting -= len(data)
            self._protocol.data_received(data)
            self._peer._relieve()
            self._schedule()
        elif self._ending and not self._closing:
            self._closing = True
            self._protocol.eof_received()
            self._loop.call_soon(self._lose, None)
            self._peer._ending = True

    def _relieve(self) -> None:
        if self._choked and self._peer._waiting <= LOW:
            self._choked = False
            if not self._lost:
                self._protocol.resume_writing()

    def _lose(self, err: Exception | None) -> None:
        if self._lost:
            return
        self._lost = self._closing = True
        self._inbox.clear()
        self._waiting = 0
        if self._protocol is not None:
            self._protocol.connection_lost(err)
        # Who still writes to us learns that nobody reads.
        if not self._peer._lost and not self._peer._closing and not self._peer._ending:
            self._peer._ending = True
            self._peer._schedule()
