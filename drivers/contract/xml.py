"""XML from strangers, made safe: the one door through which lxml sees bytes from outside.

No DTD, no entities, no network, UTF-8 or UTF-16 only; size, depth and number of elements are bounded.
Comments are dropped, and processing instructions where they are not refused, so nobody above has to expect them.
"""

from typing import Final

from lxml import etree

# DPWS 2006 MAX_ENVELOPE_SIZE (R0003: a larger text envelope may be rejected).
MAX_BYTES: Final = 32_767
MAX_DEPTH: Final = 64
MAX_ELEMENTS: Final = 4_000
_ENCODINGS: Final = frozenset({"utf-8", "utf8", "us-ascii", "ascii", "utf-16", "utf-16le", "utf-16be"})


class XmlRefused(ValueError):
    """The text is not XML that we are willing to read; says what is wrong, and where it is known."""


def parse(data: bytes, max_bytes: int = MAX_BYTES, *, instructions: bool = True) -> etree._Element:
    """The root element of `data`. Not `instructions`: it must not hold any. Raises XmlRefused."""
    if len(data) > max_bytes:
        raise XmlRefused(f"{len(data)} bytes of XML, at most {max_bytes} are read")
    # A parser of its own for each text: lxml's parsers are not safe to share between threads, and are cheap.
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=instructions,
        collect_ids=False,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as err:
        raise XmlRefused(f"not well-formed XML: {err}") from err
    info = root.getroottree().docinfo
    if info.doctype or info.internalDTD is not None:
        raise XmlRefused("a document type declaration is not accepted")
    if info.encoding and info.encoding.lower() not in _ENCODINGS:
        raise XmlRefused(f"encoding {info.encoding} is not accepted, UTF-8 or UTF-16 are")
    _check_shape(root)
    if not instructions and _has_instructions(root):
        raise XmlRefused("a processing instruction is not accepted")
    return root


def _has_instructions(root: etree._Element) -> bool:
    # Comments are gone: what stands beside the root is one.
    beside = root.getprevious() is not None or root.getnext() is not None
    return beside or next(root.iter(etree.PI), None) is not None


def _check_shape(root: etree._Element) -> None:
    depth = count = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            depth -= 1
            continue
        depth += 1
        count += 1
        if depth > MAX_DEPTH:
            raise XmlRefused(f"more than {MAX_DEPTH} elements deep")
        if count > MAX_ELEMENTS:
            raise XmlRefused(f"more than {MAX_ELEMENTS} elements")


def serialize(root: etree._Element) -> bytes:
    """Compact UTF-8 with an XML declaration."""
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")
