"""Metadata on request: WS-Transfer Get at the device's address, and at the service's, where its WSDL is added.

Nothing else of WS-Transfer is done (DPWS R2044, R2045). WS-MetadataExchange's GetMetadata asks the same, and may ask
for one dialect alone.
"""

from typing import Final

from bridge.dpws import wsdl
from bridge.dpws.metadata import Metadata, add_section
from bridge.errors import OperationRefused
from bridge.soap import addressing, envelope, fault, names, tree
from bridge.soap.envelope import Message

_ANSWERS: Final = {
    names.TRANSFER_GET: names.TRANSFER_GET_RESPONSE,
    names.GET_METADATA: names.GET_METADATA_RESPONSE,
}


def answer(message: Message, metadata: Metadata, service: str | None = None) -> bytes:
    """The answer to a request for metadata; `service`: it was asked at that address, which has a WSDL.

    Raises OperationRefused (wsa:ActionNotSupported).
    """
    asked = message.addressing.action
    if asked not in _ANSWERS:
        raise OperationRefused(fault.action_not_supported(asked))
    root = metadata.to_xml()
    if service is not None:
        add_section(root, wsdl.DIALECT).append(wsdl.definitions(service))
    wanted = _dialect(message) if asked == names.GET_METADATA else None
    if wanted is not None:
        for section in list(root):
            if section.get("Dialect") != wanted:
                root.remove(section)
    return envelope.write(message.addressing.answer(_ANSWERS[asked]), root)


def _dialect(message: Message) -> str | None:
    """The one dialect that a GetMetadata asks for; None for all there are."""
    body = message.body
    text = None if body is None else body.findtext(f"{{{names.WSX}}}Dialect")
    return tree.plain(text) if text else None


def get(device: str) -> bytes:
    """A client's Get to the device of that endpoint address (urn:uuid:…)."""
    return envelope.write(addressing.request(names.TRANSFER_GET, device))
