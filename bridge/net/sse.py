"""Fax events over HTTP, as Server-Sent Events: `GET /fax/events`, and the jobs as they stand: `GET /fax/jobs`.

A bearer token carries the rights; without one that is known nobody hears anything. A client that comes back with
Last-Event-ID goes on where it was (bridge.service.fax). docs/fax.md describes it for those who write clients.
Spec: HTML Living Standard section 9.2 (event streams); RFC 6750 section 2.1 (Bearer).
"""

import asyncio
import hmac
import json
import logging
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from bridge.discovery.throttle import Throttle
from bridge.fax.faxcomex import AccessRights, ServerEvents
from bridge.fax.notify import ALL_EVENTS, refused
from bridge.log import kept_short
from bridge.net.exchange import watched
from bridge.service.fax import FaxFull, FaxRefused, FaxService, Stream, Told

_log = logging.getLogger(__name__)

EVENTS: Final = "/fax/events"
JOBS: Final = "/fax/jobs"
KEEP_ALIVE: Final = 15.0  # seconds without news, after which a comment shows that both are still there
STALL: Final = 30.0  # seconds in which a client must take what is sent to it
RETRY: Final = 2000  # milliseconds after which a client that lost us comes back
MAX_ID: Final = 64


@dataclass(frozen=True, slots=True)
class Pass:
    """Who may come in, and what he may do."""

    name: str
    token: str = field(repr=False)
    rights: AccessRights


class FaxEvents:
    """The HTTP face of the fax service."""

    def __init__(self, service: FaxService, passes: Sequence[Pass]) -> None:
        self._service = service
        self._passes = tuple(passes)
        self._said = Throttle(rate=1 / 60, burst=1, total_rate=1 / 6, total_burst=10)

    def application(self) -> web.Application:
        """What aiohttp serves."""
        app = web.Application(client_max_size=1024)
        app.router.add_route("*", "/{path:.*}", self._handle)
        return app

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        with watched(request):
            holder = self._holder(request)
            if request.path not in (EVENTS, JOBS) and not request.path.startswith(f"{JOBS}/"):
                raise web.HTTPNotFound(text=f"there are {EVENTS} and {JOBS}\n")
            if request.method != "GET":
                raise web.HTTPMethodNotAllowed(request.method, ["GET"])
            return await self._events(request, holder) if request.path == EVENTS else self._jobs(request, holder)

    def _holder(self, request: web.Request) -> Pass:
        """Raises 401."""
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            for each in self._passes:
                if hmac.compare_digest(each.token.encode(), given.strip().encode("utf-8", "surrogateescape")):
                    return each
        peer = request.remote or ""
        if self._said.admit(peer, asyncio.get_running_loop().time()):
            _log.warning("%s: no fax events without a token that is known", peer)
        wrong = ' error="invalid_token"' if scheme.lower() == "bearer" else ""
        said = "this token is not known\n" if wrong else "a bearer token is needed\n"
        raise web.HTTPUnauthorized(text=said, headers={"WWW-Authenticate": f"Bearer{wrong}"})

    def _jobs(self, request: web.Request, holder: Pass) -> web.Response:
        if refused(ServerEvents.IN_QUEUE | ServerEvents.OUT_QUEUE, holder.rights):
            raise web.HTTPForbidden(text="these rights do not let you see jobs\n")
        jobs, wanted = self._service.jobs(), request.path.removeprefix(JOBS)[1:]
        if wanted:
            jobs = [job for job in jobs if job["job_id"] == wanted]
            if not jobs:
                raise web.HTTPNotFound(text=f"there is no job {kept_short(wanted)!a}\n")
        return web.json_response(jobs[0] if wanted else {"jobs": jobs}, headers={"Cache-Control": "no-store"})

    async def _events(self, request: web.Request, holder: Pass) -> web.StreamResponse:
        after = request.headers.get("Last-Event-ID") or request.query.get("after")
        try:
            stream = self._service.stream(_wanted(request, holder.rights), holder.rights, after and after[:MAX_ID])
        except FaxRefused as err:
            raise web.HTTPForbidden(text=f"{err}\n") from err
        except FaxFull as err:
            raise web.HTTPServiceUnavailable(text=f"{err}\n", headers={"Retry-After": "10"}) from err
        with closing(stream):
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
            response.force_close()
            await response.prepare(request)
            _log.info("%s: %s listens to fax events", request.remote, holder.name or "somebody")
            try:
                await _send(response, f"retry: {RETRY}\n\n")
                await self._follow(stream, response)
            except (ConnectionError, TimeoutError):
                _log.info("%s: a fax listener is gone or takes nothing", request.remote)
                if request.transport is not None:
                    request.transport.abort()  # what still waits for it is not kept
        return response

    async def _follow(self, stream: Stream, response: web.StreamResponse) -> None:
        while True:
            if told := stream.take():
                await _send(response, "".join(map(_event, told)))
            if stream.ended:
                return
            try:
                async with asyncio.timeout(KEEP_ALIVE):
                    await stream.news.wait()
            except TimeoutError:
                await _send(response, ": still here\n\n")


def _wanted(request: web.Request, rights: AccessRights) -> int:
    """The mask: a number, or names joined by commas; where nothing is said, all that the rights allow. Raises 400."""
    text = request.query.get("events")
    if text is None:
        return int(ALL_EVENTS & ~refused(ALL_EVENTS, rights))
    try:
        if text[:2].lower() == "0x" or text.isdecimal():
            mask = int(text[:20], 0)
        else:
            mask = int(sum({ServerEvents[name.strip().upper()] for name in text[:400].split(",")}))
        if not 0 < mask <= ALL_EVENTS:
            raise ValueError(text)
    except (ValueError, KeyError) as err:
        words = ", ".join(str(each.name) for each in ServerEvents)
        said = f"events={kept_short(text, 60)!a}: is neither a mask from 1 to {ALL_EVENTS:#x} nor names of {words}\n"
        raise web.HTTPBadRequest(text=said) from err
    return mask


def _event(told: Told) -> str:
    return f"id: {told.id}\nevent: {told.name}\ndata: {json.dumps(told.data, separators=(',', ':'))}\n\n"


async def _send(response: web.StreamResponse, text: str) -> None:
    async with asyncio.timeout(STALL):
        await response.write(text.encode())
