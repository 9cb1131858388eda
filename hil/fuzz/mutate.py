"""Damage to a message, with a sense of what it is made of: to its tree first, to its bytes sometimes.

Pure: the same random source makes the same damage.
"""

# ruff: noqa: ARG001 - all changes have one shape

from collections.abc import Callable, Sequence
from copy import deepcopy
from random import Random
from typing import Final

from lxml import etree

from hil.fuzz.values import ATTRIBUTES, NAMESPACES, ODD

_DEEPEST: Final = 120
_MOST_COPIES: Final = 80
_LARGEST: Final = 100_000  # elements are not multiplied in a message larger than this
_ENCODINGS: Final = ("utf-8", "utf-16", "utf-16le", "iso-8859-1", "us-ascii", "utf-7", "utf-32", "cp037", "EUC-JP")
_PIECES: Final = (
    b"&amp;", b"&#0;", b"&#x1F600;", b"&x;", b"]]>", b"<", b"\x00", b"\xff\xfe", b"<![CDATA[x]]>", b"xmlns:q=''", b"\r",
)  # fmt: skip
_PROLOGUES: Final = (
    b"<!DOCTYPE x>",
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
    b'<!DOCTYPE x SYSTEM "file:///etc/passwd">',
    b"<?xml-stylesheet href='x'?>",
    b"<!-- -->",
    b"\xef\xbb\xbf",
    b"\x00",
    b" \r\n",
    b'<?xml version="1.1" encoding="utf-8"?>',
)

Change = Callable[[etree._Element, Random, Sequence[etree._Element]], None]


def message(corpus: Sequence[etree._Element], random: Random) -> bytes:
    """One message: whole now and then, damaged otherwise."""
    root = deepcopy(random.choice(corpus))
    kind = random.random()
    if kind < 0.05:
        return etree.tostring(root)
    if kind < 0.96:
        for _ in range(random.choice((1, 1, 1, 1, 2, 2, 3, 5))):
            random.choice(CHANGES)(_somewhere(root, random), random, corpus)
    data = _written(root, random)
    if kind >= 0.88:
        for _ in range(random.choice((1, 1, 2, 4))):
            data = random.choice(BYTES)(data, random)
    return data


def _anywhere(root: etree._Element, random: Random) -> etree._Element:
    return random.choice(list(root.iter(etree.Element)))


def _somewhere(root: etree._Element, random: Random) -> etree._Element:
    """Rather in the body: what damages the head is refused before anybody looks at the rest."""
    inner = list(root[-1].iterdescendants(etree.Element)) if len(root) else []
    return random.choice(inner) if inner and random.random() < 0.8 else _anywhere(root, random)


# The tree. The root has no parent: what would take it away leaves it.


def _drop(at: etree._Element, random: Random, corpus: Sequence[etree._Element]) -> None:
    parent = at.getparent()
    if parent is not None:
        parent.remove(at)


def _double(at: etree._Element, random: Random, corpus: Sequence[etree._Element]) -> None:
    parent = at.getparent()
    if parent is None or len(etree.tostring(at.getroottree())) > _LARGEST:
        return
    for _ in range(random.choice((1, 1, 1, 2, 17, _MOST_COPIES))):
        parent.insert(random.randint(0, len(parent)), deepcopy(at))


def _reorder(at: etree._Element, random: Random, corpus: Sequence[etree._Element]) -> None:
    children = list(at)
    random.shuffle(children)
    at[:] = children


def _move(at: etree._Element, random: Random, corpus: Sequence[etree._Element]) -> None:
    parent = at.getparent()
    to = _anywhere(at.getroottree().getroot(), random)
    if parent is not None and at not in (to, *to.iterancestors()):
        to.insert(random.randint(0, len(to)), at)


def _rename(at: etree._Element, random: Random, corpus: Sequence[etree._Element]) -> None:
    other = _anywhere(random.choice(corpus), random)
    at.tag = other.tag


def _misspell(at: etree._Element, random: Random, corpus: Sequence[etree._Element]) -> None:
    name = etree.QName(at)
    local = random.choice((name.localname[:-1] or "x", name.localname + "x", name.localname.lower(), "x" * 300))
    at.tag = etree.QName(name.namespace, local).text


def _renamespace(at: etree._Element, random: Random, corpus: Sequence[etree._Element]) -> None:
    namespace = random.choice((None, *NAMESPACES))
    whole = random.random() < 0.3
    for element in list(at.iter(etree.Element)) if whole else [at]:
        element.tag = etree.QName(namespace, etree.QName(element).localname).text


def _say(at: etree._Element, random: Random, corpus: Sequence[etree._Element]) -> None:
    leaves = [each for each in at.iter(etree.Element) if not len(each)]
    random.choice(leaves or [at]).text = _value(random, corpus)


