"""A simulated device's HTTP face on TCP, plain or TLS. Answers that grow are looked at when the device moves."""

import asyncio
import logging
import ssl
from collections.abc import Callable

from hil.devices.live import Live
from hil.http import BadRequest, Broken, Conversation, Reply, Request
from hil.tcp import TcpServer

MOST_HOSTS = 16
PIECE = 64 * 1024
SLICE = 0.02  # seconds between looks at a page that grows while nothing else happens

log = logging.getLogger(__name__)


class HttpServer(TcpServer):
    """Serves until the context is left. While `reachable` says no, connections die as they do when the cable is out."""

    def __init__(
        self,
        serve: Callable[[Request, float], Reply],
        live: Live,
        host: str,
        port: int = 0,
        *,
        reachable: Callable[[], bool] = lambda: True,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(self._talk, host, port, MOST_HOSTS, tls=tls)
        self._serve, self._live, self._reachable = serve, live, reachable

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversation = Conversation(self._serve)
        changed = asyncio.Event()
        self._live.listen(changed.set)
        reading = asyncio.ensure_future(self._read(reader, conversation, changed))
        try:
            while self._reachable() and not reading.done():
                changed.clear()
                now = self._live.now()
                while (data := conversation.take(PIECE, now)) is not None:
                    self._live.touch()  # an answer may have changed the device
                    writer.write(data)
                    await writer.drain()
                    if not self._reachable():
                        break
                if conversation.over:
                    break
                if conversation.busy:
                    await _wait(changed, SLICE)
                else:
                    await changed.wait()
            if not self._reachable():
                writer.transport.abort()
        except Broken:
            writer.transport.abort()
        except ConnectionError:
            pass
        finally:
            reading.cancel()
            self._live.unlisten(changed.set)
            writer.close()

    @staticmethod
    async def _read(reader: asyncio.StreamReader, conversation: Conversation, changed: asyncio.Event) -> None:
        try:
            while data := await reader.read(PIECE):
                conversation.feed(data)
                changed.set()
        except (BadRequest, ConnectionError) as err:
            log.warning("http: %s", err)
        finally:
            changed.set()


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
