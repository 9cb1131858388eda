"""Who is near: the bridge, a router beside it and a machine behind that router, each in a namespace of its own."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.system.namespaces import Laboratory, laboratory
from tests.system.product import QUICK, bridge
from tests.wire.http_rig import WSE, Y08, Answer, Connection, message, ticket

PORT = 5380
HERE, ROUTER, BETWEEN, AWAY = "198.51.100.1", "198.51.100.254", "203.0.113.254", "203.0.113.2"
HERE6, ROUTER6, BETWEEN6, AWAY6 = "fd00:6::1", "fd00:6::fe", "fd00:7::fe", "fd00:7::2"
GET = message("http://schemas.xmlsoap.org/ws/2004/09/transfer/Get", "")
CREATE = message(f"{Y08}/CreateScanJob", f"<w:CreateScanJobRequest>{ticket()}</w:CreateScanJobRequest>")
SUBSCRIBE = message(f"{WSE}/Subscribe", "<e:Subscribe/>")


def routed(lab: Laboratory) -> str:
    """Cables, addresses and routes; our link-local address."""
    lab.join("here", "wa", "router", "wb")
    lab.join("router", "wc", "away", "wd")
    lab.address("here", "wa", f"{HERE}/24", f"{HERE6}/64")
    lab.address("router", "wb", f"{ROUTER}/24", f"{ROUTER6}/64")
    lab.address("router", "wc", f"{BETWEEN}/24", f"{BETWEEN6}/64")
    lab.address("away", "wd", f"{AWAY}/24", f"{AWAY6}/64")
    for name, gateway, gateway6 in (("here", ROUTER, ROUTER6), ("away", BETWEEN, BETWEEN6)):
        lab.ip(name, "route", "add", "default", "via", gateway)
        lab.ip(name, "-6", "route", "add", "default", "via", gateway6)
    return lab.link_local("here", "wa")


async def forward(lab: Laboratory) -> None:
    """The router routes."""
    script = "echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding"
    process = await asyncio.create_subprocess_exec("ip", "netns", "exec", lab.real("router"), "sh", "-c", script)
    assert await process.wait() == 0


async def ask(lab: Laboratory, place: str, host: str, path: str, body: bytes) -> Answer:
    async def work() -> Answer:
        connection = Connection(*await asyncio.wait_for(asyncio.open_connection(host, PORT), 5))
        try:
            return await connection.ask(path, body)
        finally:
            connection.close()

    return await lab.inside(place, work)


@pytest.mark.parametrize("listed", [False, True])
async def test_who_is_behind_a_router_is_served_only_where_the_operator_says_so(tmp_path: Path, listed: bool) -> None:
    settings = f'[access]\nscan = ["local", "{AWAY}/32", "{AWAY6}/128"]\n' if listed else ""
    with laboratory("here", "router", "away") as lab:
        link_local = routed(lab)
        await forward(lab)
        async with bridge(
            tmp_path,
            "--simulate",
            f"esci={QUICK}",
            listen=f"0.0.0.0:{PORT}",
            multicast=True,
            prefix=lab.enter("here"),
            settings=settings,
        ) as running:
            path = urlsplit(running.url).path
            for place, host in (
                ("here", "127.0.0.1"),
                ("here", "::1"),
                ("here", HERE),
                ("router", HERE),
                ("router", HERE6),
                ("router", f"{link_local}%wb"),
            ):
                assert (await ask(lab, place, host, path, GET)).status == 200, (place, host)
            for host, peer in ((HERE, AWAY), (HERE6, AWAY6)):
                got = await ask(lab, "away", host, path, GET)
                job = await ask(lab, "away", host, f"{path}/scan", CREATE)
                events = await ask(lab, "away", host, f"{path}/scan", SUBSCRIBE)
                if listed:
                    assert (got.status, job.status, events.status) == (200, 200, 403)
                    assert events.subcode == "Sender"
                else:
                    assert [(each.status, each.body) for each in (got, job, events)] == [(403, b"")] * 3
                    assert f"{peer}: refused: from outside the networks of [access]" in running.log
