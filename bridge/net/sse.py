"""Fax events over HTTP, as Server-Sent Events: `GET /fax/events`, and the jobs as they stand: `GET /fax/jobs`.

A bearer token carries the rights; without one that is known nobody hears anything. A client that comes back with
Last-Event-ID goes on where it was (bridge.service.fax). docs/fax.md describes it for those who write clients.
Spec: HTML Living Standard section 9.2 (event streams); RFC 6750 section 2.1 (Bearer).
"""

import asyncio
import hmac
import json
import logging
from collections.abc import Mapping
from contextlib import closing
from typing import Final

from aiohttp import web

from bridge.fax.faxcomex import AccessRights, ServerEvents
from bridge.fax.notify import ALL_EVENTS
from bridge.log import kept_short
from bridge.service.fax import FaxFull, FaxRefused, FaxService, Stream, Told

_log = logging.getLogger(__name__)

KEEP_ALIVE: Final = 15.0  # seconds without news, after which a comment shows that both are still there
STALL: Final = 30.0  # seconds in which a client must take what is sent to it
RETRY: Final = 2000  # milliseconds after which a client that lost us comes back
MAX_ID: Final = 64


class FaxEvents:
    """The HTTP face of the fax service."""

    def __init__(self, service: FaxService, tokens: Mapping[str, AccessRights]) -> None:
        self._service = service
        self._tokens = dict(tokens)

    def application(self) -> web.Application:
        """What aiohttp serves."""
        app = web.Application(client_max_size=1024)
        app.router.add_get("/fax/events", self._events)
        app.router.add_get("/fax/jobs", self._jobs)
        return app

    async def _jobs(self, request: web.Request) -> web.Response:
        rights = self._rights(request)
        if not rights & (AccessRights.SUBMIT_LOW | AccessRights.QUERY_JOBS):
            raise web.HTTPForbidden(text="these rights do not let you see jobs\n")
        return web.json_response({"jobs": self._service.jobs()}, headers={"Cache-Control": "no-store"})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        rights = self._rights(request)
        after = request.headers.get("Last-Event-ID") or request.query.get("after")
        try:
            stream = self._service.stream(_wanted(request), rights, after and after[:MAX_ID])
        except FaxRefused as err:
            raise web.HTTPForbidden(text=f"{err}\n") from err
        except FaxFull as err:
            raise web.HTTPServiceUnavailable(text=f"{err}\n", headers={"Retry-After": "10"}) from err
        with closing(stream):
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
            await response.prepare(request)
            try:
                await _send(response, f"retry: {RETRY}\n\n")
                await self._follow(stream, response)
            except (ConnectionError, TimeoutError):
                _log.info("%s: a fax listener is gone or takes nothing", request.remote)
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

    def _rights(self, request: web.Request) -> AccessRights:
        """Raises 401."""
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            for token, rights in self._tokens.items():
                if hmac.compare_digest(token.encode(), given.strip().encode()):
                    return rights
        _log.warning("%s: no fax events without a token that is known", request.remote)
        raise web.HTTPUnauthorized(text="a bearer token is needed\n", headers={"WWW-Authenticate": "Bearer"})


def _wanted(request: web.Request) -> int:
    """The mask: a number, or names joined by commas; all events where nothing is said. Raises 400."""
    text = request.query.get("events")
    if text is None:
        return ALL_EVENTS
    try:
        if text[:2].lower() == "0x" or text.isdecimal():
            return int(text[:20], 0)
        return int(sum({ServerEvents[name.strip().upper()] for name in text[:400].split(",")}))
    except (ValueError, KeyError) as err:
        words = ", ".join(str(each.name) for each in ServerEvents)
        said = f"events={kept_short(text, 60)}: is neither a mask nor names of {words}\n"
        raise web.HTTPBadRequest(text=said) from err


def _event(told: Told) -> str:
    return f"id: {told.id}\nevent: {told.name}\ndata: {json.dumps(told.data, separators=(',', ':'))}\n\n"


async def _send(response: web.StreamResponse, text: str) -> None:
    async with asyncio.timeout(STALL):
        await response.write(text.encode())
