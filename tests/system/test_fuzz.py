"""Damaged messages, a short and always equal run; `wsd-scan-hil fuzz --count 1000000` is a developer's to start."""

import asyncio
import re
import sys
from pathlib import Path

from tests.system.namespaces import laboratory
from tests.system.product import PROJECT

SEED = "1"


async def fuzz(*arguments: str, prefix: tuple[str, ...] = ()) -> tuple[str, dict[str, int]]:
    """What it said, and the number of messages by outcome."""
    process = await asyncio.create_subprocess_exec(
        *prefix, sys.executable, "-m", "hil.cli", "fuzz", "--seed", SEED, *arguments,
        cwd=PROJECT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said = (await process.communicate())[0].decode()
    assert process.returncode == 0, said
    assert "\n0 findings\n" in said
    return said, {name: int(count) for count, name in re.findall(r"^ *(\d+)  (\w.*)$", said, re.MULTILINE)}


async def test_damaged_messages_into_the_service(figures: list[str]) -> None:
    said, outcomes = await fuzz("--count", "6000")
    assert sum(outcomes.values()) >= 6000
    for reached in ("answer CreateScanJobResponse", "answer RenewResponse", "UDP answer ResolveMatches", "image"):
        assert outcomes[reached] > 0, said
    figures.append(f"fuzz inside: {said.splitlines()[-4]}")


async def test_damaged_messages_at_the_sockets(tmp_path: Path, figures: list[str]) -> None:
    with laboratory("here") as lab:
        said, outcomes = await fuzz(
            "--outside", "--udp", "--count", "4000", "--keep", str(tmp_path), prefix=lab.enter("here")
        )
    # Bad HTTP and bad SOAP are refused, and among all that whole messages are answered.
    for reached in ("400", "400 fault Sender", "400 fault InvalidArgs", "200 answer GetScannerElementsResponse"):
        assert outcomes[reached] > 0, said
    assert outcomes["datagram"] > 0, said
    figures.append(f"fuzz outside: {said.splitlines()[-4]}")
