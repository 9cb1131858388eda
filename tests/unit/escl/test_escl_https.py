"""eSCL over HTTPS, with a certificate that no authority of this machine knows: accepted, pinned, and another one."""

import asyncio
import logging
import ssl
from hashlib import sha256
from pathlib import Path

import pytest

from drivers.contract.capabilities import Mode, Source
from drivers.contract.clock import SystemClock
from drivers.contract.document import Encoded, Region, ScanRequest
from drivers.contract.driver import Device
from drivers.contract.errors import DeviceRefused
from drivers.escl.open import open_device
from hil.devices.mfp import serve

CERTIFICATE = Path(__file__).parents[2] / "wire" / "tls" / "host.pem"


def context() -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(CERTIFICATE)
    return made


def digest() -> str:
    text = CERTIFICATE.read_text()
    begin = text.index("-----BEGIN CERTIFICATE-----")
    end = text.index("-----END CERTIFICATE-----") + len("-----END CERTIFICATE-----")
    return sha256(ssl.PEM_cert_to_DER_cert(text[begin:end])).hexdigest()


async def scan(device: Device) -> int:
    assert device.acquirer is not None
    document = await device.acquirer.scan(
        ScanRequest("wsd-1", Source.PLATEN, Mode.GRAY8, (75, 75), Region(0, 0, 1000, 1000))
    )

    def read() -> int:
        return sum(len(b"".join(page.chunks)) for page in document if isinstance(page, Encoded))

    return await asyncio.to_thread(read)


async def test_any_certificate_is_accepted_and_told(caplog: pytest.LogCaptureFixture) -> None:
    async with serve.mfp("warmup=0,speed=0", tls=context()) as rig:
        assert rig.escl_url.startswith("https://")
        with caplog.at_level(logging.WARNING):
            device = await open_device(rig.escl_url, clock=SystemClock())
        try:
            assert await scan(device) > 100
            assert digest() in caplog.text
        finally:
            await device.close()


async def test_the_one_that_was_written_down_is_accepted() -> None:
    async with serve.mfp("warmup=0,speed=0", tls=context()) as rig:
        device = await open_device(rig.escl_url, digest(), clock=SystemClock())
        try:
            assert await scan(device) > 100
        finally:
            await device.close()


async def test_another_one_is_refused() -> None:
    async with serve.mfp("warmup=0,speed=0", tls=context()) as rig:
        with pytest.raises(DeviceRefused, match="another certificate"):
            await open_device(rig.escl_url, "00" * 32, clock=SystemClock())
