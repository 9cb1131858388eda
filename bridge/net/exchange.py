"""One HTTP exchange that carries SOAP: its request read, its answer or its fault written, whoever asked told apart.

What every face of ours that is reached over HTTP shares; which answer it is, the faces decide. Spec: SOAP 1.2 HTTP
binding, DPWS 2006 section 4.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from aiohttp import web

from bridge.errors import OperationRefused
from bridge.log import TRAFFIC, kept_short
from bridge.net.guest import guest_of
from bridge.service.access import AccessDenied
from bridge.service.endpoint import refusal
from bridge.service.peer import Peer
from bridge.soap import envelope, fault
from bridge.soap.envelope import Message
from bridge.wsscan import faults
from drivers.contract.tap import TAP
from drivers.contract.xml import MAX_BYTES

_log = logging.getLogger(__name__)

SOAP_XML: Final = "application/soap+xml"
CONTENT_TYPE: Final = f"{SOAP_XML}; charset=utf-8"
BODY_TIMEOUT: Final = 20.0  # seconds for a request of 32 KB to arrive
_MAX_SUBJECT: Final = 500

Answering = Callable[[Message], Awaitable[web.StreamResponse]]


async def guarded(
    request: web.Request,
    reading: Callable[[], Awaitable[Message]],
    answer: Answering,
    broken: Callable[[], OperationRefused] = faults.internal_error,
) -> web.StreamResponse:
    """Read the request and answer it; whatever goes wrong before the answer's first byte is a fault."""
    message: Message | None = None
    try:
        message = await reading()
        return await answer(message)
    except OperationRefused as err:
        return refused(request, err, message)
    except ConnectionError:
        raise  # nobody is there to be answered
    except Exception:  # noqa: BLE001 - a bug of ours costs one request, and is logged whole
        _log.exception("%s: the request broke", request.remote)
        return refused(request, broken(), message)


@contextmanager
def watched(request: web.Request) -> Iterator[None]:
    """Who watches the connection is told that its head is whole, and that it was answered."""
    guest = guest_of(request.transport)
    if guest is None:
        yield
        return
    guest.began()
    try:
        yield
    finally:
        guest.ended()


def tell(request: web.Request, response: web.StreamResponse) -> None:
    """The tap hears every answer; of one with an image in it, who sent it has told the SOAP part."""
    if isinstance(response, web.Response) and TAP.wants():
        body = response.body if isinstance(response.body, bytes) else b""
        kind = response.content_type
        TAP.tell("http", data=body, way="out", peer=asker(request), status=response.status, type=kind)


def asker(request: web.Request) -> str:
    """Who asked, as ADDRESS:PORT, by which answers on a tape find their questions."""
    there = request.transport.get_extra_info("peername") if request.transport is not None else None
    return f"{there[0]}:{there[1]}" if there else ""


async def read(request: web.Request) -> Message:
    """The SOAP message of a request. Raises OperationRefused."""
    if request.content_type != SOAP_XML:
        raise OperationRefused(fault.malformed(f"Content-Type {request.content_type[:100]}, {SOAP_XML} is understood"))
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            data = await request.read()
    except TimeoutError as err:
        raise OperationRefused(fault.malformed(f"the request did not arrive within {BODY_TIMEOUT:g} s")) from err
    except web.HTTPRequestEntityTooLarge as err:
        raise OperationRefused(fault.malformed(f"the request has more than {MAX_BYTES} bytes")) from err
    return message_of(request, data)


def message_of(request: web.Request, data: bytes) -> Message:
    """The message that came with the request. Raises OperationRefused."""
    TRAFFIC.debug("from %s: %r", request.remote, data)
    TAP.tell("http", data=data, way="in", peer=asker(request), url=request.path, type=request.content_type)
    return envelope.read_request(data)


def answered(answer: bytes | None) -> web.Response:
    """None is 202 with an empty body."""
    if answer is None:
        return web.Response(status=202)
    TRAFFIC.debug("answered: %r", answer)
    return web.Response(body=answer, headers={"Content-Type": CONTENT_TYPE})


def refused(request: web.Request, err: OperationRefused, message: Message | None) -> web.Response:
    """The fault that is owed; `message` None: the request could not be read."""
    action = message.addressing.action if message is not None else ""
    relates_to = message.addressing.message_id if message is not None else None
    name = kept_short(action.rpartition("/")[2], 60) or "request"
    _log.info("%s: %s refused: %s", request.remote, name, kept_short(str(err), 300))
    body = refusal(err, action, relates_to)
    TRAFFIC.debug("answered: %r", body)
    status = 403 if isinstance(err, AccessDenied) else fault.http_status(err.fault)
    return web.Response(body=body, status=status, headers={"Content-Type": CONTENT_TYPE})


def closing(response: web.Response) -> web.Response:
    """The connection ends with this answer."""
    response.force_close()
    return response


def peer_of(request: web.Request) -> Peer:
    """Who asks. Raises OperationRefused when the connection is gone."""
    transport = request.transport
    here = transport.get_extra_info("sockname") if transport is not None else None
    there = transport.get_extra_info("peername") if transport is not None else None
    if here is None or there is None:
        raise faults.temporary_error("the connection is gone")
    shown = transport.get_extra_info("peercert") if transport is not None else None
    return Peer(_plain(there[0]), _plain(here[0]), here[1], _interface(there), _subject(shown or {}))


def _subject(certificate: dict[str, Any]) -> str:
    """Of a certificate that was verified, as `CN=…,O=…`; empty where none was asked for."""
    parts = (f"{name}={value}" for names in certificate.get("subject", ()) for name, value in names)
    return ",".join(parts)[:_MAX_SUBJECT]


def _interface(address: tuple[str, int] | tuple[str, int, int, int]) -> str:
    """The name of the interface that an IPv6 link-local address belongs to; names outlive a restart, indices do not."""
    if len(address) < 4 or not address[3]:
        return ""
    try:
        return socket.if_indextoname(address[3])
    except OSError:  # gone since; nothing can be sent there, and that will be said
        return str(address[3])


def _plain(address: str) -> str:
    """Without a scope, and IPv4 as IPv4 where a dual-stack socket wraps it."""
    return address.partition("%")[0].removeprefix("::ffff:")


def base_url(request: web.Request) -> str:
    """How this very peer reaches us."""
    peer = peer_of(request)
    host = f"[{peer.local_address}]" if ":" in peer.local_address else peer.local_address
    return f"{request.scheme}://{host}:{peer.local_port}"
