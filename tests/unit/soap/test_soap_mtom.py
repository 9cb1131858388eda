"""Packages: read back whatever the chunks are, refused when cut short or unbounded."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import WireError
from bridge.soap import mtom
from bridge.soap.xop import Include

PACKAGE = mtom.Package("b0undary", "root@us")
NEAR_BOUNDARY = st.lists(st.sampled_from([b"\r\n", b"--", b"b0undary", b"\r", b"-", b"x"])).map(b"".join)


async def stream(data: bytes, size: int) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


async def contents(data: bytes, size: int, content_type: str = PACKAGE.content_type) -> list[tuple[str, str, bytes]]:
    parts = mtom.read_parts(content_type, stream(data, size))
    return [(part.content_id, part.content_type, await part.read(100_000)) async for part in parts]


@given(image=st.one_of(st.binary(max_size=300), NEAR_BOUNDARY), size=st.integers(1, 50))
async def test_a_package_reads_back_whatever_the_chunks(image: bytes, size: int) -> None:
    if b"\r\n--b0undary" in b"\r\n" + image + b"\r\n":
        return  # a random boundary makes this impossible in practice
    data = PACKAGE.head(b"<root/>", "image@us", "image/jpeg") + image + PACKAGE.tail()
    assert await contents(data, size) == [
        ("root@us", "application/xop+xml", b"<root/>"),
        ("image@us", "image/jpeg", image),
    ]


def test_the_head_is_as_the_standards_say() -> None:
    assert PACKAGE.head(b"<r/>", "i@us", "image/jpeg") == (
        b"--b0undary\r\n"
        b'Content-Type: application/xop+xml; charset=utf-8; type="application/soap+xml"\r\n'
        b"Content-Transfer-Encoding: binary\r\n"
        b"Content-ID: <root@us>\r\n\r\n"
        b"<r/>\r\n"
        b"--b0undary\r\n"
        b"Content-Type: image/jpeg\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <i@us>\r\n\r\n"
    )
    assert PACKAGE.content_type == (
        'multipart/related; type="application/xop+xml"; start="<root@us>"; start-info="application/soap+xml"; '
        'boundary="b0undary"'
    )
    assert PACKAGE.tail() == b"\r\n--b0undary--\r\n"


async def test_a_part_left_unread_is_skipped() -> None:
    data = PACKAGE.head(b"<root/>", "i@us", "image/jpeg") + b"picture" + PACKAGE.tail()
    ids = [part.content_id async for part in mtom.read_parts(PACKAGE.content_type, stream(data, 7))]
    assert ids == ["root@us", "i@us"]


@pytest.mark.parametrize("lost", [1, 3, 12, 14, 18, 60, 200])
async def test_a_package_cut_short_is_noticed(lost: int) -> None:
    data = PACKAGE.head(b"<root/>", "i@us", "image/jpeg") + b"picture" + PACKAGE.tail().rstrip()
    with pytest.raises(WireError, match="ended before"):
        await contents(data[:-lost], 5)


async def test_a_preamble_and_padding_are_legal() -> None:
    data = b"preamble\r\n--b0undary \t\r\n\r\nno headers\r\n--b0undary--epilogue"
    assert await contents(data, 4) == [("", "", b"no headers")]


@pytest.mark.parametrize(
    "data",
    [
        b"x" * 10_000,
        b"--b0undary\r\nX: " + b"x" * 10_000,
        b"--b0undary\r\nX: " + b"x" * 10_000 + b"\r\n\r\n",
        b"--b0undary" + b" " * 5_000,
        b"--b0undaryX\r\n\r\n",
        b"--b0undary\r\n\r\nx\r\n" * 17 + b"--b0undary--",
    ],
)
async def test_what_has_no_end_is_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        await contents(data, 4_000)


async def test_a_part_larger_than_wanted_is_refused() -> None:
    data = PACKAGE.head(b"<root/>", "i@us", "image/jpeg") + b"p" * 100_001 + PACKAGE.tail()
    with pytest.raises(WireError, match="more than 100000"):
        await contents(data, 50_000)


@pytest.mark.parametrize(
    "value",
    ["text/xml", "multipart/related", 'multipart/related; boundary=""', "multipart/related; boundary=" + "x" * 71],
)
async def test_a_content_type_without_a_usable_boundary_is_refused(value: str) -> None:
    with pytest.raises(WireError):
        await contents(b"", 1, value)


def test_an_include_names_its_part() -> None:
    written = Include.of("image@us").to_xml()
    assert (written.tag, dict(written.attrib)) == (
        "{http://www.w3.org/2004/08/xop/include}Include",
        {"href": "cid:image@us"},
    )
    assert Include.from_xml(written).content_id == "image@us"
    assert Include(href="cid:a%40b").content_id == "a@b"
    for no_part in ("http://elsewhere/", "cid:", ""):
        with pytest.raises(WireError):
            _ = Include(href=no_part).content_id
