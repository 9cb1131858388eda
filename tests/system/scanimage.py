"""scanimage, SANE's own client, from the Debian package."""

import asyncio
from pathlib import Path

from tests.system import debian

SECONDS = 60


async def scanimage(root: debian.Root, config: Path, device: str, *arguments: str) -> tuple[int, bytes, str]:
    """Run it in the folder of its configuration; exit code, standard output, standard error."""
    process = await asyncio.create_subprocess_exec(
        root.program("scanimage"),
        *("-d", device, *arguments),
        cwd=config,
        env=root.env(SANE_CONFIG_DIR=config),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return process.returncode, out, err.decode()
