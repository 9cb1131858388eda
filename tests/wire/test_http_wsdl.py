"""The scan service's WSDL, on request and at the service's own address only."""

from pathlib import Path

from lxml import etree

from bridge.wsscan.events import EventName
from bridge.wsscan.operations import Operation
from tests.wire.http_rig import message, running

WST = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
MEX = "http://schemas.xmlsoap.org/ws/2004/09/mex"
WSDL = "http://schemas.xmlsoap.org/wsdl/"
W = "http://schemas.microsoft.com/windows/2006/08/wdp/scan"


def to(data: bytes, address: str) -> bytes:
    root = etree.fromstring(data)
    wsa = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
    header = root[0]
    for old in header.findall(f"{{{wsa}}}To"):
        header.remove(old)
    etree.SubElement(header, f"{{{wsa}}}To").text = address
    return etree.tostring(root)


def dialects(xml: etree._Element) -> list[str]:
    return [str(section.get("Dialect")) for section in xml.iter(f"{{{MEX}}}MetadataSection")]


async def test_a_get_at_the_service_has_its_wsdl_and_one_at_the_device_has_not(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        url = rig.urls[0]
        device = await rig.ask(rig.scan_path, to(message(f"{WST}/Get", ""), f"urn:uuid:{url.rpartition('/')[2]}"))
        assert WSDL not in dialects(device.xml)
        service = await rig.ask(rig.scan_path, to(message(f"{WST}/Get", ""), f"{url}/scan"))
        assert service.status == 200
        assert len(service.body) < 32_767
        assert dialects(service.xml)[-1] == WSDL
        assert dialects(service.xml)[:-1] == dialects(device.xml)


async def test_the_wsdl_names_every_operation_and_event_with_its_action(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        asked = message(
            f"{MEX}/GetMetadata/Request",
            f'<m:GetMetadata xmlns:m="{MEX}"><m:Dialect>{WSDL}</m:Dialect></m:GetMetadata>',
        )
        answer = await rig.ask(rig.scan_path, to(asked, f"{rig.urls[0]}/scan"))
        assert dialects(answer.xml) == [WSDL]
        (port_type,) = answer.xml.iter(f"{{{WSDL}}}portType")
        assert port_type.get("name") == "ScannerServiceType"
        assert port_type.get("{http://schemas.xmlsoap.org/ws/2004/08/eventing}EventSource") == "true"
        actions = {
            each.get("{http://schemas.xmlsoap.org/ws/2004/08/addressing}Action")
            for each in port_type.iter(f"{{{WSDL}}}input", f"{{{WSDL}}}output")
        }
        operations = {f"{W}/{name}{end}" for name in Operation for end in ("", "Response")}
        assert actions == operations | {f"{W}/{name}" for name in EventName}
        # Whatever the port type speaks of is declared.
        declared = {f"wscn:{each.get('name')}" for each in answer.xml.iter(f"{{{WSDL}}}message")}
        used = {each.get("message") for each in port_type.iter(f"{{{WSDL}}}input", f"{{{WSDL}}}output")}
        assert used == declared
        (address,) = answer.xml.iter("{http://schemas.xmlsoap.org/wsdl/soap12/}address")
        assert address.get("location") == f"{rig.urls[0]}/scan"


async def test_a_dialect_that_is_not_there_is_an_empty_answer(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        asked = message(
            f"{MEX}/GetMetadata/Request", f'<m:GetMetadata xmlns:m="{MEX}"><m:Dialect>urn:x</m:Dialect></m:GetMetadata>'
        )
        answer = await rig.ask(rig.scan_path, to(asked, f"{rig.urls[0]}/scan"))
        assert answer.status == 200
        assert dialects(answer.xml) == []
