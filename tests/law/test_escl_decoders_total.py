"""Whatever a device sends, a decoder of eSCL or LEDM reads it or says that it is garbled; nothing else escapes."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from drivers.contract.errors import DeviceGarbled
from drivers.escl import capabilities, ledm_words, status

NAMES = [
    "ScannerCapabilities",
    "ScannerStatus",
    "ScanStatus",
    "EventTable",
    "Job",
    "Platen",
    "PlatenInputCaps",
    "Adf",
    "AdfSimplexInputCaps",
    "AdfDuplexInputCaps",
    "SettingProfile",
    "ColorMode",
    "DocumentFormat",
    "DiscreteResolution",
    "XResolution",
    "YResolution",
    "XResolutionRange",
    "YResolutionRange",
    "Min",
    "Max",
    "Step",
    "MaxWidth",
    "MaxHeight",
    "MinWidth",
    "MinHeight",
    "MaxOpticalXResolution",
    "State",
    "AdfState",
    "Jobs",
    "JobInfo",
    "JobUri",
    "JobUuid",
    "JobState",
    "JobStateReason",
    "ImagesCompleted",
    "ScannerState",
    "Event",
    "AgingStamp",
    "Payload",
    "ResourceURI",
    "UnqualifiedEventCategory",
    "JobCategory",
    "ScanJob",
    "PreScanPage",
    "PostScanPage",
    "PageNumber",
    "PageState",
]
WORDS = [
    "Idle",
    "Processing",
    "Stopped",
    "Scan",
    "Completed",
    "Canceled",
    "Aborted",
    "ScannerAdfJam",
    "ScannerAdfEmpty",
    "Loaded",
    "image/jpeg",
    "RGB24",
    "Grayscale8",
    "ReadyToUpload",
    "/eSCL/ScanJobs/1",
    "JobEvent",
    "ScanEvent",
    "0",
    "1",
    "75",
    "300",
    "2550",
    "3508",
    "-1",
    "99999999999999999999",
    "٣",
    "²",
]

texts = st.one_of(st.sampled_from(WORDS), st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12))
trees = st.recursive(
    st.tuples(st.sampled_from(NAMES), texts, st.just(())),
    lambda inner: st.tuples(st.sampled_from(NAMES), texts, st.lists(inner, max_size=6)),
    max_leaves=40,
)


def built(tree: tuple[str, str, list[object]], root: str = "") -> etree._Element:
    name, text, inner = tree
    element = etree.Element(root or name)
    try:
        element.text = text
    except ValueError:  # not every character can stand in XML
        element.text = ""
    element.extend(built(each) for each in inner)  # type: ignore[arg-type]
    return element


DECODERS: list[tuple[str, Callable[[bytes], object]]] = [
    ("ScannerCapabilities", lambda data: capabilities.read(data, "here")),
    ("ScannerStatus", lambda data: status.read(data, "here")),
    ("ScanStatus", lambda data: ledm_words.status(data, "here")),
    ("EventTable", lambda data: ledm_words.events(data, "here")),
    ("Job", lambda data: ledm_words.job(data, 1, "here")),
    ("", lambda data: ledm_words.destination(data, "here")),
]


@pytest.mark.parametrize(("root", "decode"), DECODERS, ids=[name or "destination" for name, _ in DECODERS])
@given(tree=trees)
def test_any_document_is_read(
    root: str, decode: Callable[[bytes], object], tree: tuple[str, str, list[object]]
) -> None:
    decode(etree.tostring(built(tree, root)))


@pytest.mark.parametrize("decode", [decode for _, decode in DECODERS], ids=[name or "any" for name, _ in DECODERS])
@given(data=st.binary(max_size=300))
def test_any_bytes_are_read_or_garbled(decode: Callable[[bytes], object], data: bytes) -> None:
    try:
        decode(data)
    except DeviceGarbled:
        return
