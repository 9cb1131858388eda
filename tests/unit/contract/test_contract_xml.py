"""XML from strangers: what is read, and what is refused before it costs anything."""

import time

import pytest
from lxml import etree

from drivers.contract.xml import MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS, XmlRefused, parse, serialize


def test_plain_xml_is_read_without_comments_and_instructions() -> None:
    root = parse(b"<?xml version='1.0'?><!-- c --><a><?p i?>one<!-- x -->two<b/><!-- y --></a>")
    assert root.tag == "a"
    assert root.text == "onetwo"
    assert [child.tag for child in root] == ["b"]
    assert root.getprevious() is None


@pytest.mark.parametrize("data", [b"<?p i?><a/>", b"<a/><?p i?>", b"<a>x<?p i?></a>", b"<a><b><?p?></b></a>"])
def test_an_instruction_is_refused_where_it_must_not_be(data: bytes) -> None:
    with pytest.raises(XmlRefused, match="processing instruction"):
        parse(data, instructions=False)
    assert parse(b"<?xml version='1.0'?><!-- c --><a><!-- c --></a>", instructions=False).tag == "a"


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE a><a/>",
        b"<!DOCTYPE a []><a/>",
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b'<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p">%p;]><a/>',
        b'<!DOCTYPE a [<!ENTITY x "y">]><a b="&x;"/>',
        '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'.encode("utf-16"),
    ],
)
def test_a_document_type_is_refused(data: bytes) -> None:
    with pytest.raises(XmlRefused):
        parse(data)


@pytest.mark.parametrize("place", ["<a>&e9;</a>", '<a b="&e9;"/>'])
def test_a_bomb_of_entities_costs_nothing(place: str) -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "lol" * 100}">' for n in range(10))
    begun = time.monotonic()
    with pytest.raises(XmlRefused):
        parse(f"<!DOCTYPE a [{entities}]>{place}".encode())
    assert time.monotonic() - begun < 20  # in full it would be 3·10¹² bytes


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"<a>",
        b"<a></b>",
        b"text",
        b"<a/><b/>",
        b"<a>&undefined;</a>",
        b"\x00",
        b"<a>\xff</a>",
        b"<a>\x01</a>",
    ],
)
def test_what_is_not_well_formed_is_refused(data: bytes) -> None:
    with pytest.raises(XmlRefused):
        parse(data)


def test_size_depth_and_number_are_bounded() -> None:
    frame = len(b"<a></a>")
    assert parse(b"<a>" + b"x" * (MAX_BYTES - frame) + b"</a>").tag == "a"
    with pytest.raises(XmlRefused, match="bytes"):
        parse(b"<a>" + b"x" * (MAX_BYTES - frame + 1) + b"</a>")
    assert parse(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH).tag == "a"
    for depth in (MAX_DEPTH + 1, 1000, 4000):
        with pytest.raises(XmlRefused):
            parse(b"<a>" * depth + b"</a>" * depth)
    assert len(parse(b"<a>" + b"<b/>" * (MAX_ELEMENTS - 1) + b"</a>")) == MAX_ELEMENTS - 1
    with pytest.raises(XmlRefused, match="elements"):
        parse(b"<a>" + b"<b/>" * MAX_ELEMENTS + b"</a>")


@pytest.mark.parametrize(
    "data",
    [
        "<a>é</a>".encode(),
        b"\xef\xbb\xbf" + "<a>é</a>".encode(),
        '<?xml version="1.0" encoding="UTF-8"?><a>é</a>'.encode(),
        '<?xml version="1.0" encoding="utf-8"?><a>é</a>'.encode(),
        "<a>é</a>".encode("utf-16"),
        '<?xml version="1.0" encoding="UTF-16"?><a>é</a>'.encode("utf-16"),
        b'<?xml version="1.0" encoding="us-ascii"?><a>&#xe9;</a>',
    ],
)
def test_utf_8_and_utf_16_are_read(data: bytes) -> None:
    assert parse(data).text == "é"


@pytest.mark.parametrize(
    "data",
    [
        '<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'.encode("latin-1"),
        '<?xml version="1.0" encoding="windows-1252"?><a>é</a>'.encode("cp1252"),
        b'<?xml version="1.0" encoding="UTF-7"?><a>+AOk-</a>',
        "<a>é</a>".encode("utf-32"),
        "<a>é</a>".encode("utf-32-be"),
        '<?xml version="1.0" encoding="UTF-32"?><a>é</a>'.encode("utf-32"),
        '<?xml version="1.0" encoding="cp037"?><a>e</a>'.encode("cp037"),
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
    ],
)
def test_other_encodings_are_refused(data: bytes) -> None:
    with pytest.raises(XmlRefused):
        parse(data)


def test_the_reason_is_one_line() -> None:
    with pytest.raises(XmlRefused) as caught:
        parse(b"<a>\n<b>\n</a>")
    assert "\n" not in str(caught.value)


def test_what_is_written_is_compact_utf_8_and_is_read_again() -> None:
    root = etree.fromstring("<a><b>é</b></a>")
    data = serialize(root)
    assert data == "<?xml version='1.0' encoding='utf-8'?>\n<a><b>é</b></a>".encode()
    assert parse(data)[0].text == "é"
