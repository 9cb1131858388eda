"""The device over HTTP: directed Probe, Get, and the numbers that tell clients what changed.

Spec: WS-Discovery 2005/04; DPWS 2006 R1015, R1021, R1022, R2038 to R2044; PnP-X.
"""

import asyncio
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from drivers.contract.capabilities import Capabilities
from drivers.contract.observation import Readiness, Snapshot
from tests.wire.http_rig import (
    DIRECTED,
    NS,
    SCANNER,
    SIDE,
    WSD,
    WSDP,
    Y08,
    Answer,
    FakeScanner,
    Rig,
    message,
    running,
)

GET = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get"
TYPES = f'xmlns:q="{Y08}" xmlns:dp="{WSDP}"'


def probe(types: str | None = None, scopes: str = "") -> bytes:
    inside = "" if types is None else f"<d:Types {TYPES}>{types}</d:Types>"
    return message(f"{WSD}/Probe", f"<d:Probe>{inside}{scopes}</d:Probe>")


def resolved(element: etree._Element) -> set[str]:
    words = [word.partition(":") for word in (element.text or "").split()]
    return {f"{{{element.nsmap[prefix]}}}{local}" for prefix, _, local in words}


@pytest.mark.parametrize("types", [None, "", "q:ScanDeviceType", "dp:Device", "q:ScanDeviceType dp:Device"])
async def test_a_directed_probe_finds_the_scanner(tmp_path: Path, types: str | None) -> None:
    async with running(tmp_path) as rig:
        for path in (DIRECTED, rig.path):
            answer = await rig.ask(path, probe(types))
            assert answer.status == 200
            assert answer.text("s:Header/a:Action") == f"{WSD}/ProbeMatches"
            assert answer.text("s:Header/a:RelatesTo") == "urn:uuid:11111111-1111-1111-1111-111111111111"
            (match,) = answer.xml.iter(f"{{{WSD}}}ProbeMatch")
            assert match.findtext("a:EndpointReference/a:Address", None, NS) == SCANNER.urn
            assert match.findtext("d:XAddrs", None, NS) == rig.url
            found = match.find("d:Types", NS)
            assert found is not None
            assert resolved(found) == {f"{{{Y08}}}ScanDeviceType", f"{{{WSDP}}}Device"}
            assert int(match.findtext("d:MetadataVersion", "", NS)) >= 1


@pytest.mark.parametrize(
    ("types", "scopes"),
    [
        ("q:PrintDeviceType", ""),
        ("q:ScanDeviceType q:PrintDeviceType", ""),
        (None, "<d:Scopes>http://example.invalid/floor/2</d:Scopes>"),
    ],
)
async def test_a_directed_probe_for_something_else_gets_202_and_nothing(
    tmp_path: Path, types: str | None, scopes: str
) -> None:
    async with running(tmp_path) as rig:
        for path in (DIRECTED, rig.path):
            answer = await rig.ask(path, probe(types, scopes))
            assert (answer.status, answer.body) == (202, b"")


async def test_two_scanners_have_one_match_each_and_only_their_own_at_their_own_address(tmp_path: Path) -> None:
    scanners = (FakeScanner(), FakeScanner("usb-04b8-0110-OTHER"))
    async with running(tmp_path, scanners=scanners) as rig:
        answer = await rig.ask(DIRECTED, probe())
        everybody = [match.findtext("d:XAddrs", None, NS) for match in answer.xml.iter(f"{{{WSD}}}ProbeMatch")]
        assert everybody == rig.urls
        for url in rig.urls:
            answer = await rig.ask("/" + url.rpartition("/")[2], probe())
            assert [match.findtext("d:XAddrs", None, NS) for match in answer.xml.iter(f"{{{WSD}}}ProbeMatch")] == [url]