def _say_all(at: etree._Element, random: Random, corpus: Sequence[etree._Element]) -> None:
    at.text = _value(random, corpus)
    at.tail = random.choice((None, "\n", "text", at.text))


def _empty(at: etree._Element, random: Random, corpus: Sequence[etree._Element]) -> None:
    tail = at.tail
    at.clear()
    at.tail = tail


def _mark(at: etree._Element, random: Random, corpus: Sequence[etree._Element]) -> None:
    if at.attrib and random.random() < 0.3:
        del at.attrib[random.choice(list(at.attrib))]
        return
    at.set(random.choice(ATTRIBUTES), _value(random, corpus))


def _splice(at: etree._Element, random: Random, corpus: Sequence[etree._Element]) -> None:
    """A part of another message in the place of this one, or in it."""
    other = deepcopy(_anywhere(random.choice(corpus), random))
    parent = at.getparent()
    if parent is None or random.random() < 0.5:
        at.insert(random.randint(0, len(at)), other)
    else:
        parent.replace(at, other)


def _deepen(at: etree._Element, random: Random, corpus: Sequence[etree._Element]) -> None:
    parent = at.getparent()
    if parent is None:
        return
    place = parent.index(at)
    outer = inner = etree.Element(at.tag)
    for _ in range(random.choice((1, 2, 20, 60, _DEEPEST))):
        inner = etree.SubElement(inner, at.tag)
    inner.append(at)
    parent.insert(place, outer)


def _clutter(at: etree._Element, random: Random, corpus: Sequence[etree._Element]) -> None:
    at.insert(
        random.randint(0, len(at)),
        random.choice((etree.Comment(" x "), etree.ProcessingInstruction("x", "y"), etree.Element("{urn:x}x"))),
    )


CHANGES: Final[tuple[Change, ...]] = (
    _drop, _double, _reorder, _move, _rename, _misspell, _renamespace, _say, _say, _say, _say_all, _empty, _mark,
    _splice, _deepen, _clutter,
)  # fmt: skip


def _value(random: Random, corpus: Sequence[etree._Element]) -> str:
    kind = random.random()
    if kind < 0.6:
        return random.choice(ODD)
    if kind < 0.8:
        return _anywhere(random.choice(corpus), random).text or ""
    if kind < 0.9:
        return str(random.choice((1, -1)) * random.getrandbits(random.choice((3, 8, 16, 31, 32, 64))))
    letters = (chr(random.choice((0x20, 0x9, 0xE9, 0x2028, 0x1F600)) + random.randint(0, 60)) for _ in range(20))
    return "".join(letters).translate(_CONTROLS)


_CONTROLS: Final = {code: " " for code in (*range(0x20), 0x7F) if chr(code) not in "\t\n\r"}


def _written(root: etree._Element, random: Random) -> bytes:
    if random.random() < 0.95:
        return etree.tostring(root, xml_declaration=random.random() < 0.5, encoding="utf-8")
    encoding = random.choice(_ENCODINGS)
    try:
        data = etree.tostring(root, xml_declaration=True, encoding=encoding)
    except (LookupError, UnicodeError):
        data = etree.tostring(root)
    return data if random.random() < 0.7 else data.replace(encoding.encode(), random.choice(_ENCODINGS).encode(), 1)


# The bytes.


def _flip(data: bytes, random: Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(min(len(damaged), random.choice((1, 1, 2, 8)))):
        damaged[random.randrange(len(damaged))] ^= 1 << random.randrange(8)
    return bytes(damaged)


def _cut(data: bytes, random: Random) -> bytes:
    return data[: random.randint(0, len(data))]


def _cut_out(data: bytes, random: Random) -> bytes:
    begin = random.randint(0, len(data))
    return data[:begin] + data[begin + random.randint(0, 60) :]


def _repeat(data: bytes, random: Random) -> bytes:
    begin = random.randint(0, len(data))
    piece = data[begin : begin + random.randint(1, 60)]
    return data[:begin] + piece * random.choice((2, 3, 50)) + data[begin:]


def _insert(data: bytes, random: Random) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + random.choice(_PIECES) + data[at:]


def _prologue(data: bytes, random: Random) -> bytes:
    body = data.partition(b"?>")[2] if data.startswith(b"<?xml") else data
    return random.choice(_PROLOGUES) + (data if random.random() < 0.3 else body)


def _grow(data: bytes, random: Random) -> bytes:
    return data + b" " * random.choice((1, 32_767, 32_768, 70_000))


BYTES: Final[tuple[Callable[[bytes, Random], bytes], ...]] = (
    _flip, _flip, _cut, _cut_out, _repeat, _insert, _prologue, _grow,
)  # fmt: skip
