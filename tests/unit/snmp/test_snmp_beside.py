"""An agent that looks on beside a device: whatever it fails by, the device is served and never stopped by it."""

import pytest

from drivers.contract.capabilities import Capabilities
from drivers.contract.driver import Device
from drivers.contract.errors import DeviceGarbled, DeviceGone, DeviceRefused, DeviceTimeout
from drivers.contract.identity import Identity
from drivers.contract.observation import ButtonPress, Readiness, Snapshot
from drivers.snmp.beside import open_observed

IDLE = Snapshot("snmp", Readiness.IDLE, presses=(ButtonPress("scan", 1),))


class Agent:
    """Says what it is told to, or fails so."""

    def __init__(self) -> None:
        self.failure = None
        self.closed = False

    async def poll(self):
        if self.failure is not None:
            raise self.failure
        return IDLE

    async def rest(self, seen):
        pass

    async def close(self):
        self.closed = True


@pytest.fixture
def agent():
    return Agent()


@pytest.fixture
async def device(agent, clock):
    async def nothing() -> None:
        pass

    async def scanner() -> Device:
        return Device(Identity("escl-mfp:80", "HP", "MFP"), "escl", Capabilities(), (), object(), nothing)

    async def opened() -> Device:
        if agent.failure is not None:
            raise agent.failure
        return Device(Identity("snmp-mfp:161", "HP", "MFP"), "snmp", Capabilities(), (agent,), None, agent.close)

    return await open_observed(scanner, opened, clock)


async def test_it_is_one_of_its_observers_and_brings_no_pages(device) -> None:
    assert (device.driver, device.onlookers, len(device.observers)) == ("escl+snmp", {"snmp"}, 1)
    assert await device.observers[0].poll() == IDLE


@pytest.mark.parametrize("error", [DeviceTimeout, DeviceGone, DeviceRefused, DeviceGarbled])
async def test_one_that_does_not_open_is_gone_until_it_does(device, agent, error) -> None:
    agent.failure = error("no answer")
    (looking,) = device.observers
    seen = await looking.poll()
    assert (seen.source, seen.readiness) == ("snmp", Readiness.GONE)
    assert "no answer" in seen.explanation
    agent.failure = None
    assert await looking.poll() == IDLE


@pytest.mark.parametrize("error", [DeviceTimeout, DeviceRefused, DeviceGarbled])
async def test_two_looks_without_an_answer_change_nothing_and_the_third_does(device, agent, error) -> None:
    (looking,) = device.observers
    await looking.poll()
    agent.failure = error("bad luck")
    told = [await looking.poll() for _ in range(3)]
    assert [each.readiness for each in told] == [Readiness.IDLE, Readiness.IDLE, Readiness.GONE]
    assert [each.presses for each in told] == [(), (), ()]


async def test_one_that_is_away_is_asked_again_later_each_time(device, agent, clock) -> None:
    agent.failure = DeviceTimeout("silence")
    (looking,) = device.observers
    for _ in range(8):
        await looking.rest(await looking.poll())
    assert clock.slept == [2.0, 2.0, 2.0, 5.0, 10.0, 30.0, 30.0, 30.0]


async def test_closing_the_device_closes_the_agent(device, agent) -> None:
    await device.close()
    assert not agent.closed  # it was never opened
    await device.observers[0].poll()
    await device.close()
    assert agent.closed
