"""A press of a scanner's button pushes the pages to the bridge's own scan server: both roles at once, over loopback."""

import asyncio
import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from drivers.contract.document import ScanRequest
from drivers.contract.errors import CanceledAtDevice
from drivers.contract.handover import Handover
from tests.wire.http_rig import Subscriber, page, pages
from tests.wire.post_scan_rig import ended, lines, serving
from tests.wire.test_http_tls import AUTHORITY, HOST

DONE = "CompletedSuccessfully"


def certificate(name: str) -> bytes:
    """One that signs itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made.public_bytes(Encoding.PEM) + plain


async def over(place: Path) -> None:
    """Wait until the device has nothing in hand."""
    async with asyncio.timeout(10):
        while list((place / "state" / "pushes").iterdir()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_press_ends_in_the_folder(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with serving(tmp_path) as server, Subscriber() as subscriber:
        await server.subscribe(subscriber)
        server.scanner.play = pages(3)
        server.press()
        await ended(subscriber)
        assert lines(subscriber)[-1] == f"end:Completed/PostScanJobCompletedSuccessfully 3 [{DONE}]"
        assert [image[:2] for image in server.delivered.values()] == [b"\xff\xd8"] * 3
        assert len(set(server.delivered.values())) == 3
        await over(tmp_path)
    assert "PostScanJobEndStateEvent" in caplog.text


async def test_a_cancel_at_the_device_cancels_the_job_of_the_server(tmp_path: Path) -> None:
    def canceled(handover: Handover, request: ScanRequest) -> None:
        page(handover, request)
        raise CanceledAtDevice("somebody pressed cancel")

    async with serving(tmp_path) as server, Subscriber() as subscriber:
        await server.subscribe(subscriber)
        server.scanner.play = canceled
        server.press()
        await ended(subscriber)
        assert lines(subscriber)[-1].startswith("end:Canceled/PostScanJobCanceled")
        assert server.delivered == {}
        await over(tmp_path)


async def test_over_tls_the_certificate_of_the_device_is_its_user(tmp_path: Path) -> None:
    card = tmp_path / "eva.pem"
    card.write_bytes(certificate("eva"))
    shown = f"authority = '{AUTHORITY}'\ncertificate = '{card}'\n"
    said = {"certificate": str(HOST), "client_authority": str(card)}
    async with serving(tmp_path, push=shown, **said) as server, Subscriber() as stranger:
        await server.subscribe(stranger)
        server.scanner.play = pages(2)
        server.press()
        async with asyncio.timeout(10):
            while len(server.delivered) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await over(tmp_path)
        (record,) = (tmp_path / "state" / "scan-server").glob("*/job.json")
        assert json.loads(record.read_text())["owner"] == "commonName=eva"
        assert lines(stranger) == [], "who shows no certificate is somebody else"
