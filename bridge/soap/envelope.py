"""A SOAP 1.2 message: read into its parts, written from them.

Reading refuses in the order of DPWS R2024: VersionMismatch, MustUnderstand, Sender. Every refusal carries the
MessageID as far as it could be read, because a fault too says which message it answers (R0040).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from lxml import etree

from bridge.errors import Fault, OperationRefused, WireError
from bridge.soap import addressing, fault, names, tree
from bridge.soap.addressing import Addressing
from drivers.contract.xml import MAX_BYTES

_S: Final = f"{{{names.SOAP}}}"
_A: Final = f"{{{names.WSA}}}"
_FOR_US: Final = frozenset({"", f"{names.SOAP}/role/next", f"{names.SOAP}/role/ultimateReceiver"})
# Header blocks that this house acts on, by name; whoever adds another hands it to read().
_UNDERSTOOD: Final = frozenset(
    {
        *(f"{_A}{name}" for name in ("To", "Action", "MessageID", "RelatesTo", "ReplyTo", "FaultTo", "From")),
        f"{{{names.WSE}}}Identifier",
        f"{{{names.WSD}}}AppSequence",
    }
)


class Writable(Protocol):
    """What writes itself as one element: an Element, or a message of the floors above."""

    def to_xml(self) -> etree._Element: ...


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was read: its addressing, its other header blocks, the one child of its body."""

    addressing: Addressing
    headers: tuple[etree._Element, ...]
    body: etree._Element | None

    def header_text(self, name: str) -> str | None:
        """The text of the header block `{namespace}Name`, None where there is none."""
        for block in self.headers:
            if block.tag == name:
                return tree.text_of(block)
        return None


class EnvelopeRefused(OperationRefused):
    """A message that could not be taken; `headers` belong into the answer beside the fault."""

    def __init__(self, refusal: Fault, relates_to: str | None, headers: tuple[etree._Element, ...] = ()) -> None:
        super().__init__(refusal)
        self.relates_to, self.headers = relates_to, headers


def read(data: bytes, max_bytes: int = MAX_BYTES) -> Message:
    """Read any message, lenient about absent addressing headers. Raises EnvelopeRefused."""
    try:
        root = tree.parse(data, max_bytes)
    except WireError as err:
        raise EnvelopeRefused(fault.malformed(str(err)), None) from err
    if root.tag != f"{_S}Envelope":
        if etree.QName(root).localname == "Envelope":
            refusal = fault.version_mismatch(str(root.tag))
            raise EnvelopeRefused(refusal, None, (fault.supported_envelope(),))
        raise EnvelopeRefused(fault.malformed(f"{etree.QName(root).text} where soap:Envelope was expected"), None)
    header, body = root.find(f"{_S}Header"), root.find(f"{_S}Body")
    relates_to = _message_id(header)
    blocks = () if header is None else tuple(tree.elements(header))
    refused = [str(b.tag) for b in blocks if _mandatory(b) and b.tag not in _UNDERSTOOD]
    if refused:
        notes = tuple(fault.not_understood(name) for name in refused)
        raise EnvelopeRefused(fault.must_understand(refused[0]), relates_to, notes)
    if body is None or len(body) > 1:
        reason = "soap:Body is missing" if body is None else "more than one element in soap:Body"
        raise EnvelopeRefused(fault.malformed(reason), relates_to)
    try:
        read_addressing = addressing.from_header(header)
    except OperationRefused as err:
        raise EnvelopeRefused(err.fault, relates_to) from err
    others = tuple(block for block in blocks if etree.QName(block).namespace != names.WSA)
    return Message(read_addressing, others, body[0] if len(body) else None)


def read_request(data: bytes) -> Message:
    """Read a request that came over HTTP, with all that one must say. Raises EnvelopeRefused."""
    message = read(data)
    try:
        addressing.require_request(message.addressing)
    except OperationRefused as err:
        raise EnvelopeRefused(err.fault, message.addressing.message_id) from err
    return message


def write(
    headers: Addressing,
    *bodies: Writable | etree._Element,
    blocks: Iterable[Writable | etree._Element] = (),
    declare: Iterable[str] = (),
) -> bytes:
    """The message as bytes. All known namespaces used in it are declared at the top with their fixed prefixes.

    `blocks`: further header blocks. `declare`: namespaces that only text speaks of (QNames); the prefix in the
    text is then names.PREFIXES[namespace]. Raw elements are moved into the message, not copied.
    """
    outer = [_element(block) for block in blocks]
    root = _frame(bodies, outer, declare)
    headers.to_xml(root[0])
    # lxml drops the moved elements' own declarations in favour of the root's.
    root[0].extend(outer)
    return tree.serialize(root)


def _frame(
    bodies: Iterable[Writable | etree._Element], outer: Iterable[etree._Element], declare: Iterable[str]
) -> etree._Element:
    """The envelope with an empty header; `outer` will stand in it."""
    inner = [_element(body) for body in bodies]
    used = {names.SOAP, names.WSA, *declare}
    for part in (*outer, *inner):
        used.update(_namespaces(part))
    # In the table's order, so that equal messages are equal bytes. Of two namespaces with one prefix the first wins.
    nsmap: dict[str | None, str] = {}
    for namespace, prefix in names.PREFIXES.items():
        if namespace in used:
            nsmap.setdefault(prefix, namespace)
    root = etree.Element(f"{_S}Envelope", nsmap=nsmap)
    etree.SubElement(root, f"{_S}Header")
    etree.SubElement(root, f"{_S}Body").extend(inner)
    return root


def write_fault(refusal: Fault, relates_to: str | None, blocks: Iterable[etree._Element] = ()) -> bytes:
    """The answer that a refused request gets. RelatesTo is left out only where no MessageID could be read."""
    headers = Addressing(refusal.action or names.FAULT_ACTION, names.ANONYMOUS, addressing.new_message_id(), relates_to)
    return write(headers, fault.to_xml(refusal), blocks=blocks)


def answer_refusal(err: OperationRefused) -> bytes:
    """The answer for a refusal of any floor; one from read() knows by itself what it relates to."""
    if isinstance(err, EnvelopeRefused):
        return write_fault(err.fault, err.relates_to, err.headers)
    return write_fault(err.fault, None)


def _element(part: Writable | etree._Element) -> etree._Element:
    return part if isinstance(part, etree._Element) else part.to_xml()


def _namespaces(part: etree._Element) -> set[str]:
    """All that are declared in it: for its own names, and for names in its text."""
    found = {str(uri) for uri in part.nsmap.values()}  # where it stands in a tree, those above it too
    for _, declared in etree.iterwalk(part, events=("start-ns",)):
        assert declared is not None  # a prefix and its namespace
        found.add(declared[1])
    return found


def _mandatory(block: etree._Element) -> bool:
    """Whether the block is marked mustUnderstand and aimed at us (we are no intermediary)."""
    role = tree.plain(block.get(f"{_S}role") or "")
    return (block.get(f"{_S}mustUnderstand") or "").strip() in ("true", "1") and role in _FOR_US


def _message_id(header: etree._Element | None) -> str | None:
    block = None if header is None else header.find(f"{_A}MessageID")
    text = "" if block is None else tree.plain(tree.text_of(block))
    return text if 0 < len(text) <= names.MAX_URI else None
