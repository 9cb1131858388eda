"""MFPs found by a broadcast, in a network of our own: two namespaces, agents in one of them."""

import asyncio
from collections.abc import Iterator

import pytest

from drivers.snmp.credentials import Community
from drivers.snmp.search import search, shout
from hil.snmp.agent import Agent
from hil.snmp.ber import Tag, Typed
from hil.snmp.mib import Mib, oid
from tests.system.namespaces import Laboratory, laboratory

MFP = Mib(
    {
        oid("1.3.6.1.2.1.1.1.0"): Typed(Tag.OCTETS, b"RICOH IM C3000"),
        oid("1.3.6.1.2.1.1.2.0"): Typed(Tag.OID, oid("1.3.6.1.4.1.367.1.1")),
    }
)
HERE, THERE = "198.51.100.1", "198.51.100.2"


@pytest.fixture
def lab() -> Iterator[Laboratory]:
    with laboratory("here", "there") as made:
        made.join("here", "wa", "there", "wb")
        made.address("here", "wa", f"{HERE}/24")
        made.address("there", "wb", f"{THERE}/24")
        yield made


async def test_who_answers_a_broadcast_is_found_and_asked_itself(lab: Laboratory) -> None:
    up, found = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    async def serve() -> None:
        agent = Agent(lambda: MFP, "hall")
        await agent.start("0.0.0.0", 1161)
        loop.call_soon_threadsafe(up.set)
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(found.wait(), loop))
        agent.close()

    async def look() -> list[tuple[str, str]]:
        heard = await shout("wa", Community("hall"), port=1161)
        return [(each.host, each.manufacturer) for each in await search(heard, Community("hall"), port=1161)]

    serving = asyncio.create_task(lab.inside("there", serve))
    try:
        async with asyncio.timeout(30):
            await up.wait()
            assert await lab.inside("here", look) == [(THERE, "Ricoh")]
    finally:
        found.set()
        await serving
