"""WS-Transfer on a device's own address: Get gives its metadata, nothing else is done (DPWS R2044, R2045)."""

from bridge.dpws.metadata import Metadata
from bridge.errors import OperationRefused, WireError
from bridge.soap import addressing, envelope, fault, names
from bridge.soap.envelope import Message


def answer(message: Message, metadata: Metadata) -> bytes:
    """The answer to a request at the device's address. Raises OperationRefused (wsa:ActionNotSupported)."""
    if message.addressing.action != names.TRANSFER_GET:
        raise OperationRefused(fault.action_not_supported(message.addressing.action))
    return envelope.write(message.addressing.answer(names.TRANSFER_GET_RESPONSE), metadata)


def get(device: str) -> bytes:
    """A client's Get to the device of that endpoint address (urn:uuid:…)."""
    return envelope.write(addressing.request(names.TRANSFER_GET, device))


def read_response(data: bytes, max_bytes: int) -> Metadata:
    """What the device answered. Raises OperationRefused with its fault, WireError."""
    message = envelope.read(data, max_bytes=max_bytes)
    fault.refuse_fault(message.body, message.addressing.action)
    if message.body is None:
        raise WireError("Metadata", "is missing")
    return Metadata.from_xml(message.body)
