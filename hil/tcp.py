"""A TCP server of the bench: so many hosts at once, each in a task of its own, all of them ended with it."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Self

Session = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]


class TcpServer:
    """Serves `session` to each host until the context is left."""

    def __init__(self, session: Session, host: str, port: int, most: int, *, tls: ssl.SSLContext | None = None) -> None:
        self._session, self._most, self._tls = session, most, tls
        self._host, self._port = host, port
        self._hosts: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port really listened on."""
        return self._port

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, self._host, self._port, ssl=self._tls)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
            for task in tuple(self._hosts):
                task.cancel()
            await asyncio.gather(*self._hosts, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._hosts) >= self._most:
            writer.close()
            return
        task = asyncio.ensure_future(self._session(reader, writer))
        self._hosts.add(task)
        task.add_done_callback(self._hosts.discard)
        task.add_done_callback(lambda _: writer.close())  # even where it was canceled before it began
