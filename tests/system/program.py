"""A program that is run to its end."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path


async def ended(
    *command: str | os.PathLike[str], cwd: Path, env: Mapping[str, str], seconds: float
) -> tuple[int, bytes, bytes]:
    """Exit code, standard output, standard error. Raises TimeoutError for one that is killed after `seconds`."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), seconds)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return process.returncode, out, err
