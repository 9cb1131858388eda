"""Lists of qualified names in text, as wsd:Types and wsdp:Types hold them: `{namespace}Local` for us.

Prefixes mean nothing on their own; they are resolved by what is declared where the text stands.
"""

from typing import Final

from lxml import etree

from bridge.errors import WireError
from bridge.soap import names, tree

_MAX_NAMES: Final = 64


def read_names(element: etree._Element, lenient: bool = False) -> tuple[str, ...]:
    """The names in the element's text. Raises WireError for a prefix nobody declared; `lenient` leaves it out."""
    where = etree.QName(element).localname
    words = tree.text_of(element).split()
    if len(words) > _MAX_NAMES:
        raise WireError(where, f"more than {_MAX_NAMES} names")
    found: list[str] = []
    for word in words:
        try:
            found.append(tree.resolve_qname(element, word))
        except WireError:
            if not lenient:
                raise
    return tuple(found)


def write_names(parent: etree._Element, tag: str, values: tuple[str, ...]) -> etree._Element:
    """A child of `parent` with the names as text, every prefix declared on it (or already above it)."""
    nsmap: dict[str | None, str] = {}
    words: list[str] = []
    for value in values:
        namespace, local = etree.QName(value).namespace, etree.QName(value).localname
        if namespace is None:
            words.append(local)
            continue
        prefix = next((known for known, uri in nsmap.items() if uri == namespace), None)
        if prefix is None:
            prefix = names.PREFIXES.get(namespace)
            if prefix is None or prefix in nsmap:
                prefix = f"t{len(nsmap)}"
            nsmap[prefix] = namespace
        words.append(f"{prefix}:{local}")
    element = etree.SubElement(parent, tag, nsmap=nsmap)
    element.text = " ".join(words)
    return element
