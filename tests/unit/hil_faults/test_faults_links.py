"""Faults on real links: a driver behind a bad cable, a manager behind a bad network, and the table of all that."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from drivers.contract.errors import DeviceGarbled, DeviceGone, DeviceTimeout
from drivers.snmp.credentials import Community
from drivers.snmp.link import UdpLink, open_link
from drivers.usb.bus import RemoteBus
from drivers.usb.link import Link
from drivers.usbip.place import Place
from hil import serving
from hil.devices.mfp.serve import mfp
from hil.faults.enumeration import Enumeration, Row, table
from hil.faults.plan import Fault, Plan, read
from hil.faults.snmp import SnmpProxy
from hil.faults.usbip import UsbIpProxy

STATUS = b"\x1cF"
UPTIME = "1.3.6.1.2.1.1.3.0"


@asynccontextmanager
async def cable(*faults: str) -> AsyncIterator[tuple[Link, Plan]]:
    """A scanner's link through a proxy; the faults count from its first transfer."""
    plan = Plan()
    async with (
        serving.scanner("esci", "warmup=0,speed=0,feed=0") as rig,
        UsbIpProxy((rig.host, rig.port), plan) as proxy,
    ):
        bus = RemoteBus(Place("127.0.0.1", proxy.port))
        [device] = await asyncio.to_thread(bus.devices)
        link = await asyncio.to_thread(bus.open, device.key)
        plan.arm()
        for each in faults:
            plan.add(read(each))
        try:
            yield link, plan
        finally:
            await asyncio.to_thread(link.close)


async def status(link: Link, patience: int = 3) -> bytes:
    """Ask FS F; what comes."""

    def ask() -> bytes:
        link.write(STATUS)
        return next((data for _ in range(patience) if (data := link.read(64, 0.1))), b"")

    return await asyncio.to_thread(ask)


async def test_without_faults_the_cable_is_not_noticed() -> None:
    async with cable() as (link, plan):
        assert len(await status(link)) == 16
        assert plan.count == 2


async def test_a_cut_is_an_unplugging() -> None:
    async with cable("cut@2") as (link, _):
        with pytest.raises(DeviceGone):
            await status(link)


async def test_a_stall_is_cleared_and_the_answer_is_lost() -> None:
    async with cable("stall@2") as (link, plan):
        assert await status(link) == b""
        assert [each.fault for each in plan.struck] == [Fault.STALL]
        assert len(await status(link)) == 16


async def test_an_endpoint_that_keeps_stalling_is_garbled() -> None:
    async with cable("stall@1-") as (link, _):
        with pytest.raises(DeviceGarbled):
            await status(link)


async def test_one_bit_of_the_answer_is_another() -> None:
    async with cable("garble@4") as (link, _):
        before, after = await status(link), await status(link)
        flipped = int.from_bytes(before, "big") ^ int.from_bytes(after, "big")
        assert flipped.bit_count() == 1


@pytest.mark.parametrize(("fault", "size"), [("short@2", 8), ("loss@2", 0), ("loss@1", 0), ("delay 0.15@2", 16)])
async def test_an_answer_is_cut_short_lost_or_late(fault: str, size: int) -> None:
    async with cable(fault) as (link, _):
        assert len(await status(link)) == size


async def test_an_answer_comes_twice() -> None:
    async with cable("duplicate@2") as (link, _):
        first = await status(link)
        assert await asyncio.to_thread(link.read, 64, 0.1) == first


@asynccontextmanager
async def network(*faults: str) -> AsyncIterator[tuple[UdpLink, Plan]]:
    plan = Plan(*(read(each) for each in faults))
    async with mfp() as rig, SnmpProxy((rig.host, rig.port), plan) as proxy:
        link = await open_link("127.0.0.1", proxy.port, Community("public"), timeout=0.5, retries=2)
        try:
            yield link, plan
        finally:
            await link.close()


@pytest.mark.parametrize("fault", ["loss@1", "loss@2", "delay 0.05@1", "duplicate@1", "duplicate@2", "community@1"])
async def test_a_datagram_that_goes_astray_is_asked_for_again(fault: str) -> None:
    async with network(fault) as (link, plan):
        assert isinstance((await link.get([UPTIME]))[UPTIME], int)
        assert [each.fault for each in plan.struck] == [read(fault).fault]


@pytest.mark.parametrize("fault", ["cut@1", "loss@1-", "community@1-"])
async def test_an_agent_that_is_not_reached_is_a_timeout(fault: str) -> None:
    async with network(fault) as (link, _):
        with pytest.raises(DeviceTimeout):
            await link.get([UPTIME])


async def test_a_duplicate_really_comes_twice() -> None:
    heard: list[bytes] = []

    class Ear(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: object) -> None:
            heard.append(data)

    loop = asyncio.get_running_loop()
    agent, _ = await loop.create_datagram_endpoint(Ear, ("127.0.0.1", 0))
    try:
        plan = Plan(read("duplicate@2"))
        async with SnmpProxy(agent.get_extra_info("sockname"), plan) as proxy, asyncio.timeout(8):
            manager, _ = await loop.create_datagram_endpoint(Ear, remote_addr=("127.0.0.1", proxy.port))
            for number, wanted in ((b"one", 1), (b"two", 3), (b"three", 4)):
                manager.sendto(number)
                while len(heard) < wanted:  # noqa: ASYNC110 - sockets tell nobody
                    await asyncio.sleep(0.01)
            manager.close()
    finally:
        agent.close()
    assert heard == [b"one", b"two", b"two", b"three"]


async def test_answers_that_overtake_each_other_find_their_questions() -> None:
    async with network("reorder@2") as (link, plan):
        first = await link.get([UPTIME])  # its answer waits for that of the second try
        assert isinstance(first[UPTIME], int)
        assert plan.count == 4


async def test_every_fault_at_every_transfer_is_one_row() -> None:
    async def scenario(plan: Plan) -> str:
        plan.arm()
        for n in range(3):
            if (struck := plan.take(bytes([n]), inward=False)) is not None:
                if struck.fault is Fault.STALL:
                    raise RuntimeError("stalled")
                return f"ended at {n}"
        return "done"

    wrong: Callable[[str, Plan], str] = lambda outcome, _plan: "" if outcome == "done" else "not done"  # noqa: E731
    found = [row async for row in Enumeration(scenario, (Fault.CUT, Fault.STALL), Plan(), wrong).rows()]
    assert [(row.transfer, row.fault, row.struck, row.outcome, row.wrong) for row in found] == [
        (0, None, False, "done", ""),
        (1, Fault.CUT, True, "ended at 0", "not done"),
        (2, Fault.CUT, True, "ended at 1", "not done"),
        (3, Fault.CUT, True, "ended at 2", "not done"),
        (1, Fault.STALL, True, None, "RuntimeError: stalled"),
        (2, Fault.STALL, True, None, "RuntimeError: stalled"),
        (3, Fault.STALL, True, None, "RuntimeError: stalled"),
    ]
    assert table(found).splitlines()[2].split() == ["1", "cut", "0.00", "ended", "at", "0", "WRONG:", "not", "done"]


async def test_a_scenario_without_transfers_cannot_be_enumerated() -> None:
    async def scenario(plan: Plan) -> str:
        return "done"

    async def every() -> list[Row[str]]:
        return [row async for row in Enumeration(scenario, (Fault.CUT,), Plan()).rows()]

    with pytest.raises(ValueError, match="0 transfers"):
        await every()
