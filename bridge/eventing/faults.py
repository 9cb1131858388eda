"""The faults of WS-Eventing 2004/08, and the one that DPWS adds."""

from bridge.errors import Fault, FaultCode
from bridge.soap import names


def delivery_mode_unavailable(supported: str) -> Fault:
    return _wse(
        "DeliveryModeRequestedUnavailable",
        "The requested delivery mode is not supported",
        items=((f"{{{names.WSE}}}SupportedDeliveryMode", supported),),
    )


def invalid_expiration_time() -> Fault:
    return _wse("InvalidExpirationTime", "The expiration time requested is zero or in the past")


def filtering_unavailable(supported: str) -> Fault:
    return _wse(
        "FilteringRequestedUnavailable",
        "The requested filter dialect is not supported",
        items=((f"{{{names.WSE}}}SupportedDialect", supported),),
    )


def invalid_message(detail: str) -> Fault:
    return _wse("InvalidMessage", "The message is not valid and cannot be processed", detail)


def unable_to_process(detail: str) -> Fault:
    return _wse("EventSourceUnableToProcess", "The subscription cannot be accepted", detail, FaultCode.RECEIVER)


def filter_action_not_supported() -> Fault:
    return Fault(
        FaultCode.SENDER,
        f"{{{names.WSDP}}}FilterActionNotSupported",
        "No event of this service passes the filter",
        action=names.DPWS_FAULT_ACTION,
    )


def _wse(
    name: str,
    reason: str,
    detail: str | None = None,
    code: FaultCode = FaultCode.SENDER,
    items: tuple[tuple[str, str], ...] = (),
) -> Fault:
    return Fault(code, f"{{{names.WSE}}}{name}", reason, detail, detail_items=items)
