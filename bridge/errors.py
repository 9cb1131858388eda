"""What can go wrong in the bridge, named by who must act. A refusal carries the fault its peer is owed."""

from dataclasses import dataclass, field
from enum import StrEnum


class FaultCode(StrEnum):
    """SOAP 1.2 codes: who is to blame, and so whether repeating the message can help."""

    SENDER = "Sender"
    RECEIVER = "Receiver"
    VERSION_MISMATCH = "VersionMismatch"
    MUST_UNDERSTAND = "MustUnderstand"


@dataclass(frozen=True, slots=True)
class Fault:
    """What the peer is told: plain data, rendered by bridge.soap.fault."""

    code: FaultCode
    subcode: str | None  # "{namespace}LocalName"
    reason: str
    detail: str | None = None  # text of soap:Detail
    action: str | None = None  # None: the WS-Addressing fault action
    detail_items: tuple[tuple[str, str], ...] = field(default=())  # further Detail children: "{ns}Name", text


class BridgeError(Exception):
    """Root of all errors of the bridge; its text is one line."""


class ConfigError(BridgeError):
    """The operator must mend the configuration. Exit code 2."""

    def __init__(self, where: str, key: str, reason: str) -> None:
        super().__init__(f"{where}: {key}: {reason}" if key else f"{where}: {reason}")
        self.where, self.key, self.reason = where, key, reason


class OperationRefused(BridgeError):
    """A request that is not carried out; the peer gets the fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.reason if fault.detail is None else f"{fault.reason} ({fault.detail})")
        self.fault = fault


class WireError(BridgeError):
    """The peer's message does not say what it must. `path` names the element: ScanTicket/JobDescription/JobName."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}" if path else reason)
        self.path, self.reason = path, reason


class TransitionError(BridgeError):
    """A job was asked to do what the law forbids: our bug. The job is aborted and it is logged loudly."""


class DeliveryFailed(BridgeError):
    """A message did not reach its subscriber."""
