"""What public clients are known to write otherwise than the specifications, and what they need back (docs/windows.md).

The messages here are ours; each bears the one peculiarity that was seen on the wire of a client that ran against the
bridge.
"""

from pathlib import Path

import pytest
from lxml import etree

from tests.wire.http_rig import DIALECT, Y01, Y08, Subscriber, message, running, ticket

WST = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
WSD = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
PROBE = f"{WSD}/Probe"
OURSELVES = "urn:uuid:7bd6801f-8120-4810-b909-e3c6b0e08fda"


def named(answer: etree._Element, name: str) -> list[str]:
    """The texts of all elements of that name."""
    return [(each.text or "").strip() for each in answer.iter(f"{{*}}{name}")]


async def test_a_probe_whose_reply_to_is_plain_text_is_answered(tmp_path: Path):
    plain = f"<a:ReplyTo>{OURSELVES}</a:ReplyTo><a:From><a:Address>{OURSELVES}</a:Address></a:From>"
    async with running(tmp_path) as rig:
        answer = await rig.ask(rig.path, message(PROBE, "<d:Probe> </d:Probe>", reply_to=None, headers=plain))
        assert answer.status == 200
        assert named(answer.xml, "XAddrs") == [rig.url]


async def test_a_probe_for_service_and_device_at_once_is_answered(tmp_path: Path):
    both = "<d:Probe><d:Types>w:ScanDeviceType w:ScannerServiceType</d:Types></d:Probe>"
    async with running(tmp_path) as rig:
        answer = await rig.ask(rig.path, message(PROBE, both))
        assert answer.status == 200
        assert "ScannerServiceType" not in named(answer.xml, "Types")[0]


async def test_metadata_hold_all_that_is_read_unasked(tmp_path: Path):
    async with running(tmp_path) as rig:
        answer = await rig.ask(rig.path, message(f"{WST}/Get", ""))
        for name in ("Manufacturer", "ModelName", "FriendlyName", "FirmwareVersion", "SerialNumber", "DeviceCategory"):
            assert all(named(answer.xml, name)), name
        # Compared as text, prefix and all.
        assert named(answer.xml, "Types") == ["wscn:ScannerServiceType"]


@pytest.mark.parametrize("place", ["device", "service"])
async def test_a_subscribe_is_taken_at_the_device_as_well(tmp_path: Path, place: str):
    offer = (
        "<w:ScanDestinations><w:ScanDestination><w:ClientDisplayName>Paperless</w:ClientDisplayName>"
        "<w:ClientContext>Scan</w:ClientContext></w:ScanDestination></w:ScanDestinations>"
    )
    async with Subscriber() as subscriber, running(tmp_path) as rig:
        asked = (
            f"<e:Subscribe><e:Delivery><e:NotifyTo>{subscriber.notify_to}</e:NotifyTo></e:Delivery>"
            f"<e:Expires>PT1H</e:Expires><e:Filter Dialect='{DIALECT}'>\n  {Y08}/ScanAvailableEvent\n"
            f"</e:Filter>{offer}</e:Subscribe>"
        )
        action = "http://schemas.xmlsoap.org/ws/2004/08/eventing/Subscribe"
        answer = await rig.ask(rig.path if place == "device" else rig.scan_path, message(action, asked))
        assert answer.status == 200
        assert named(answer.xml, "Address") == [f"{rig.url}/scan"]  # where they go with the rest
        assert len(named(answer.xml, "DestinationToken")) == 1


async def test_a_client_that_writes_false_with_a_capital_and_empty_tokens_gets_its_page(tmp_path: Path):
    extra = (
        "<w:InputSize><w:DocumentSizeAutoDetect>False</w:DocumentSizeAutoDetect><w:InputMediaSize><w:Width>8267"
        "</w:Width><w:Height>11693</w:Height></w:InputMediaSize></w:InputSize><w:Exposure><w:AutoExposure>False"
        "</w:AutoExposure><w:ExposureSettings><w:Contrast>0</w:Contrast><w:Brightness>0</w:Brightness>"
        "<w:Sharpness>0</w:Sharpness></w:ExposureSettings></w:Exposure>"
    )
    empty = "<w:ScanIdentifier></w:ScanIdentifier><w:DestinationToken></w:DestinationToken>"
    async with running(tmp_path) as rig:
        job = await rig.create(f"{empty}{ticket(extra=extra)}")
        assert (await rig.retrieve(job)).status == 200
        # WSD-python asks for a job's elements by the element's bare name, in the older year's body.
        asked = f"<w:JobId>{job.id}</w:JobId><w:RequestedElements><w:Name>w:JobStatus</w:Name></w:RequestedElements>"
        bare = message(f"{Y08}/GetJobElements", f"<w:GetJobElements>{asked}</w:GetJobElements>", scan=Y01)
        answer = await rig.ask(rig.scan_path, bare)
        assert answer.status == 200
        assert named(answer.xml, "JobState") == ["Completed"]
