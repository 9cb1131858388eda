"""IFaxServerNotify: what a fax server tells those who listen, which mask asks for it, and who may.

Spec: IFaxServerNotify and _IFaxServerNotify2 (faxcomex.h), IFaxServer::ListenToServerEvents and its mask.
Listeners in this process are objects with these methods; those elsewhere get the same as data, under the same names.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Protocol

from bridge.fax.faxcomex import AccessRights, ServerEvents
from bridge.fax.job_status import FaxJobStatus


class IFaxServerNotify(Protocol):
    """One listener, told one thing at a time and in order. The names are those of the interface, without `server`."""

    def on_incoming_job_added(self, job_id: str) -> None: ...
    def on_incoming_job_removed(self, job_id: str) -> None: ...
    def on_incoming_job_changed(self, job_id: str, job_status: FaxJobStatus) -> None: ...
    def on_outgoing_job_added(self, job_id: str) -> None: ...
    def on_outgoing_job_removed(self, job_id: str) -> None: ...
    def on_outgoing_job_changed(self, job_id: str, job_status: FaxJobStatus) -> None: ...
    def on_incoming_message_added(self, message_id: str) -> None: ...
    def on_incoming_message_removed(self, message_id: str) -> None: ...
    def on_outgoing_message_added(self, message_id: str) -> None: ...
    def on_outgoing_message_removed(self, message_id: str) -> None: ...
    def on_receipt_options_change(self) -> None: ...
    def on_activity_logging_config_change(self) -> None: ...
    def on_security_config_change(self) -> None: ...
    def on_event_logging_config_change(self) -> None: ...
    def on_outgoing_queue_config_change(self) -> None: ...
    def on_outgoing_archive_config_change(self) -> None: ...
    def on_incoming_archive_config_change(self) -> None: ...
    def on_devices_config_change(self) -> None: ...
    def on_outbound_routing_groups_config_change(self) -> None: ...
    def on_outbound_routing_rules_config_change(self) -> None: ...
    def on_general_server_config_changed(self) -> None: ...

    def on_server_activity_change(
        self, incoming_messages: int, routing_messages: int, outgoing_messages: int, queued_messages: int
    ) -> None: ...

    def on_queues_status_change(
        self, outgoing_queue_blocked: bool, outgoing_queue_paused: bool, incoming_queue_blocked: bool
    ) -> None: ...

    def on_new_call(self, call_id: int, device_id: int, caller_id: str) -> None: ...
    def on_server_shut_down(self) -> None: ...

    def on_device_status_change(
        self, device_id: int, powered_off: bool, sending: bool, receiving: bool, ringing: bool
    ) -> None: ...


class Callback(StrEnum):
    """The methods, as the interface spells them."""

    INCOMING_JOB_ADDED = "OnIncomingJobAdded"
    INCOMING_JOB_REMOVED = "OnIncomingJobRemoved"
    INCOMING_JOB_CHANGED = "OnIncomingJobChanged"
    OUTGOING_JOB_ADDED = "OnOutgoingJobAdded"
    OUTGOING_JOB_REMOVED = "OnOutgoingJobRemoved"
    OUTGOING_JOB_CHANGED = "OnOutgoingJobChanged"
    INCOMING_MESSAGE_ADDED = "OnIncomingMessageAdded"
    INCOMING_MESSAGE_REMOVED = "OnIncomingMessageRemoved"
    OUTGOING_MESSAGE_ADDED = "OnOutgoingMessageAdded"
    OUTGOING_MESSAGE_REMOVED = "OnOutgoingMessageRemoved"
    RECEIPT_OPTIONS_CHANGE = "OnReceiptOptionsChange"
    ACTIVITY_LOGGING_CONFIG_CHANGE = "OnActivityLoggingConfigChange"
    SECURITY_CONFIG_CHANGE = "OnSecurityConfigChange"
    EVENT_LOGGING_CONFIG_CHANGE = "OnEventLoggingConfigChange"
    OUTGOING_QUEUE_CONFIG_CHANGE = "OnOutgoingQueueConfigChange"
    OUTGOING_ARCHIVE_CONFIG_CHANGE = "OnOutgoingArchiveConfigChange"
    INCOMING_ARCHIVE_CONFIG_CHANGE = "OnIncomingArchiveConfigChange"
    DEVICES_CONFIG_CHANGE = "OnDevicesConfigChange"
    OUTBOUND_ROUTING_GROUPS_CONFIG_CHANGE = "OnOutboundRoutingGroupsConfigChange"
    OUTBOUND_ROUTING_RULES_CONFIG_CHANGE = "OnOutboundRoutingRulesConfigChange"
    GENERAL_SERVER_CONFIG_CHANGED = "OnGeneralServerConfigChanged"
    SERVER_ACTIVITY_CHANGE = "OnServerActivityChange"
    QUEUES_STATUS_CHANGE = "OnQueuesStatusChange"
    NEW_CALL = "OnNewCall"
    SERVER_SHUT_DOWN = "OnServerShutDown"
    DEVICE_STATUS_CHANGE = "OnDeviceStatusChange"

    @property
    def method(self) -> str:
        """Its name in `IFaxServerNotify`."""
        return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in self.value)[1:]


@dataclass(frozen=True, slots=True)
class Row:
    """One bit of the mask: what it brings, and the rights of which a listener needs one from each group."""

    callbacks: tuple[Callback, ...]
    rights: tuple[AccessRights, ...]


_SUBMIT: Final = AccessRights.SUBMIT_LOW | AccessRights.SUBMIT_NORMAL | AccessRights.SUBMIT_HIGH
_JOBS: Final = (AccessRights.SUBMIT_LOW | AccessRights.QUERY_JOBS,)
_CONFIG: Final = (AccessRights.QUERY_CONFIG,)

ROWS: Final = MappingProxyType(
    {
        ServerEvents.IN_QUEUE: Row(
            (Callback.INCOMING_JOB_ADDED, Callback.INCOMING_JOB_REMOVED, Callback.INCOMING_JOB_CHANGED), _JOBS
        ),
        ServerEvents.OUT_QUEUE: Row(
            (Callback.OUTGOING_JOB_ADDED, Callback.OUTGOING_JOB_REMOVED, Callback.OUTGOING_JOB_CHANGED), _JOBS
        ),
        ServerEvents.CONFIG: Row(
            (
                Callback.RECEIPT_OPTIONS_CHANGE,
                Callback.ACTIVITY_LOGGING_CONFIG_CHANGE,
                Callback.SECURITY_CONFIG_CHANGE,
                Callback.EVENT_LOGGING_CONFIG_CHANGE,
                Callback.OUTGOING_QUEUE_CONFIG_CHANGE,
                Callback.OUTGOING_ARCHIVE_CONFIG_CHANGE,
                Callback.INCOMING_ARCHIVE_CONFIG_CHANGE,
                Callback.DEVICES_CONFIG_CHANGE,
                Callback.OUTBOUND_ROUTING_GROUPS_CONFIG_CHANGE,
                Callback.OUTBOUND_ROUTING_RULES_CONFIG_CHANGE,
                Callback.GENERAL_SERVER_CONFIG_CHANGED,
            ),
            _CONFIG,
        ),
        ServerEvents.ACTIVITY: Row((Callback.SERVER_ACTIVITY_CHANGE,), _CONFIG),
        ServerEvents.QUEUE_STATE: Row((Callback.QUEUES_STATUS_CHANGE,), ()),
        ServerEvents.IN_ARCHIVE: Row(
            (Callback.INCOMING_MESSAGE_ADDED, Callback.INCOMING_MESSAGE_REMOVED),
            (_SUBMIT, AccessRights.QUERY_IN_ARCHIVE),
        ),
        ServerEvents.OUT_ARCHIVE: Row(
            (Callback.OUTGOING_MESSAGE_ADDED, Callback.OUTGOING_MESSAGE_REMOVED),
            (_SUBMIT, AccessRights.QUERY_OUT_ARCHIVE),
        ),
        ServerEvents.FXSSVC_ENDED: Row((Callback.SERVER_SHUT_DOWN,), ()),
        ServerEvents.DEVICE_STATUS: Row((Callback.DEVICE_STATUS_CHANGE,), _CONFIG),
        ServerEvents.INCOMING_CALL: Row((Callback.NEW_CALL,), (AccessRights.QUERY_IN_ARCHIVE,)),
    }
)
_BIT: Final = MappingProxyType({callback: bit for bit, row in ROWS.items() for callback in row.callbacks})
ALL_EVENTS: Final = ServerEvents(sum(ROWS))


def mask(value: int) -> ServerEvents:
    """A mask as a listener names it. Raises ValueError for bits that mean nothing."""
    if not 0 <= value <= ALL_EVENTS:
        raise ValueError(f"{value:#x} has bits that no event of FAX_SERVER_EVENTS_TYPE_ENUM has")
    return ServerEvents(value)


def refused(wanted: ServerEvents, rights: AccessRights) -> ServerEvents:
    """Those bits of a mask that somebody with these rights may not listen to."""
    found = ServerEvents.NONE
    for bit in wanted:
        if not all(rights & group for group in ROWS[bit].rights):
            found |= bit
    return found


@dataclass(frozen=True, slots=True)
class Notification:
    """One call of one method, as data. `arguments` by the names that IFaxServerNotify gives them."""

    callback: Callback
    arguments: tuple[tuple[str, str | int | bool | FaxJobStatus], ...] = ()

    @property
    def event(self) -> ServerEvents:
        """The bit of the mask that asks for it."""
        return _BIT[self.callback]

    def tell(self, listener: IFaxServerNotify) -> None:
        """Call the method."""
        getattr(listener, self.callback.method)(**dict(self.arguments))

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        told = {name: value.to_json() if isinstance(value, FaxJobStatus) else value for name, value in self.arguments}
        return {"event": str(self.callback), **told}
