"""How fast an image gets onto a scan server's disk: SendImage against a bare POST that streams as many bytes there.

One client sends both. The servers are processes of their own, write to the same disk as the bytes come, and answer when
they are flushed.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from bridge.dsm.names import FILE_SHARE
from bridge.errors import BridgeError
from bridge.net.finding import find_server
from bridge.net.post_scan_client import ScanServerClient, body
from bridge.soap import addressing
from bridge.translate.post_scan_request import request
from drivers.contract.http import HttpClient
from hil.bench.figures import Figure, samples
from hil.bench.floor import bare_server

SIZE: Final = 50_000_000
_PROCESS: Final = "9f3c5b9e-0b7e-4a57-9a59-5f0e7a1d2c3b"
_SHARE: Final = "\\\\bench\\in"
_PAIRS: Final = 3  # for each run asked for: a disk takes its time now and then
_START: Final = 20.0
_TIMEOUT: Final = 60.0


async def figure(runs: int) -> Figure:
    """Seconds for an image, ours and bare, in pairs."""
    with tempfile.TemporaryDirectory(prefix="wsd-scan-bench-") as name:
        place = Path(name)
        image = place / "image"
        image.write_bytes(os.urandom(SIZE))
        ours, bare = [], []
        async with (
            HttpClient() as http,
            _server(place, http) as server,
            bare_server(b"", keep=name) as port,
        ):
            url = f"http://127.0.0.1:{port}/"
            for number in range(_PAIRS * runs + 1):
                if number % 2:  # each is the first as often as the other: the disk is not the same after either
                    ours.append(await _sent(server, image))
                    bare.append(await _posted(http, url, image))
                else:
                    bare.append(await _posted(http, url, image))
                    ours.append(await _sent(server, image))
    rate = SIZE / 1e6 / samples(ours[1:]).median
    return Figure(
        f"SendImage to a scan server's disk, {SIZE / 1e6:.0f} MB",
        samples(ours[1:]),
        samples(bare[1:]),
        "floor is a bare POST of as many bytes to a flushed file",
        note=f"{rate:.0f} MB a second",
        paired=True,
    )


async def _sent(server: ScanServerClient, image: Path) -> float:
    job = request(_PROCESS, "bench", "bench", [(FILE_SHARE, (_SHARE,))], goes_on=False)
    token = await server.create(job, addressing.new_message_id())
    began = time.monotonic()
    await server.send_image(token, 1, "jfif", image)
    took = time.monotonic() - began
    await server.cancel(token)
    return took


async def _posted(http: HttpClient, url: str, image: Path) -> float:
    headers = {"Content-Length": str(SIZE)}
    began = time.monotonic()
    await http.upload(url, body(b"", image, SIZE, b""), headers, _TIMEOUT, _TIMEOUT)
    return time.monotonic() - began


@asynccontextmanager
async def _server(place: Path, http: HttpClient) -> AsyncIterator[ScanServerClient]:
    """The bridge as a process that is nothing but a scan server. Raises RuntimeError when it does not start."""
    (place / "in").mkdir()
    (place / "processes").mkdir()
    (place / "processes" / "bench.toml").write_text(
        f"id = '{_PROCESS}'\nname = 'bench'\n[[filter]]\nshare = '{_SHARE}'\nfolder = '{place}/in'\n"
    )
    port = await _free_port()
    config = place / "config.toml"
    config.write_text(
        f"[usb]\nenabled = false\n[sane]\nenabled = false\n[log]\nlevel = 'warning'\n"
        f"[scan_server]\nprocesses = '{place}/processes'\nlisten = '127.0.0.1:{port}'\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bridge.cli", "run", "--config", config, "--listen", "127.0.0.1:0",
        "--state-dir", place / "state", "--cache-dir", place / "cache", "--no-multicast",
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield ScanServerClient(http, await _found(http, f"http://127.0.0.1:{port}/ScanServer"))
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _found(http: HttpClient, url: str) -> str:
    deadline = time.monotonic() + _START
    while True:
        try:
            return (await find_server(http, url)).service
        except BridgeError as err:
            if time.monotonic() > deadline:
                raise RuntimeError("the scan server did not start") from err
            await asyncio.sleep(0.05)


async def _free_port() -> int:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = int(server.sockets[0].getsockname()[1])
    server.close()
    return port
