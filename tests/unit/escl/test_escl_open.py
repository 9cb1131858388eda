"""Addresses of eSCL services, and quirks by the model's name."""

from contextlib import AbstractAsyncContextManager

import pytest

from drivers import quirks
from drivers.contract.http_exchange import Incoming, Request
from drivers.escl import open as escl
from tests.unit.escl.conftest import Device, Turned


@pytest.mark.parametrize(
    ("url", "split"),
    [
        ("http://192.0.2.1", ("http://192.0.2.1:80", "/eSCL", "192.0.2.1:80")),
        ("https://mfp.example/eSCL/", ("https://mfp.example:443", "/eSCL", "mfp.example:443")),
        ("http://[2001:db8::1]:9095/other", ("http://[2001:db8::1]:9095", "/other", "[2001:db8::1]:9095")),
    ],
)
def test_an_address_has_an_origin_a_path_and_a_place(url: str, split: tuple[str, str, str]) -> None:
    assert escl.split(url) == split
    assert escl.key(url) == f"escl-{split[2]}{'' if split[1] == '/eSCL' else '-other'}"


@pytest.mark.parametrize("url", ["", "ftp://x", "http://", "http://u:p@x", "http://x?y", "http://x:port", "http://x#y"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 the words differ
        escl.split(url)


@pytest.mark.parametrize(
    ("model", "field", "value"),
    [
        ("Brother MFC-L2710DW", "escl_page_pause", 1.0),
        ("EPSON XP-7100", "escl_host", "port"),
        ("HP LaserJet MFP M630", "escl_host", "localhost"),
        ("MF410 Series", "escl_feeder_first", True),
        ("B205", "escl_retry_410", True),
        ("HP LaserJet MFP M426fdn", "escl_host", ""),
    ],
)
def test_oddities_go_by_the_model(model: str, field: str, value: object) -> None:
    assert getattr(quirks.of(0, 0, model), field) == value


async def test_a_scanner_without_jpeg_is_watched_and_does_not_scan(device: Device, clock: Turned) -> None:
    device.says(
        "GET ScannerCapabilities", (200, b"<ScannerCapabilities><MakeAndModel>X Y</MakeAndModel></ScannerCapabilities>")
    )
    found = await escl.open_on(device, "/eSCL", "escl-x:80", "x:80", clock=clock)
    assert (found.acquirer, len(found.observers), found.identity.model) == (None, 1, "X Y")
    await found.close()


async def test_the_host_that_a_model_insists_on_is_sent(device: Device, clock: Turned, monkeypatch) -> None:
    device.says(
        "GET ScannerCapabilities",
        (200, b"<ScannerCapabilities><MakeAndModel>EPSON XP</MakeAndModel></ScannerCapabilities>"),
    )
    device.says("GET ScannerStatus", (200, b"<ScannerStatus><State>Idle</State></ScannerStatus>"))
    sent: list[object] = []
    ask = device.exchange

    def listening(request: Request, **named: float) -> AbstractAsyncContextManager[Incoming]:
        sent.append(request.headers)
        return ask(request, **named)

    monkeypatch.setattr(device, "exchange", listening)
    found = await escl.open_on(device, "/eSCL", "escl-x:80", "x:80", clock=clock)
    await found.observers[0].poll()
    assert sent == [{}, {"Host": "x:80"}]
    await found.close()
