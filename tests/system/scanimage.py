"""scanimage, SANE's own client, from the Debian package."""

from pathlib import Path

from tests.system import debian, program

SECONDS = 60


async def scanimage(root: debian.Root, config: Path, device: str, *arguments: str) -> tuple[int, bytes, str]:
    """Run it in the folder of its configuration; exit code, standard output, standard error."""
    command = (root.program("scanimage"), "-d", device, *arguments)
    code, out, err = await program.ended(*command, cwd=config, env=root.env(SANE_CONFIG_DIR=config), seconds=SECONDS)
    return code, out, err.decode()
