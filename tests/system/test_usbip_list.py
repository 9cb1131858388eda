"""Debian's own `usbip` reads the export list of our server: a check of its format that needs no kernel support."""

import asyncio

from hil import serving
from tests.system import debian


async def test_usbip_list_shows_the_exported_scanners():
    root = debian.packages("usbip")
    scripts = [("esci", serving.read("warmup=0")), ("esci", serving.read("warmup=0"))]
    async with serving.scanners(scripts) as rigs:
        process = await asyncio.create_subprocess_exec(
            root.program("usbip"),
            "--tcp-port",
            str(rigs[0].port),
            "list",
            "-r",
            "127.0.0.1",
            env=root.env(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0, err
    lines = [line.strip() for line in out.decode().splitlines()]
    for busid in ("1-1", "1-2"):
        (line,) = [each for each in lines if each.startswith(f"{busid}:")]
        assert line.endswith("(04b8:012b)")
    assert sum(each.endswith("(ff/ff/ff)") for each in lines) == 2
