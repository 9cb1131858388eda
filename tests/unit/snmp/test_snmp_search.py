"""Looking for agents in networks: on loopback, whose 127.0.0.0/8 is all ours."""

import time

import pytest

from drivers.snmp.credentials import Community
from drivers.snmp.search import addresses, search, shout
from hil.snmp.agent import Agent
from hil.snmp.ber import Tag, Typed
from hil.snmp.mib import Mib, oid


def system(sys_object_id: str, descr: str, **more: Typed) -> Mib:
    return Mib(
        {
            oid("1.3.6.1.2.1.1.1.0"): Typed(Tag.OCTETS, descr.encode()),
            oid("1.3.6.1.2.1.1.2.0"): Typed(Tag.OID, oid(sys_object_id)),
            **{oid(name): typed for name, typed in more.items()},
        }
    )


AGENTS = {
    "127.0.9.1": system("1.3.6.1.4.1.367.1.1", "RICOH IM C3000"),
    "127.0.9.3": system("1.3.6.1.4.1.8072.3.2.10", "Linux server"),
    "127.0.9.5": system("1.3.6.1.4.1.99999", "Nobody's MFP", **{"1.3.6.1.2.1.43.5.1.1.1.1": Typed(Tag.COUNTER32, 0)}),
}


@pytest.fixture
async def port():
    agents, bound = [], 0
    for host, objects in AGENTS.items():
        agents.append(Agent(lambda objects=objects: objects, "hall"))
        _, bound = await agents[-1].start(host, bound)
    yield bound
    for agent in agents:
        agent.close()


async def test_what_answers_and_makes_scanners_or_prints_is_found(port) -> None:
    found = await search(addresses(["127.0.9.0/29"]), Community("hall"), port=port, timeout=1.5)
    assert [(each.host, each.manufacturer, each.description) for each in found] == [
        ("127.0.9.1", "Ricoh", "RICOH IM C3000"),
        ("127.0.9.5", "", "Nobody's MFP"),
    ]


async def test_many_silent_addresses_cost_little_time(port) -> None:
    began = time.monotonic()
    assert len(await search(addresses(["127.0.9.0/24"]), Community("hall"), port=port, timeout=1.5)) == 2
    assert time.monotonic() - began < 20.0  # one after the other they would take 126 s


async def test_with_another_community_nothing_is_found(port) -> None:
    assert await search(addresses(["127.0.9.0/29"]), Community("wrong"), port=port, timeout=0.2) == ()


def test_networks_are_bounded() -> None:
    assert len(addresses(["10.0.0.0/22"])) == 1022
    assert addresses(["192.0.2.7"]) == ("192.0.2.7",)
    assert addresses(["192.0.2.8/30", "192.0.2.9"]) == ("192.0.2.9", "192.0.2.10")
    for networks in (["10.0.0.0/8"], ["10.0.0.0/22", "10.1.0.0/22"], ["2001:db8::/64"], ["x"]):
        with pytest.raises(ValueError, match=r"addresses|network"):
            addresses(networks)


@pytest.mark.parametrize("interface", ["lo", "nosuchdevice"])
async def test_an_interface_that_cannot_be_shouted_on_is_an_error(interface) -> None:
    with pytest.raises(OSError, match=r"cannot broadcast|No such device"):
        await shout(interface)
