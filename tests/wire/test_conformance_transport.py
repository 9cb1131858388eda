"""Rules of DPWS and WS-Addressing that show in one request: where faults go, how long an address may be, one Metadata.

And that the judge of all messages, tests/wire/conftest.py, does find what is wrong.
"""

import socket
from pathlib import Path

import pytest
from lxml import etree

from bridge.net import datagrams, interfaces
from drivers.contract.tap import Passed
from tests.wire import conftest as judge
from tests.wire.http_rig import NS, WSA, WSDP, Y01, Y08, Gate, message, page, running, ticket

GET = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get"


async def test_a_fault_to_elsewhere_is_not_followed(tmp_path: Path) -> None:
    """DPWS R0041 lets the fault be dropped; it comes back on the connection, and nobody else is called."""
    elsewhere = "<a:FaultTo><a:Address>http://127.0.0.1:9/faults</a:Address></a:FaultTo>"
    async with running(tmp_path) as rig:
        wrong = message(f"{Y08}/CancelJob", "<w:CancelJobRequest><w:JobId>9</w:JobId></w:CancelJobRequest>")
        plain = await rig.ask(rig.scan_path, wrong)
        answer = await rig.ask(rig.scan_path, wrong.replace(b"</s:Header>", elsewhere.encode() + b"</s:Header>"))
        assert (plain.status, plain.subcode) == (answer.status, answer.subcode) == (400, "w8:ClientErrorJobIdNotFound")


@pytest.mark.parametrize(("length", "status"), [(2048, 200), (2049, 400)])
async def test_an_address_has_2048_octets_at_most(tmp_path: Path, length: int, status: int) -> None:
    """DPWS R0025."""
    async with running(tmp_path) as rig:
        to = "http://here/" + "x" * (length - len("http://here/"))
        asked = message(f"{Y08}/GetActiveJobs", "<w:GetActiveJobsRequest/>").replace(b"http://here/", to.encode())
        answer = await rig.ask(rig.scan_path, asked)
        assert answer.status == status
        if status == 400:
            assert answer.subcode == "a:InvalidMessageInformationHeader"


async def test_a_device_has_one_metadata_a_host_and_a_service_without_reference_parameters(tmp_path: Path) -> None:
    """DPWS R2044, R2029, R0007, and the types of section 5."""
    async with running(tmp_path) as rig:
        answer = await rig.ask(rig.path, message(GET, ""))
        assert [etree.QName(each).localname for each in answer.xml.findall("s:Body/*", NS)] == ["Metadata"]
        (relationship,) = answer.xml.iter(f"{{{WSDP}}}Relationship")
        assert relationship.get("Type") == f"{WSDP}/host"
        (hosted,) = relationship.findall(f"{{{WSDP}}}Hosted")
        types = hosted.find(f"{{{WSDP}}}Types")
        assert types is not None
        prefix, _, local = (types.text or "").strip().partition(":")
        assert (types.nsmap[prefix], local) == (Y08, "ScannerServiceType")
        assert hosted.findtext(f"{{{WSDP}}}ServiceId")
        assert hosted.findtext(f".//{{{WSA}}}Address") == rig.url + "/scan"
        assert not list(answer.xml.iter(f"{{{WSA}}}ReferenceParameters", f"{{{WSA}}}ReferenceProperties"))


async def test_a_job_is_created_before_anything_is_scanned(tmp_path: Path) -> None:
    gate = Gate()
    async with running(tmp_path) as rig:

        def play(handover, request):
            gate.wait(handover)
            page(handover, request)

        rig.scanner.play = play
        job = await rig.create()  # answered, and the gate is still shut
        assert (await rig.status(job))[2] == 0
        gate.open()
        assert (await rig.retrieve(job)).status == 200


def test_a_multicast_does_not_leave_the_link() -> None:
    (loopback,) = (each for each in interfaces.read() if each.name == "lo")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        datagrams._prepare(sock, loopback, 4, 0)
        assert sock.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL) == 1


# The judge itself. ------------------------------------------------------------------------------------------------


def said(body: str, action: str = f"{Y08}/JobStatusEvent") -> list[Passed]:
    """An event as the tap tells it."""
    return [Passed(0.0, "http", "", {"way": "out", "url": "http://x/"}, message(action, body))]


STATUS = (
    "<w:JobStatusEvent><w:JobStatus><w:JobId>{0}</w:JobId><w:JobState>Started</w:JobState>"
    "<w:ScansCompleted>0</w:ScansCompleted></w:JobStatus></w:JobStatusEvent>"
)


def test_the_judge_knows_what_a_valid_event_shows() -> None:
    shown = judge.judged(said(STATUS.format(1)))
    assert {"event 2006/08 JobStatusEvent", "sent JobStatus/JobId", "sent JobStateWord=Started"} <= shown


@pytest.mark.parametrize(
    "body", [STATUS.format(0), STATUS.format(1).replace("Started", "Held"), "<w:CancelJobRequest/>", "<w:Unknown/>"]
)
def test_the_judge_finds_what_is_not_valid(body: str) -> None:
    with pytest.raises(AssertionError):
        judge.judged(said(body))


def test_the_judge_finds_an_answer_in_two_years() -> None:
    asked = message(f"{Y01}/CancelJob", f"<w:CancelJobRequest>{ticket()}</w:CancelJobRequest>")
    answered = message(f"{Y08}/CancelJobResponse", "<w:CancelJobResponse/>")
    facts = {"way": "out", "peer": "p:1", "status": 200, "type": "application/soap+xml"}
    exchange = [
        Passed(0.0, "http", "", {"way": "in", "peer": "p:1", "url": "/"}, asked),
        Passed(1.0, "http", "", facts, answered),
    ]
    with pytest.raises(AssertionError, match="two years"):
        judge.judged(exchange)
