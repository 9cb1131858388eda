"""Whatever is sent to a scan server, it is read or refused with a WireError; what we say is in the schema's order.

Spec: DSM; [MS-BDSRR] JobStatusType, FilterStatusType. tests/schema/dsm.xsd is the judge.
"""

import copy
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from bridge.dsm import operations
from bridge.dsm.job import FilterState, FilterStateReason, JobStateReason
from bridge.dsm.names import EMAIL, FILE_SHARE, SHARE_POINT
from bridge.dsm.operations import Operation, PostScanJobEndStateEvent, PostScanJobStatusEvent
from bridge.errors import WireError
from bridge.translate.post_scan import FilterRun, PostScanJob, PostScanSeen, end_state, status, step
from bridge.translate.post_scan_request import request
from drivers.contract.observation import Phase
from tests.schema import dsm

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DIALECTS = (FILE_SHARE, EMAIL, SHARE_POINT)

runs = st.builds(
    FilterRun,
    st.sampled_from(DIALECTS),
    st.sampled_from(list(FilterState)),
    st.lists(st.sampled_from(list(FilterStateReason)), max_size=3).map(tuple),
)
seens = st.builds(
    PostScanSeen,
    phase=st.none() | st.sampled_from(list(Phase)),
    images=st.none() | st.integers(0, 2**31 - 1),
    reason=st.none() | st.sampled_from(list(JobStateReason)),
)
texts = st.text(st.characters(codec="utf-8", exclude_categories=("C",)), max_size=60)


@given(st.lists(runs, min_size=1, max_size=4).map(tuple), st.lists(seens, max_size=12), texts)
def test_every_event_that_the_law_can_tell_is_valid(
    filters: tuple[FilterRun, ...], seen: list[PostScanSeen], name: str
) -> None:
    job = PostScanJob("token", "process", name, "eva", NOON, filters)
    for each in seen:
        transition = step(job, each, NOON)
        job = transition.job
        for told in transition.told:
            dsm.validate(PostScanJobStatusEvent(job_status=status(told)).to_xml())
        if transition.ended:
            dsm.validate(PostScanJobEndStateEvent(post_scan_job_end_state=end_state(job)).to_xml())


@given(
    st.lists(st.tuples(st.sampled_from(DIALECTS), st.lists(texts, max_size=3).map(tuple)), min_size=1, max_size=4),
    texts,
    st.booleans(),
)
def test_what_a_device_asks_is_valid_and_read_back_the_same(
    filters: list[tuple[str, tuple[str, ...]]], name: str, goes_on: bool
) -> None:
    asked = request("c4f199c7-6876-4549-a86e-a85035952448", "eva", name, filters, goes_on=goes_on)
    dsm.validate(asked.to_xml())
    read = operations.read_request(Operation.CREATE_POST_SCAN_JOB, etree.fromstring(etree.tostring(asked.to_xml())))
    assert read.to_xml().xpath("count(.//*)") == asked.to_xml().xpath("count(.//*)")


@given(st.sampled_from(list(Operation)), st.data())
@settings(max_examples=200)
def test_a_request_with_anything_wrong_is_read_or_refused(operation: Operation, data: st.DataObject) -> None:
    """Elements are dropped, doubled, moved, renamed and filled with other text."""
    root = copy.deepcopy(_GOOD[operation])
    for _ in range(data.draw(st.integers(1, 4))):
        inner = [each for each in root.iter() if each is not root]
        if not inner:
            break
        victim = data.draw(st.sampled_from(inner))
        parent = victim.getparent()
        assert parent is not None
        match data.draw(st.sampled_from(("drop", "double", "move", "rename", "text"))):
            case "drop":
                parent.remove(victim)
            case "double":
                parent.append(copy.deepcopy(victim))
            case "move":
                parent.append(victim)
            case "rename":
                victim.tag = data.draw(st.sampled_from(("{urn:x}Other", "Name", str(inner[0].tag))))
            case _:
                victim.text = data.draw(texts)
    try:
        read = operations.read_request(operation, root)
    except WireError:
        return
    assert read.to_xml() is not None


def _tree(text: str) -> etree._Element:
    return etree.fromstring(text.replace(">", f' xmlns:d="{dsm.NAMESPACE}">', 1))


_TOKEN = "<d:JobToken>264a19bf-3604-4603-b59d-b47e0f669a1e</d:JobToken>"
_GOOD = {
    Operation.CREATE_POST_SCAN_JOB: request(
        "p", "u", "n", [(each, ("a@b",)) for each in DIALECTS], goes_on=True
    ).to_xml(),
    Operation.SEND_IMAGE: _tree(
        f"<d:SendImageRequest>{_TOKEN}<d:DocumentDescription><d:DocumentId>1</d:DocumentId><d:Format>png</d:Format>"
        '</d:DocumentDescription><d:ImageData><x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="cid:a"/>'
        "</d:ImageData></d:SendImageRequest>"
    ),
    Operation.END_POST_SCAN_JOB: _tree(f"<d:EndPostScanJobRequest>{_TOKEN}</d:EndPostScanJobRequest>"),
    Operation.CANCEL_POST_SCAN_JOB: _tree(f"<d:CancelPostScanJobRequest>{_TOKEN}</d:CancelPostScanJobRequest>"),
    Operation.GET_POST_SCAN_JOB_ELEMENTS: _tree(
        f"<d:GetPostScanJobElementsRequest>{_TOKEN}<d:RequestedElements><d:Name>d:JobStatus</d:Name>"
        "</d:RequestedElements></d:GetPostScanJobElementsRequest>"
    ),
}


def test_the_good_requests_are_good() -> None:
    for operation, root in _GOOD.items():
        dsm.validate(root)
        operations.read_request(operation, copy.deepcopy(root))
