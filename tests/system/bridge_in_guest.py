"""The bridge inside a machine with a real kernel, and who looks at it from inside and outside.

It runs as the service does: as nobody, who owes the scanner's node to a group and that to our udev rules. Its port is
forwarded to 127.0.0.1. Inside, a listener hears what it announces, and WSD clients subscribe.
"""

import asyncio
import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from bridge.net.finding import Found
from bridge.wsscan.scanner import ScannerState
from drivers.contract.capabilities import Mode, Source
from drivers.contract.clock import SystemClock
from hil import chart
from hil.client import session
from tests.system import debian, pnm, product, qemu
from tests.system.guest import Guest, Running

PORT = 5380
START = 60.0
DOTS = 632  # of a row at 75 ppi: 8.5 inch, in whole bytes of dots
# Prints "Hello UUID" and "Bye UUID", each once, however often it is repeated.
LISTEN = f"""
import re, socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sock.bind(("239.255.255.250", 3702))
group = socket.inet_aton("239.255.255.250") + socket.inet_aton("{qemu.ADDRESS}")
sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
print("listening", flush=True)
told = set()
while True:
    text = sock.recv(65536).decode()
    word = re.search("discovery/(Hello|Bye)<", text)
    message = re.search("MessageID[^>]*>([^<]+)<", text)[1]
    if word and message not in told:
        told.add(message)
        print(word[1], re.search("urn:uuid:([-0-9a-f]+)<", re.split("<[a-z0-9]*:?Body", text)[1])[1], flush=True)
"""


@dataclass(frozen=True)
class Watching:
    """A client with one subscription to one scanner."""

    running: Running

    @property
    def records(self) -> list[dict[str, Any]]:
        """What it was told until now; a last line may be under way."""
        return [json.loads(line) for line in self.running.out.splitlines(keepends=True) if line.endswith("\n")]

    def until_told(self, *states: str, seconds: float = 20.0) -> None:
        """Wait until the scanner's states, as its events told them, were these; work in between does not count."""
        deadline = time.monotonic() + seconds
        while (told := self._states()) != list(states):
            assert time.monotonic() < deadline, told
            time.sleep(0.05)

    def _states(self) -> list[str]:
        told = (each["state"] for each in self.records if each.get("event") == "ScannerStatusSummaryEvent")
        return [state for state, _ in groupby(each for each in told if each != ScannerState.PROCESSING)]

    def subscribed_once(self) -> bool:
        """Whether its subscription is the first one still."""
        return [each["note"] for each in self.records if "note" in each] == ["watching"]


@dataclass(frozen=True)
class Served:
    """A bridge in the guest, and scanimage outside of it."""

    machine: Guest
    running: Running
    announced: Running
    port: int
    root: debian.Root
    place: Path

    def scanners(self, count: int) -> list[str]:
        """The UUIDs in the order in which they became ready, once there are so many."""
        deadline = time.monotonic() + START
        while len(found := re.findall(r"^ready http://[^/]+/(\S+)\n", self.running.out, re.MULTILINE)) < count:
            assert time.monotonic() < deadline, self.running.err
            time.sleep(0.05)
        assert len(found) == count, self.running.err
        return found

    def watch(self, uuid: str) -> Watching:
        """A client in the guest subscribes to it."""
        url = f"http://127.0.0.1:{PORT}/{uuid}"
        running = self.machine.python("-m", "bridge.cli", "watch", "--json", url)
        running.until('"watching"')
        return Watching(running)

    def scanimage(self, uuid: str, *arguments: str) -> "subprocess.Popen[bytes]":
        """Begin to scan."""
        place = self.place / uuid
        place.mkdir(exist_ok=True)
        (place / "dll.conf").write_text("airscan\n")
        url = f"http://127.0.0.1:{self.port}/{uuid}/scan"
        (place / "airscan.conf").write_text(f'[devices]\n"Bridge" = {url}, wsd\n[options]\ndiscovery = disable\n')
        return subprocess.Popen(
            [self.root.program("scanimage"), "-d", "airscan:w0:Bridge", "--format=pnm", *arguments],
            env=self.root.env(SANE_CONFIG_DIR=place),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def shows(self, uuid: str, original: int, *arguments: str) -> None:
        """A page scanned from outside is what lies on that scanner's glass."""
        with self.scanimage(uuid, "--mode", "Gray", "--resolution", "75", *arguments) as process:
            out, err = process.communicate(timeout=60)
        assert process.returncode == 0, f"{err.decode()}\n{self.running.err}"
        page = pnm.read(out)
        reach = chart.Box(0, 0, min(page.width, DOTS), page.height)
        white = b"\xff" * (page.width - reach.width)
        rows = chart.rows(original, Source.PLATEN, Mode.GRAY8, (75, 75), reach)
        assert page.samples == b"".join(row + white for row in rows)

    def until(self, uuid: str, *states: ScannerState) -> None:
        """Wait until the bridge says these of that scanner, one after the other."""

        async def ask() -> None:
            # by the forwarded port only: the address that the bridge tells of itself is the guest's
            found = Found(f"http://127.0.0.1:{self.port}/{uuid}/scan", "in the guest")
            async with session.opened(found, SystemClock()) as client:
                for state in states:
                    await product.until_state(client, state, 30)

        asyncio.run(ask())


@contextmanager
def bridge(machine: Guest, root: debian.Root, place: Path, settings: str = "") -> Iterator[Served]:
    """Run it until the block ends; it must stop well."""
    config = machine.share / "bridge.toml"
    config.write_text(f"[sane]\nenabled = false\n{settings}")
    machine.check(
        "rm -rf /run/bridge; install -d -o nobody /run/bridge /run/bridge/state /run/bridge/cache; "
        "ip route replace 239.0.0.0/8 dev eth0 2>/dev/null || busybox ip route replace 239.0.0.0/8 dev eth0"
    )
    announced = machine.python("-c", LISTEN)
    announced.until("listening")
    words = f"bridge.cli run --config {config} --listen 0.0.0.0:{PORT}"
    places = "--state-dir /run/bridge/state --cache-dir /run/bridge/cache"
    running = machine.python("-m", *f"{words} {places}".split(), user="nobody", groups=("scanner",))
    try:
        yield Served(machine, running, announced, machine.forward(PORT), root, place)
        done = running.stop()
        assert done.code == 0, done.err
        assert "Traceback" not in done.err
    finally:
        for each in (running, announced):
            if not each.ended:
                each.stop()
