"""Fax events for programs on other machines: over HTTPS with the bridge's certificate, to those who trust it and have
a token. All of it in a network namespace that has nothing but a loopback; the bridge listens on every address there.
"""

import asyncio
import http.client
import json
import os
import ssl
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.system import product
from tests.system.namespaces import Laboratory, laboratory
from tests.wire.test_http_tls import AUTHORITY, HOST, trusting

PORT = 5382
URL = f"https://127.0.0.1:{PORT}"
TOKEN = "a-token-of-the-reception"
IN_PROGRESS = 0x002  # JS_INPROGRESS
GUARDED = f'[[fax.token]]\nname = "reception"\ntoken = "{TOKEN}"\nrights = ["query_jobs", "query_in_archive"]\n'


@dataclass
class Here:
    lab: Laboratory
    mfp: asyncio.subprocess.Process
    config: Path

    async def happens(self, event: str) -> None:
        assert self.mfp.stdin is not None
        self.mfp.stdin.write(f"{event}\n".encode())
        await self.mfp.stdin.drain()

    async def there(self, work: Callable[[], list[str]]) -> list[str]:
        """What a program in that namespace finds."""

        async def run() -> list[str]:
            return work()

        return await self.lab.inside("here", run)

    async def fax(self, *words: str, trusted: Path | None) -> tuple[int, str, str]:
        """The product's `fax` in that namespace."""
        place = {} if trusted is None else {"SSL_CERT_FILE": str(trusted)}
        process = await asyncio.create_subprocess_exec(
            *self.lab.enter("here"), sys.executable, "-m", "bridge.cli", "fax", "--config", self.config, *words,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={**os.environ, **place},
        )  # fmt: skip
        out, err = await asyncio.wait_for(process.communicate(), 60)
        return process.returncode or 0, out.decode(), err.decode()


@asynccontextmanager
async def served(place: Path) -> AsyncIterator[Here]:
    """A simulated MFP, and a bridge that follows its faxes."""
    with laboratory("here") as lab:
        mfp = await asyncio.create_subprocess_exec(
            *lab.enter("here"), sys.executable, "-m", "hil.cli", "serve", "--end-with-input", "--listen", "127.0.0.1:0",
            "hp-mfp", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            assert mfp.stdout is not None
            agent = (await asyncio.wait_for(mfp.stdout.readline(), 30)).split()[1].decode().rpartition(":")[2]
            settings = f'[tls]\ncertificate = "{HOST}"\n[fax]\nenabled = true\nlisten = "0.0.0.0:{PORT}"\n{GUARDED}'
            settings += f'[sane]\nenabled = false\n[[snmp]]\nhost = "127.0.0.1"\nport = {agent}\n'
            async with product.bridge(place, settings=settings, prefix=lab.enter("here")) as running:
                await product.until(lambda: f"fax events at https://0.0.0.0:{PORT}/fax/events" in running.log, 20)
                assert "in clear" not in running.log
                yield Here(lab, mfp, place / "bridge.toml")
        finally:
            mfp.terminate()
            await mfp.wait()


def asking(token: str = TOKEN) -> urllib.request.Request:
    return urllib.request.Request(f"{URL}/fax/events", headers={"Authorization": f"Bearer {token}"})


def until_received() -> list[str]:
    """The names of the events until a fax is on the line, as a program hears them that trusts our authority."""
    names: list[str] = []
    with urllib.request.urlopen(asking(), timeout=30, context=trusting()) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        for line in answer:
            word, _, value = line.decode().rstrip("\n").partition(": ")
            if word == "event":
                names.append(value)
            if word == "data" and json.loads(value).get("job_status", {}).get("Status") == IN_PROGRESS:
                break
    return names


def turned_away() -> list[str]:
    """What meets who does not trust our authority, asks without TLS, or has another token."""
    met = []
    try:
        urllib.request.urlopen(asking(), timeout=10, context=ssl.create_default_context())
    except urllib.error.URLError as err:
        met.append(type(err.reason).__name__)
    plain = http.client.HTTPConnection("127.0.0.1", PORT, timeout=10)
    try:
        plain.request("GET", "/fax/jobs", headers={"Authorization": f"Bearer {TOKEN}"})
        met.append(str(plain.getresponse().status))
    except (http.client.HTTPException, ConnectionError):
        met.append("no answer")
    finally:
        plain.close()
    try:
        urllib.request.urlopen(asking("another-token-altogether"), timeout=10, context=trusting())
    except urllib.error.HTTPError as err:
        met.append(str(err.code))
    return met


async def test_faxes_are_told_over_https_to_who_trusts_the_bridge_and_is_trusted(tmp_path: Path) -> None:
    async with served(tmp_path) as here:
        listening = asyncio.ensure_future(here.there(until_received))
        assert await here.there(turned_away) == ["SSLCertVerificationError", "no answer", "401"]
        await here.happens("faxin 1")
        names = await asyncio.wait_for(listening, 40)
        assert names[0] == "Snapshot"
        assert names[1] == "OnIncomingJobAdded"
        assert set(names[2:]) == {"OnIncomingJobChanged"}
        token = tmp_path / "token"
        token.write_text(TOKEN)
        words = ("--url", URL, "--token-file", str(token), "--once", "--json")
        status, out, err = await here.fax(*words, trusted=AUTHORITY)
        assert (status, err) == (0, "")
        assert "jobs" in json.loads(out)
        status, out, err = await here.fax(*words, trusted=None)
        assert (status, out) == (1, "")
        assert "certificate" in err.lower()
        assert "Traceback" not in err
