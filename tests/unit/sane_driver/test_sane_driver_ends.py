"""What works for a SANE device ends with it: its thread, and the process in which SANE would run. That one is ours."""

import asyncio
import os
import threading
from pathlib import Path

import pytest

from drivers.contract.clock import SystemClock
from drivers.contract.observation import Readiness
from drivers.sane import process
from drivers.sane.listing import Listed
from drivers.sane.open import open_device

WITH_A_BUTTON = """
import json, os, struct, sys
open(sys.argv[1], "a").write(f"{os.getpid()}\\n")
def say(answer):
    text = json.dumps({"status": 0, **answer}).encode()
    sys.stdout.buffer.write(struct.pack(">cI", b"J", len(text)) + text)
    sys.stdout.buffer.flush()
option = {"unit": 0, "value": None}
options = [
    {**option, "number": 1, "name": "mode", "type": 3, "cap": 5, "value": "Gray", "strings": ["Gray"]},
    {**option, "number": 2, "name": "scan", "type": 0, "cap": 6},
]
size = {"format": 0, "last_frame": 1, "bytes_per_line": 80, "pixels_per_line": 80, "lines": 80, "depth": 8}
say({"asked": 0})
for line in sys.stdin:
    asked = json.loads(line)
    say({"asked": asked["asked"], "options": options, "parameters": size, "value": "Gray", "values": [False]})
    if asked["do"] == "quit":
        break
"""


@pytest.mark.parametrize("share", [False, True])
async def test_a_device_that_is_closed_leaves_no_thread_and_no_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, share: bool
) -> None:
    monkeypatch.setattr(process, "_PROGRAM", WITH_A_BUTTON)

    def ours() -> list[str]:
        return [each.name for each in threading.enumerate() if each.name.startswith("a scanner")]

    listed = Listed("fake:1", "Vendor", "Model", "flatbed scanner")
    device = await open_device(listed, "a scanner", str(tmp_path / "pids"), Path("/"), SystemClock(), share=share)
    seen = await device.observers[0].poll()
    assert (seen.readiness, device.capabilities.buttons) == (Readiness.IDLE, ("scan",))
    assert ours() == ["a scanner_0"]
    await device.close()
    async with asyncio.timeout(10):
        while ours():  # noqa: ASYNC110 - nobody is told of a thread's end
            await asyncio.sleep(0.005)
    for pid in (tmp_path / "pids").read_text().split():
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)
