"""Whatever bytes a device or a server sends, a decoder answers or says that they are wrong; nothing else."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract.capabilities import Mode
from drivers.contract.errors import DeviceGarbled
from drivers.usb.descriptors import UsbDevice
from drivers.usb.esci import observe, wire
from drivers.usb.esci.rows import Rows
from drivers.usbip import descriptors, messages


@pytest.mark.parametrize(
    "decode",
    [
        wire.header,
        wire.identity,
        wire.identity_2,
        wire.fs_identity,
        wire.fs_start,
        lambda data: observe.idle(wire.fs_status(data)),
        lambda data: observe.idle(wire.extended_status(data[0] if data else 0, data).condition),
    ],
)
@given(data=st.binary(max_size=100))
def test_esci_answers(decode: Callable[[bytes], object], data: bytes) -> None:
    for sample in (data, data.ljust(16, b"\0")[:16], data.ljust(14, b"\x02")[:14], data.ljust(80, b"\xff")[:80]):
        with suppress(DeviceGarbled):
            decode(sample)


@given(st.binary(max_size=200))
def test_usb_descriptors(data: bytes) -> None:
    for sample in (data, bytes([9, 2]) + data, bytes([9, 2, 0, 0, 1, 1, 0, 0x80, 50]) + data):
        with suppress(descriptors.BadDescriptor):
            found = descriptors.configuration(sample)
            assert found.descriptor.bNumInterfaces == len(found.interfaces)
    descriptors.text(data)
    with suppress(descriptors.BadDescriptor):
        descriptors.device(data)


@given(st.binary(min_size=312, max_size=312))
def test_usbip_records(data: bytes) -> None:
    with suppress(messages.Malformed):
        messages.exported(data)
    with suppress(messages.Malformed):
        messages.answer(data[:48])


@given(st.text(max_size=80))
def test_a_key_is_a_plain_file_name(serial: str) -> None:
    key = UsbDevice(0x04B8, 0x0110, "1-1", serial=serial).key
    assert key.startswith("usb-04b8-0110")
    assert "/" not in key
    assert key.isprintable()


@given(
    st.sampled_from(Mode),
    st.integers(1, 5),
    st.integers(1, 40),
    st.integers(1, 9),
    st.lists(st.integers(0, 200), max_size=12),
)
def test_a_page_is_whole_rows_and_exactly_as_many_as_promised(
    mode: Mode, eights: int, wanted: int, height: int, cuts: list[int]
) -> None:
    scanned = 8 * eights
    data = bytes(mode.row_bytes(scanned) * height)
    rows = Rows(mode, scanned, wanted, height)
    result, at = [], 0
    for cut in [*cuts, len(data)]:
        result.append(rows.add(data[at : at + cut]))
        at += cut
    assert all(len(piece) % mode.row_bytes(wanted) == 0 for piece in result)
    assert sum(map(len, result)) + len(rows.padding()) == height * mode.row_bytes(wanted)
