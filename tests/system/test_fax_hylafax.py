"""Jobs of a real HylaFAX as the product tells them: over HTTP to a listener, and in the terminal; the server goes away
and comes back in between.
"""

import asyncio
import json
import sys
from pathlib import Path

from tests.ports import kept_port
from tests.system import hylafax, product
from tests.system.test_fax_snmp import Ear, command

FAR = ("-a", "now + 3 hours")  # so that nobody dials


async def test_jobs_of_a_hylafax_are_heard_and_kept_while_it_is_away(tmp_path: Path) -> None:
    page = hylafax.document(tmp_path / "page.tif")
    with hylafax.server(tmp_path) as fax:
        port = kept_port()
        settings = f'[sane]\nenabled = false\n[fax]\nenabled = true\nlisten = "127.0.0.1:{port}"\n'
        settings += f'[[fax.hylafax]]\nhost = "127.0.0.1"\nport = {fax.port}\nuser = "wsd"\n'
        async with product.bridge(tmp_path, settings=settings, scanners=0) as running:
            await product.until(lambda: f"fax events at http://127.0.0.1:{port}/fax/events" in running.log, 20)
            ear = Ear(f"http://127.0.0.1:{port}", (tmp_path / "state" / "fax-token").read_text().strip())
            listening = asyncio.get_running_loop().run_in_executor(None, ear.listen)
            await product.until(lambda: bool(ear.heard), 20)
            job = await asyncio.to_thread(fax.submit, *FAR, "-d", "555", page)
            await ear.until(lambda told: told == ["added", "1/0 page 0"])
            assert ear.heard[1][1]["job_id"] == f"hylafax-127.0.0.1:{fax.port}:outgoing:{job}"
            await asyncio.to_thread(fax.say, f"JSUSP {job}")
            await ear.until(lambda told: told[-1:] == ["17/0 page 0"])
            url = ("--url", ear.url, "--token-file", str(tmp_path / "state" / "fax-token"))
            await asyncio.to_thread(fax.stop_hfaxd)
            await product.until(lambda: "away" in running.log, 30)
            status, out, _ = await command("fax", "--once", *url)
            assert status == 0
            assert "PENDING PAUSED" in out
            assert "(stale)" in out
            await asyncio.to_thread(fax.start_hfaxd)
            await product.until(lambda: "back again" in running.log, 60)
            await asyncio.to_thread(fax.client, "faxrm", job)
            await ear.until(lambda told: told[-1:] == ["removed"] or told[-1].startswith("512/"), 60)
            status, out, _ = await command("fax", "--once", "--json", *url)
            (snapshot,) = map(json.loads, out.splitlines())
            assert [each["stale"] for each in snapshot["jobs"]] == [False] * len(snapshot["jobs"])
        await asyncio.wait_for(listening, 20)


async def test_a_hylafax_is_followed_in_the_terminal_without_any_bridge(tmp_path: Path) -> None:
    page = hylafax.document(tmp_path / "page.tif")
    with hylafax.server(tmp_path) as fax:
        job = await asyncio.to_thread(fax.submit, *FAR, "-d", "555", page)
        words = ("--hylafax", f"127.0.0.1:{fax.port}", "--fax-user", "wsd")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bridge.cli", "fax", *words, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(60):
                first = (await process.stdout.readline()).decode()
                assert f"outgoing:{job}  PENDING" in first
                await asyncio.to_thread(fax.client, "faxrm", job)
                while "CANCELED" not in (line := (await process.stdout.readline()).decode()):
                    assert line
                process.terminate()
                assert await process.wait() == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
