"""HTTPS beside plain HTTP and instead of it; certificates that are none.

`tls/authority.pem` signed `tls/host.pem` (with its key), which is 127.0.0.1 and localhost; both are good until 2120.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.errors import ConfigError
from bridge.net import doors, serving
from tests.ports import kept_port
from tests.wire.http_rig import (
    DIRECTED,
    NS,
    WSD,
    Y08,
    Connection,
    Rig,
    Subscriber,
    configured,
    message,
    running,
)

FILES = Path(__file__).parent / "tls"
AUTHORITY, HOST = FILES / "authority.pem", FILES / "host.pem"
GET = message("http://schemas.xmlsoap.org/ws/2004/09/transfer/Get", "")
ACTIVE = message(f"{Y08}/GetActiveJobs", "<w:GetActiveJobsRequest/>")
HOSTED = ".//{http://schemas.xmlsoap.org/ws/2006/02/devprof}Hosted//{*}Address"


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=AUTHORITY)


@asynccontextmanager
async def secured(directory: Path, *, plain: bool = True) -> AsyncIterator[tuple[Rig, Rig]]:
    """The daemon asked without and with TLS; the first is of no use where there is no plain HTTP."""
    port = kept_port()
    said: dict[str, dict[str, object]] = {"tls": {"certificate": str(HOST), "port": port, "plain": plain}}
    async with running(directory, more=said) as rig:
        yield rig, replace(rig, port=port, tls=trusting())


async def test_a_whole_scan_goes_over_tls(tmp_path: Path) -> None:
    async with secured(tmp_path) as (_, rig):
        job = await rig.create()
        answer = await rig.retrieve(job)
        assert answer.status == 200
        assert answer.headers["content-type"].startswith("multipart/related")
        assert (await rig.status(job))[0] == "Completed"


async def test_who_comes_over_tls_is_told_of_tls_and_of_nothing_else(tmp_path: Path) -> None:
    async with secured(tmp_path) as (plain, rig):
        told = (await rig.ask(rig.path, GET)).xml.findtext(HOSTED)
        assert told == f"https://127.0.0.1:{rig.port}{rig.scan_path}"
        told = (await plain.ask(rig.path, GET)).xml.findtext(HOSTED)
        assert told == f"http://127.0.0.1:{plain.port}{rig.scan_path}"
        async with Subscriber() as subscriber:
            granted = await rig.subscribe(subscriber)
            manager = granted.xml.findtext(".//e:SubscriptionManager/a:Address", None, NS)
            assert manager == f"https://127.0.0.1:{rig.port}{rig.scan_path}"
            assert (await rig.manage("Renew", granted)).status == 200


async def test_without_plain_http_all_that_is_announced_is_https(tmp_path: Path) -> None:
    async with secured(tmp_path, plain=False) as (_, rig):
        assert rig.urls == [f"https://127.0.0.1:{rig.port}{rig.path}"]
        answer = await rig.ask(DIRECTED, message(f"{WSD}/Probe", "<d:Probe/>"))
        assert answer.text(".//d:XAddrs") == f"https://127.0.0.1:{rig.port}{rig.path}"
        assert (await rig.ask(rig.path, GET)).xml.findtext(HOSTED) == f"https://127.0.0.1:{rig.port}{rig.scan_path}"


async def ended(connection: Connection) -> bytes:
    """What the daemon says before it closes this connection."""
    said = b""
    with suppress(ConnectionError):
        while data := await asyncio.wait_for(connection.reader.read(65536), 5):
            said += data
    return said


async def test_plain_http_at_the_door_for_tls_is_not_answered(tmp_path: Path) -> None:
    async with secured(tmp_path) as (_, rig):
        connection = await replace(rig, tls=None).connect()
        await connection.send(rig.path, GET)
        assert not (await ended(connection)).startswith(b"HTTP/")
        assert (await rig.ask(rig.path, GET)).status == 200


async def test_a_handshake_that_does_not_come_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "HANDSHAKE_TIMEOUT", 0.2)
    monkeypatch.setattr(serving, "MAX_CONNECTIONS", 3)
    async with secured(tmp_path) as (_, rig):
        silent = [await replace(rig, tls=None).connect() for _ in range(3)]
        with pytest.raises(OSError):  # noqa: PT011 - reset, in one of two ways
            await rig.ask(rig.path, GET)
        for each in silent:
            assert await ended(each) == b""
        assert (await rig.ask(rig.path, GET)).status == 200


def test_tls_is_of_this_age() -> None:
    assert doors.context(HOST, None).minimum_version is ssl.TLSVersion.TLSv1_2
    ciphers = {each["name"] for each in doors.context(HOST, None).get_ciphers()}
    assert not [name for name in ciphers if "RC4" in name or "DES" in name or "NULL" in name or "MD5" in name]


def test_the_key_may_be_in_a_file_of_its_own(tmp_path: Path) -> None:
    certificate, mark, key = HOST.read_text().partition("-----BEGIN PRIVATE KEY-----")
    (tmp_path / "certificate.pem").write_text(certificate)
    (tmp_path / "key.pem").write_text(mark + key)
    doors.context(tmp_path / "certificate.pem", tmp_path / "key.pem")
    with pytest.raises(ConfigError, match=r"tls: certificate: .*a certificate in PEM and its own key"):
        doors.context(tmp_path / "certificate.pem", None)


@pytest.mark.parametrize(
    ("certificate", "key", "wrong"),
    [
        ("nothing.pem", None, "tls: certificate: .*nothing.pem: No such file"),
        (str(HOST), "nothing.key", "tls: key: .*nothing.key: No such file"),
        (__file__, None, "tls: certificate: .*a certificate in PEM"),
        (str(AUTHORITY), str(HOST), "tls: certificate: .*key values mismatch"),
    ],
)
async def test_a_certificate_that_is_none_keeps_the_bridge_from_starting(
    tmp_path: Path, certificate: str, key: str | None, wrong: str
) -> None:
    said: dict[str, object] = {"certificate": certificate, "port": 0}
    if key is not None:
        said["key"] = key
    with pytest.raises(ConfigError, match=wrong):
        async with running(tmp_path, more={"tls": said}):
            pass


@pytest.mark.parametrize("said", [{"plain": False}, {"key": "key.pem"}])
def test_tls_without_a_certificate_is_an_error(tmp_path: Path, said: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="tls: certificate is missing"):
        configured(tmp_path, {"tls": said})
