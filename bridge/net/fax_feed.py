"""The fax events of a running bridge, read over its HTTP: the client's end of `bridge.net.sse`.

Who is disconnected comes back with the id of the last event and goes on there. Spec: HTML Living Standard section 9.2.
"""

import json
from collections.abc import AsyncGenerator, Callable
from typing import Any, Final

from bridge.errors import BridgeError
from bridge.log import kept_short
from bridge.net.sse import EVENTS, KEEP_ALIVE
from bridge.service.fax import Told
from drivers.contract.clock import Clock
from drivers.contract.http import HttpClient, HttpFailed, Request

MAX_EVENT: Final = 16 * 1024 * 1024  # a snapshot of ten thousand jobs
WAIT: Final = 10.0  # seconds for the answer's head
PAUSES: Final = (1.0, 2.0, 5.0, 10.0)  # before the next try; the last one repeats


class FeedRefused(BridgeError):
    """The bridge does not tell: the text says why, in its own words."""


class FeedAway(BridgeError):
    """Nobody answers, or somebody who is no bridge."""


async def feed(
    client: HttpClient, url: str, token: str, clock: Clock, note: Callable[[str], None]
) -> AsyncGenerator[Told, None]:
    """For ever. `url`: the bridge's, without a path. `note` hears when the bridge is away, and when it is back.

    Raises FeedRefused; FeedAway when the first contact fails.
    """
    last, tries, met = "", 0, False
    while True:
        try:
            async for told in _connected(client, url, token, last):
                if tries:
                    note("the bridge answers again")
                tries, met, last = 0, True, told.id
                yield told
            why = "the bridge ended the stream"
        except HttpFailed as err:
            why = str(err)
            if not met:
                raise FeedAway(why) from err
        if not tries:
            note(f"waiting for the bridge: {why}")
        await clock.sleep(PAUSES[min(tries, len(PAUSES) - 1)])
        tries += 1


async def _connected(client: HttpClient, url: str, token: str, last: str) -> AsyncGenerator[Told, None]:
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
    headers |= {"Last-Event-ID": last} if last else {}
    place = f"{url.rstrip('/')}{EVENTS}"
    async with client.exchange(Request("GET", place, headers=headers), wait=WAIT, pause=3 * KEEP_ALIVE) as incoming:
        kind = incoming.headers.get("content-type", "")
        if incoming.status != 200 or not kind.startswith("text/event-stream"):
            said = "" if incoming.status == 200 else (await anext(incoming.chunks, b"")).decode("utf-8", "replace")
            raise FeedRefused(f"{place}: {incoming.status} {kept_short(' '.join(said.split()), 300)}".rstrip())
        text = bytearray()
        async for chunk in incoming.chunks:
            text += chunk
            if len(text) > MAX_EVENT:
                raise FeedAway(f"{place}: an event has more than {MAX_EVENT} bytes")
            *blocks, rest = bytes(text).split(b"\n\n")
            text = bytearray(rest)
            for block in blocks:
                told = _told(block, place)
                if told is not None:
                    yield told


def _told(block: bytes, place: str) -> Told | None:
    """One block of the stream; None for a comment or a retry time."""
    fields: dict[str, str] = {}
    for line in block.decode("utf-8", "replace").split("\n"):
        name, _, value = line.partition(":")
        fields[name] = value.removeprefix(" ")
    if "data" not in fields:
        return None
    try:
        data: Any = json.loads(fields["data"])
    except ValueError as err:
        raise FeedAway(f"{place}: an event is not JSON") from err
    if not isinstance(data, dict):
        raise FeedAway(f"{place}: an event is no object")
    return Told(fields.get("id", ""), fields.get("event", ""), data)
