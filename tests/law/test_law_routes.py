"""Whatever somebody types or adds, routes and firmware answer, and SANE's configuration loses none of its lines."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from drivers import routing
from drivers.routes import firmware
from drivers.routes.firmware import NotFirmware
from drivers.sane import firmware as told_to_sane

NAMES = sorted({(want.backend, name) for want in firmware.wants().values() for name in want.accepted})
LINES = st.sampled_from(
    [
        "",
        "# usb 0x055f 0x021a",
        "usb 0x055f 0x021a",
        "usb 0x05d8 0x4002",
        'override "x"',
        "USB",
        "usb",
        "usb 0x04c5 0x1156",
    ]
)


@given(st.text(max_size=40))
@settings(max_examples=50)
def test_any_question_is_answered_in_single_lines(text: str):
    for route in routing.asked(text)[:20]:
        assert route.line
        assert "\n" not in route.line


@given(st.binary(max_size=2000), st.sampled_from(NAMES), st.integers(0, 200))
@settings(max_examples=100)
def test_any_bytes_are_firmware_or_refused(data: bytes, known: tuple[str, str], times: int):
    try:
        firmware.check(data * times, firmware.recognised(known[1]))
    except NotFirmware:
        return
    assert firmware.LEAST <= len(data * times) <= firmware.MOST


@given(st.lists(LINES, max_size=12), st.sampled_from(["gt68xx", "epjitsu", "artec_eplus48u"]))
@settings(max_examples=30)
def test_no_line_of_the_systems_is_lost_or_moved(lines: list[str], backend: str):
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        for each in ("system", "child"):
            (place / each).mkdir()
        (place / "system" / f"{backend}.conf").write_text("".join(f"{line}\n" for line in lines))
        for want in firmware.wants().values():
            if want.backend == backend:
                firmware.keep(place / "store", want.accepted[0], b"x", (want,))
        told_to_sane.tell(place / "child", [place / "system"], place / "store", set(firmware.wants()))
        made = iter((place / "child" / f"{backend}.conf").read_text().splitlines())
        assert all(line in made for line in lines)  # in this order
