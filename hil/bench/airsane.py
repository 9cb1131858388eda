"""AirSane, another bridge, beside ours: started with the scanner alone, asked for a page over eSCL.

Source: github.com/SimulPiscator/AirSane, its README and options; Mopria eSCL 2.9. It publishes nothing where there is
no Avahi, and then serves nothing.
"""

import asyncio
import os
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hil.bench import plain

_START: Final = 20.0
_SETTINGS: Final = """\
<?xml version="1.0" encoding="UTF-8"?>
<scan:ScanSettings xmlns:scan="http://schemas.hp.com/imaging/escl/2011/05/03"
 xmlns:pwg="http://www.pwg.org/schemas/2010/12/sm"><pwg:Version>2.0</pwg:Version>
<pwg:ScanRegions><pwg:ScanRegion><pwg:XOffset>0</pwg:XOffset><pwg:YOffset>0</pwg:YOffset><pwg:Width>{width}</pwg:Width>
<pwg:Height>{height}</pwg:Height><pwg:ContentRegionUnits>escl:ThreeHundredthsOfInches</pwg:ContentRegionUnits>
</pwg:ScanRegion></pwg:ScanRegions><pwg:InputSource>Platen</pwg:InputSource><scan:ColorMode>RGB24</scan:ColorMode>
<pwg:DocumentFormat>image/jpeg</pwg:DocumentFormat><scan:XResolution>{ppi}</scan:XResolution>
<scan:YResolution>{ppi}</scan:YResolution></scan:ScanSettings>
"""


@dataclass(frozen=True, slots=True)
class Running:
    """AirSane, and its eSCL service."""

    url: str
    pid: int


@asynccontextmanager
async def running(program: Path, sane_config: Path) -> AsyncIterator[Running]:
    """Until the block ends. Raises OSError, RuntimeError when it serves no scanner."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        program, "--interface=lo", f"--listen-port={port}", "--access-log=", "--hotplug=false",
        "--local-scanners-only=false", "--ignore-list=/dev/null", "--options-file=/dev/null", "--access-file=/dev/null",
        env={**os.environ, "SANE_CONFIG_DIR": str(sane_config)}, start_new_session=True,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}/eSCL"
    try:
        await _ready(process, url)
        yield Running(url, process.pid)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _ready(process: asyncio.subprocess.Process, url: str) -> None:
    try:
        async with asyncio.timeout(_START):
            while process.returncode is None:
                try:
                    await asyncio.to_thread(plain.ask, f"{url}/ScannerCapabilities")
                    return
                except (OSError, ValueError):
                    await asyncio.sleep(0.1)
    except TimeoutError:
        pass
    raise RuntimeError("AirSane serves no scanner: it needs a running Avahi and the libraries it was built with")


def page(url: str, ppi: int, size: tuple[int, int]) -> tuple[float, plain.Reply]:
    """Seconds for the job to be made, and its page. `size` in 1/1000 inch. Raises OSError, ValueError."""
    width, height = (each * 3 // 10 for each in size)
    settings = _SETTINGS.format(width=width, height=height, ppi=ppi).encode()
    made = plain.ask(f"{url}/ScanJobs", settings, "text/xml")
    job = re.search(r"(?im)^location: *\S*(/ScanJobs/\S+)", made.head)
    if job is None:
        raise ValueError("AirSane made no job")
    return made.last, plain.ask(f"{url}{job[1]}/NextDocument")
