"""Found by programs of others: sane-airscan in another network namespace, and wsdd beside us on the same UDP port."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from bridge.discovery import messages
from bridge.discovery.messages import ProbeMatches
from bridge.net import multicast
from bridge.net.finding import probe
from bridge.soap import envelope
from drivers.contract.clock import SystemClock
from tests.system import debian
from tests.system.namespaces import Laboratory, laboratory
from tests.system.product import QUICK, bridge

# Everybody may do everything on this bus; "session" because a system bus wants to raise limits that root may lack.
BUS = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={bus}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*" eavesdrop="true"/>
<allow receive_sender="*"/></policy></busconfig>
"""
# avahi-daemon looks its user up even where it keeps root; the file is replaced in its own mount namespace only.
AVAHI = """\
for each in passwd group; do cp /etc/$each "$1/$each"; done
echo avahi:x:65534:65534::/:/bin/false >> "$1/passwd"; echo avahi:x:65534: >> "$1/group"
for each in passwd group; do mount --bind "$1/$each" /etc/$each; done
exec "$2" --no-drop-root --no-chroot --no-rlimits -f "$1/avahi.conf"
"""


@asynccontextmanager
async def daemon(command: Sequence[str | Path], log: Path, env: dict[str, str], sign: str) -> AsyncIterator[None]:
    """A program in the background, from the moment that `sign` is in its log; ended by its pid."""
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out, env=env
        )
    try:
        for _ in range(200):
            if sign in _text(log):
                break
            assert process.returncode is None, _text(log)
            await asyncio.sleep(0.1)
        else:
            raise AssertionError(f"{command}: {_text(log)}")
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), 10)


def _text(log: Path) -> str:
    return log.read_text(errors="replace")


async def said(command: Sequence[str | Path], env: dict[str, str], seconds: float = 40) -> tuple[bytes, str]:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=env,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), seconds)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, (command, out, err)
    return out, err.decode()


@asynccontextmanager
async def airscan(lab: Laboratory, place: Path) -> AsyncIterator[tuple[debian.Root, dict[str, str]]]:
    """What sane-airscan needs to discover anything at all: D-Bus and Avahi, both in the client's namespace alone."""
    root = debian.packages("dbus-daemon", "avahi-daemon", "sane-airscan", "sane-utils", "libsane1", "libsane-common")
    (place / "dll.conf").write_text("airscan\n")
    (place / "airscan.conf").write_text("[options]\ndiscovery = enable\nws-discovery = full\n")
    (place / "avahi.conf").write_text("[server]\nuse-ipv4=yes\nuse-ipv6=yes\n[publish]\ndisable-publishing=yes\n")
    (place / "bus.conf").write_text(BUS.format(bus=place / "bus"))
    env = os.environ | root.env(DBUS_SYSTEM_BUS_ADDRESS=f"unix:path={place / 'bus'}", SANE_CONFIG_DIR=place)
    enter = lab.enter("there")
    async with AsyncExitStack() as stack:
        bus = [*enter, root.program("dbus-daemon"), f"--config-file={place / 'bus.conf'}", "--nofork", "--nopidfile"]
        await stack.enter_async_context(daemon([*bus, "--print-address=1"], place / "bus.log", env, "unix:"))
        avahi = [*enter, "sh", "-c", AVAHI, "sh", place, root.program("avahi-daemon")]
        await stack.enter_async_context(daemon(avahi, place / "avahi.log", env, "startup complete"))
        yield root, env


@pytest.mark.parametrize("version", [4, 6])
async def test_sane_airscan_finds_it_and_scans_a_page(tmp_path: Path, version: int) -> None:
    with laboratory("here", "there") as lab:
        lab.join("here", "wa", "there", "wb")
        if version == 4:
            for name, device in (("here", "wa"), ("there", "wb")):
                lab.ip(name, "link", "set", device, "addrgenmode", "none")
                lab.ip(name, "-6", "addr", "flush", "dev", device)
            lab.address("here", "wa", "198.51.100.1/24")
            lab.address("there", "wb", "198.51.100.2/24")
            host = "198.51.100.1"
        else:  # nothing is configured; IPv6 is there all the same
            host = f"[{lab.link_local('here', 'wa')}"
            lab.link_local("there", "wb")
        async with (
            bridge(
                tmp_path,
                "--simulate",
                f"esci={QUICK}",
                listen="0.0.0.0:5380",
                multicast=True,
                prefix=lab.enter("here"),
            ),
            airscan(lab, tmp_path) as (root, env),
        ):
            enter = lab.enter("there")
            found, _ = await said([*enter, root.program("airscan-discover")], env)
            lines = [line for line in found.decode().splitlines() if "WSD" in line]
            assert len(lines) == 1, found
            assert f"http://{host}" in lines[0]
            listed, _ = await said([*enter, root.program("scanimage"), "-f", "%d%n"], env)
            (device,) = listed.decode().split("\n")[:-1]
            assert device.startswith("airscan:w")
            scan = [
                root.program("scanimage"),
                "-d",
                device,
                "--resolution",
                "75",
                "--format=pnm",
                "-x",
                "50",
                "-y",
                "50",
            ]
            page, err = await said([*enter, *scan], env)
            size = re.match(rb"P6\n(?:#.*\n)*(\d+) (\d+)\n255\n", page)
            assert size is not None, err
            width, height = int(size[1]), int(size[2])
            assert abs(width - 148) <= 2  # 50 mm at 75 dots an inch
            assert abs(height - 148) <= 2
            assert len(page) == size.end() + width * height * 3


@pytest.mark.parametrize("first", ["wsdd", "bridge"])
async def test_wsdd_and_the_bridge_are_both_found_on_one_machine(tmp_path: Path, first: str) -> None:
    with laboratory("here", "there") as lab:
        lab.join("here", "wa", "there", "wb")
        lab.address("here", "wa", "198.51.100.1/24")
        lab.address("there", "wb", "198.51.100.2/24")
        lab.link_local("here", "wa")
        lab.link_local("there", "wb")
        root = debian.packages("wsdd")
        wsdd = [*lab.enter("here"), sys.executable, root.program("wsdd"), "-i", "wa", "-n", "NEIGHBOUR", "-v", "-v"]
        env = os.environ | root.env()
        beside = daemon(wsdd, tmp_path / "wsdd.log", env, "scheduling Hello")
        ours = bridge(
            tmp_path,
            "--simulate",
            f"esci={QUICK}",
            listen="0.0.0.0:5380",
            multicast=True,
            prefix=lab.enter("here"),
        )
        async with AsyncExitStack() as stack:
            for each in (beside, ours) if first == "wsdd" else (ours, beside):
                await stack.enter_async_context(each)

            async def ask() -> None:
                for version in (4, 6):
                    kinds: set[str] = set()

                    def heard(data: bytes, _sender: str, kinds: set[str] = kinds) -> bool:
                        body = envelope.read(data).body
                        assert body is not None
                        for target in ProbeMatches.from_xml(body).targets:
                            kinds.update(kind.rpartition("}")[2] for kind in target.types)
                        return {"Computer", "ScanDeviceType"} <= kinds

                    await multicast.ask(
                        "wb",
                        probe((messages.DEVICE_TYPE,)),
                        5,
                        clock=SystemClock(),
                        random=Random(),
                        heard=heard,
                        version=version,
                    )
                    assert {"Computer", "ScanDeviceType"} <= kinds, version

            await lab.inside("there", ask)
