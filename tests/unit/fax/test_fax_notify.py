"""IFaxServerNotify: masks, rights and methods, by hand from section 3 of the fax dossier."""

import inspect

import pytest

from bridge.fax.faxcomex import AccessRights, JobStatus, JobType, ServerEvents
from bridge.fax.job_status import FaxJobStatus
from bridge.fax.notify import ROWS, Callback, IFaxServerNotify, Notification, mask, refused

TABLE = {
    0x001: ("OnIncomingJobAdded", "OnIncomingJobRemoved", "OnIncomingJobChanged"),
    0x002: ("OnOutgoingJobAdded", "OnOutgoingJobRemoved", "OnOutgoingJobChanged"),
    0x004: (
        *("OnReceiptOptionsChange", "OnActivityLoggingConfigChange", "OnSecurityConfigChange"),
        *("OnEventLoggingConfigChange", "OnOutgoingQueueConfigChange", "OnOutgoingArchiveConfigChange"),
        *("OnIncomingArchiveConfigChange", "OnDevicesConfigChange", "OnOutboundRoutingGroupsConfigChange"),
        *("OnOutboundRoutingRulesConfigChange", "OnGeneralServerConfigChanged"),
    ),
    0x008: ("OnServerActivityChange",),
    0x010: ("OnQueuesStatusChange",),
    0x020: ("OnIncomingMessageAdded", "OnIncomingMessageRemoved"),
    0x040: ("OnOutgoingMessageAdded", "OnOutgoingMessageRemoved"),
    0x080: ("OnServerShutDown",),
    0x100: ("OnDeviceStatusChange",),
    0x200: ("OnNewCall",),
}


def test_each_bit_brings_its_callbacks() -> None:
    assert {int(bit): tuple(map(str, row.callbacks)) for bit, row in ROWS.items()} == TABLE


def test_every_callback_is_a_method_of_a_listener() -> None:
    methods = {name for name, _ in inspect.getmembers(IFaxServerNotify, inspect.isfunction) if name.startswith("on_")}
    assert {callback.method for callback in Callback} == methods


@pytest.mark.parametrize(
    ("rights", "denied"),
    [
        (0, 0x001 | 0x002 | 0x004 | 0x008 | 0x020 | 0x040 | 0x100 | 0x200),
        (AccessRights.SUBMIT_LOW, 0x004 | 0x008 | 0x020 | 0x040 | 0x100 | 0x200),
        (AccessRights.QUERY_JOBS, 0x004 | 0x008 | 0x020 | 0x040 | 0x100 | 0x200),
        (AccessRights.SUBMIT_NORMAL, 0x3FF & ~0x090),
        (AccessRights.QUERY_CONFIG, 0x001 | 0x002 | 0x020 | 0x040 | 0x200),
        (AccessRights.SUBMIT_LOW | AccessRights.QUERY_IN_ARCHIVE, 0x004 | 0x008 | 0x040 | 0x100),
        (AccessRights.QUERY_IN_ARCHIVE, 0x3FF & ~(0x010 | 0x080 | 0x200)),
        (
            AccessRights.SUBMIT_HIGH | AccessRights.QUERY_OUT_ARCHIVE,
            0x001 | 0x002 | 0x004 | 0x008 | 0x020 | 0x100 | 0x200,
        ),
        (2047, 0),
    ],
)
def test_rights_decide_what_may_be_listened_to(rights: int, denied: int) -> None:
    assert int(refused(ServerEvents(0x3FF), AccessRights(rights))) == denied


@pytest.mark.parametrize("value", [-1, 0x400, 0x80000000, 2**63])
def test_a_mask_with_bits_that_mean_nothing_is_refused(value: int) -> None:
    with pytest.raises(ValueError, match="no event"):
        mask(value)


def test_a_mask_of_nothing_stops_all() -> None:
    assert mask(0) is ServerEvents.NONE
    assert refused(mask(0), AccessRights(0)) == 0


def test_a_notification_calls_the_method_of_its_name() -> None:
    called: list[tuple[str, object]] = []

    class Listener:
        def on_outgoing_job_changed(self, job_id: str, job_status: FaxJobStatus) -> None:
            called.append((job_id, job_status))

    status = FaxJobStatus(JobStatus.PENDING, JobType.SEND)
    told = Notification(Callback.OUTGOING_JOB_CHANGED, (("job_id", "12"), ("job_status", status)))
    told.tell(Listener())  # type: ignore[arg-type]  # the other methods are not needed
    assert called == [("12", status)]
    assert told.event is ServerEvents.OUT_QUEUE
    assert told.to_json() == {"event": "OnOutgoingJobChanged", "job_id": "12", "job_status": status.to_json()}
