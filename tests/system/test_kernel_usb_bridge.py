"""The bridge inside a machine with a real kernel: it finds the scanner through libusb, and sane-airscan outside scans.

It runs as the service does: as nobody, who owes the scanner's node to a group and that to our udev rules. Its port is
forwarded to 127.0.0.1.
"""

import asyncio
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bridge.net.finding import Found
from bridge.wsscan.scanner import ScannerState
from drivers.contract.capabilities import Mode, Source
from drivers.contract.clock import SystemClock
from hil import chart
from hil.client import session
from tests.system import debian, pnm, product
from tests.system.guest import Guest, Running

PORT = 5380
IDS = "04b8:012b"
START = 60.0
SCAN = ("--mode", "Gray", "--resolution", "75")


@dataclass(frozen=True)
class Served:
    """A bridge in the guest, and scanimage outside of it."""

    running: Running
    url: str
    root: debian.Root
    config: Path

    def scanimage(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Begin to scan."""
        return subprocess.Popen(
            [self.root.program("scanimage"), "-d", "airscan:w0:Bridge", "--format=pnm", *arguments],
            env=self.root.env(SANE_CONFIG_DIR=self.config),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def page(self) -> pnm.Picture:
        """A page scanned from outside."""
        with self.scanimage(*SCAN) as process:
            out, err = process.communicate(timeout=60)
        assert process.returncode == 0, f"{err.decode()}\n{self.running.err}"
        return pnm.read(out)

    async def until(self, state: ScannerState) -> None:
        """Wait until the bridge says so of its scanner."""
        # by the forwarded port only: the address that the bridge tells of itself is the guest's
        async with session.opened(Found(f"{self.url}/scan", "in the guest"), SystemClock()) as client:
            await product.until_state(client, state, 30)


@contextmanager
def bridge(machine: Guest, root: debian.Root, place: Path) -> Iterator[Served]:
    """Run it until it has its scanner, then until the block ends; it must stop well."""
    port = machine.forward(PORT)
    config = machine.share / "bridge.toml"
    config.write_text("[sane]\nenabled = false\n")
    machine.check("install -d -o nobody /run/bridge /run/bridge/state /run/bridge/cache")
    command = f"run --config {config} --listen 0.0.0.0:{PORT} --no-multicast"
    places = "--state-dir /run/bridge/state --cache-dir /run/bridge/cache"
    words = f"bridge.cli {command} {places}".split()
    running = machine.python("-m", *words, user="nobody", groups=("scanner",))
    try:
        said = running.until("ready http", START)
        (path,) = re.findall(r"ready http://[^/]+/(\S+)", said)
        url = f"http://127.0.0.1:{port}/{path}"
        (place / "dll.conf").write_text("airscan\n")
        (place / "airscan.conf").write_text(f'[devices]\n"Bridge" = {url}/scan, wsd\n[options]\ndiscovery = disable\n')
        yield Served(running, url, root, place)
        done = running.stop()
        assert done.code == 0, done.err
        assert "Traceback" not in done.err
    finally:
        if not running.ended:
            running.stop()


def shown(page: pnm.Picture) -> bytes:
    """What lies on the glass, where this page was scanned; the scanner ends where whole bytes of dots do."""
    reach = chart.Box(0, 0, page.width // 8 * 8, page.height)
    white = b"\xff" * (page.width - reach.width)
    return b"".join(row + white for row in chart.rows(1, Source.PLATEN, Mode.GRAY8, (75, 75), reach))


def test_what_is_plugged_in_is_served_pulled_out_in_mid_page_and_served_again_at_any_port(
    udev: Guest, sane_root: debian.Root, tmp_path: Path
):
    with (
        udev.scanner("esci", "feed=0,warmup=0,speed=1000", plugged=False) as scanner,
        ExitStack() as cable,
    ):
        cable.enter_context(udev.plugged(scanner.socket, port=2))
        udev.until_seen(IDS)
        with bridge(udev, sane_root, tmp_path) as served:
            first = served.page()
            assert first.samples == shown(first)

            with served.scanimage("--mode", "Color", "--resolution", "150") as process:
                served.running.until("job=2: Processing (JobScanningAndTransfering), 0 scanned", 30)
                scanner.say("unplug")
                _, err = process.communicate(timeout=60)
            assert process.returncode != 0
            assert b"Error during device I/O" in err
            asyncio.run(served.until(ScannerState.STOPPED))
            scanner.say("plug")
            asyncio.run(served.until(ScannerState.IDLE))
            again = served.page()
            assert again.samples == shown(again)

            cable.close()
            asyncio.run(served.until(ScannerState.STOPPED))
            cable.enter_context(udev.plugged(scanner.socket, port=5))
            asyncio.run(served.until(ScannerState.IDLE))
            elsewhere = served.page()
            assert elsewhere.samples == shown(elsewhere)
            assert len(served.running.out.split()) == 2, "one scanner, one UUID"