async def test_get_describes_the_scanner(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        answer = await rig.ask(rig.path, message(GET, ""))
        assert answer.text("s:Header/a:Action") == f"{GET}Response"
        assert answer.text("s:Header/a:RelatesTo") == "urn:uuid:11111111-1111-1111-1111-111111111111"
        assert len(answer.xml.findall("s:Body/*", NS)) == 1
        assert [each.get("Dialect") for each in answer.xml.iter("{*}MetadataSection")] == [
            f"{WSDP}/ThisDevice",
            f"{WSDP}/ThisModel",
            f"{WSDP}/Relationship",
        ]

        def said(name: str) -> str | None:
            return answer.xml.findtext(f".//{{*}}{name}")

        assert said("FriendlyName") == "Epson Perfection 1640"
        assert said("Manufacturer") == "Epson"
        # Not just as on USB, or Windows would fetch its maker's driver for it.
        assert said("ModelName") == "Perfection 1640 (WSD)"
        assert (said("FirmwareVersion"), said("SerialNumber")) == ("1.0", "RIG")
        assert [each.text for each in answer.xml.iter("{*}DeviceCategory")] == ["Scanners", "Imaging.Scanner"]
        assert (said("ContainerId") or "").lower() == f"{{{SCANNER}}}"
        (relationship,) = answer.xml.iter("{*}Relationship")
        assert relationship.get("Type") == f"{WSDP}/host"
        (hosted,) = relationship.findall(f"{{{WSDP}}}Hosted")
        assert hosted.findtext("a:EndpointReference/a:Address", None, NS) == f"{rig.url}/scan"
        types = hosted.find("p:Types", NS)
        assert types is not None
        assert resolved(types) == {f"{{{Y08}}}ScannerServiceType"}
        assert hosted.findtext("p:ServiceId", None, NS) == f"uri:{SCANNER}/ScannerService"
        pnpx = "{http://schemas.microsoft.com/windows/pnpx/2005/10}"
        assert hosted.findtext(f"{pnpx}CompatibleId") == f"{Y08}/ScannerServiceType"
        assert hosted.findtext(f"{pnpx}HardwareId") == "VEN_04B8&DEV_0110"
        # What it gives as its service is one.
        path = re.sub(r"http://[^/]+", "", hosted.findtext("a:EndpointReference/a:Address", "", NS))
        served = await rig.ask(path, message(f"{Y08}/GetActiveJobs", "<w:GetActiveJobsRequest/>"))
        assert served.status == 200


def sequence(answer: Answer) -> tuple[int, int]:
    (found,) = answer.xml.iter(f"{{{WSD}}}AppSequence")
    return int(found.get("InstanceId", "")), int(found.get("MessageNumber", ""))


async def numbers(rig: Rig) -> tuple[int, int]:
    """MetadataVersion and InstanceId as a Probe tells them."""
    answer = await rig.ask(DIRECTED, probe())
    return int(answer.text(f".//{{{WSD}}}MetadataVersion")), sequence(answer)[0]


async def test_messages_of_one_run_are_numbered(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        told = [sequence(await rig.ask(DIRECTED, probe())) for _ in range(3)]
        assert len({instance for instance, _ in told}) == 1
        counted = [number for _, number in told]
        assert counted == sorted(set(counted))


async def test_the_version_stays_until_something_changed_and_each_run_is_a_later_instance(tmp_path: Path) -> None:
    versions, instances = [], []
    grown = Capabilities(platen=SIDE, feeder=SIDE, feeder_back=SIDE)
    for capabilities in (None, None, grown, grown, None):
        async with running(tmp_path, scanners=(FakeScanner(capabilities=capabilities),)) as rig:
            version, instance = await numbers(rig)
            versions.append(version)
            instances.append(instance)
    first = versions[0]
    assert versions == [first, first, first + 1, first + 1, first + 2]
    assert instances == sorted(set(instances))


async def test_a_scanner_that_comes_back_able_to_do_more_is_another_version(tmp_path: Path) -> None:
    """Without a serial number, at another port: it is the one that is away."""
    grown = Capabilities(platen=SIDE, feeder=SIDE, feeder_back=SIDE)
    first, second = FakeScanner("usb-04b8-0110@1-1"), FakeScanner("usb-04b8-0110@1-2", grown)
    async with running(tmp_path, scanners=(first,)) as rig:
        before, _ = await numbers(rig)
        first.show(Snapshot("fake", Readiness.GONE, explanation="unplugged"))
        async with asyncio.timeout(5):
            while True:
                hosted = next(iter(rig.daemon._hosted.values()))
                if hosted.scanner.gone:
                    break
                await asyncio.sleep(0.005)
        rig.plugged[:] = [second]
        rig.clock.turn(2.0)
        async with asyncio.timeout(5):
            while (await numbers(rig))[0] == before:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert (await numbers(rig))[0] == before + 1
        assert len(rig.urls) == 1


async def test_another_name_is_another_version(tmp_path: Path) -> None:
    versions = []
    for model in ("Perfection 1640", "Perfection 1650"):
        scanner = FakeScanner()
        scanner.device = replace(scanner.device, identity=replace(scanner.device.identity, model=model))
        async with running(tmp_path, scanners=(scanner,)) as rig:
            versions.append((await numbers(rig))[0])
    assert versions[1] == versions[0] + 1


async def test_identities_are_kept_and_a_lost_file_is_a_later_instance_all_the_same(tmp_path: Path) -> None:
    state = tmp_path / "state" / "state.json"
    async with running(tmp_path) as rig:
        _, before = await numbers(rig)
        assert rig.path == f"/{SCANNER}"
    assert json.loads(state.read_text())["instance_id"] == before
    state.unlink()
    async with running(tmp_path) as rig:
        _, after = await numbers(rig)
        assert after >= before
