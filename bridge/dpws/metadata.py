"""What a device says of itself: the DPWS 2006 metadata sections ThisModel, ThisDevice and Relationship.

Made by us for our scanners, read by us from any device. Dialect and relationship URIs compare case-sensitively.
Spec: DPWS February 2006 section 5; PnP-X (pnpx:DeviceCategory, HardwareId, CompatibleId: all three or none); Device
Foundation (df:DeviceCategory, df:ContainerId). What Windows needs of it: docs/windows.md.
"""

import uuid
from dataclasses import dataclass
from typing import Final, Self

from lxml import etree

from bridge.errors import WireError
from bridge.soap import names, tree
from bridge.soap.endpoint import EndpointAddress
from bridge.soap.qnames import read_names, write_names

THIS_MODEL: Final = f"{names.WSDP}/ThisModel"
THIS_DEVICE: Final = f"{names.WSDP}/ThisDevice"
RELATIONSHIP: Final = f"{names.WSDP}/Relationship"
HOST_RELATIONSHIP: Final = f"{names.WSDP}/host"
SCANNER_SERVICE_TYPE: Final = f"{{{names.WSCN}}}ScannerServiceType"
SCANNER_COMPATIBLE_ID: Final = f"{names.WSCN}/ScannerServiceType"  # what Windows chooses its driver by

_P: Final = f"{{{names.WSDP}}}"
_X: Final = f"{{{names.WSX}}}"
_N: Final = f"{{{names.PNPX}}}"
_F: Final = f"{{{names.DF}}}"
_EPR: Final = EndpointAddress.qname()
_MAX_HOSTED: Final = 128
_MAX_ID: Final = 196  # PnP-X, hardware and compatible ids
_MAX_TEXT: Final = 255  # WSDAPI; DPWS would allow one more


@dataclass(frozen=True, slots=True)
class Hosted:
    """One service of a device; one address for each way to reach it. Types are `{namespace}Local`."""

    addresses: tuple[str, ...]
    types: tuple[str, ...]
    service_id: str
    compatible_id: str | None = None
    hardware_id: str | None = None

    @classmethod
    def from_xml(cls, element: etree._Element) -> Self:
        types = element.find(f"{_P}Types")
        return cls(
            addresses=tuple(EndpointAddress.from_xml(epr).address for epr in element.findall(_EPR)),
            types=() if types is None else read_names(types, lenient=True),
            service_id=_said(element, f"{_P}ServiceId") or "",
            compatible_id=_said(element, f"{_N}CompatibleId"),
            hardware_id=_said(element, f"{_N}HardwareId"),
        )

    def write(self, parent: etree._Element, tag: str) -> None:
        element = etree.SubElement(parent, f"{_P}{tag}")
        for address in self.addresses:
            EndpointAddress(address=address).to_xml(element)
        if self.types:
            write_names(element, f"{_P}Types", self.types)
        _say(element, f"{_P}ServiceId", self.service_id, names.MAX_URI)
        _say(element, f"{_N}HardwareId", self.hardware_id, _MAX_ID)
        _say(element, f"{_N}CompatibleId", self.compatible_id, _MAX_ID)

    @property
    def is_scanner(self) -> bool:
        """Whether it is a WS-Scan service, in either year's namespace."""
        years = (names.WSCN, names.WSCN_2006_01)
        return any(f"{{{year}}}ScannerServiceType" in self.types for year in years)


@dataclass(frozen=True, slots=True)
class Metadata:
    """A device and what it hosts. None and empty are left out on the wire; names are cut to 255 characters.

    `device_category` is what PnP-X files the device under, `foundation_category` what Windows draws it as.
    """

    manufacturer: str
    model_name: str
    friendly_name: str
    hosted: tuple[Hosted, ...] = ()
    host: Hosted | None = None
    manufacturer_url: str | None = None
    model_number: str | None = None
    model_url: str | None = None
    presentation_url: str | None = None
    device_category: str | None = None
    foundation_category: str | None = None
    firmware_version: str | None = None
    serial_number: str | None = None
    container_id: uuid.UUID | None = None

    @property
    def scanners(self) -> tuple[Hosted, ...]:
        return tuple(service for service in self.hosted if service.is_scanner)

    def to_xml(self) -> etree._Element:
        """The wsx:Metadata element, the one child of the GetResponse's body (R2044)."""
        root = etree.Element(f"{_X}Metadata")
        device = etree.SubElement(add_section(root, THIS_DEVICE), f"{_P}ThisDevice")
        _say(device, f"{_P}FriendlyName", self.friendly_name)
        _say(device, f"{_P}FirmwareVersion", self.firmware_version)
        _say(device, f"{_P}SerialNumber", self.serial_number)
        if self.container_id is not None:
            _say(device, f"{_F}ContainerId", f"{{{self.container_id}}}")
        model = etree.SubElement(add_section(root, THIS_MODEL), f"{_P}ThisModel")
        _say(model, f"{_P}Manufacturer", self.manufacturer)
        _say(model, f"{_P}ManufacturerUrl", self.manufacturer_url, names.MAX_URI)
        _say(model, f"{_P}ModelName", self.model_name)
        _say(model, f"{_P}ModelNumber", self.model_number)
        _say(model, f"{_P}ModelUrl", self.model_url, names.MAX_URI)
        _say(model, f"{_P}PresentationUrl", self.presentation_url, names.MAX_URI)
        _say(model, f"{_N}DeviceCategory", self.device_category)
        _say(model, f"{_F}DeviceCategory", self.foundation_category)
        relationship = etree.SubElement(add_section(root, RELATIONSHIP), f"{_P}Relationship")
        relationship.set("Type", HOST_RELATIONSHIP)
        if self.host is not None:
            self.host.write(relationship, "Host")
        for service in self.hosted:
            service.write(relationship, "Hosted")
        return root

    @classmethod
    def from_xml(cls, element: etree._Element) -> Self:
        """Read wsx:Metadata; sections of other dialects are ignored, absent names are empty. Raises WireError."""
        if element.tag != f"{_X}Metadata":
            raise WireError("Metadata", "is missing")
        device = model = etree.Element("absent")
        hosts: list[etree._Element] = []
        hosted: list[etree._Element] = []
        for section in element.findall(f"{_X}MetadataSection"):
            dialect = tree.plain(section.get("Dialect") or "")
            for child in tree.elements(section):
                if dialect == THIS_DEVICE and child.tag == f"{_P}ThisDevice":
                    device = child
                elif dialect == THIS_MODEL and child.tag == f"{_P}ThisModel":
                    model = child
                elif dialect == RELATIONSHIP and tree.plain(child.get("Type") or "") == HOST_RELATIONSHIP:
                    hosts += child.findall(f"{_P}Host")
                    hosted += child.findall(f"{_P}Hosted")
        if len(hosted) > _MAX_HOSTED:
            raise WireError("Metadata/Relationship", f"more than {_MAX_HOSTED} hosted services")
        return cls(
            manufacturer=_said(model, f"{_P}Manufacturer") or "",
            model_name=_said(model, f"{_P}ModelName") or "",
            friendly_name=_said(device, f"{_P}FriendlyName") or "",
            hosted=tuple(Hosted.from_xml(service) for service in hosted),
            host=Hosted.from_xml(hosts[0]) if hosts else None,
            manufacturer_url=_said(model, f"{_P}ManufacturerUrl"),
            model_number=_said(model, f"{_P}ModelNumber"),
            model_url=_said(model, f"{_P}ModelUrl"),
            presentation_url=_said(model, f"{_P}PresentationUrl"),
            device_category=_said(model, f"{_N}DeviceCategory"),
            foundation_category=_said(model, f"{_F}DeviceCategory"),
            firmware_version=_said(device, f"{_P}FirmwareVersion"),
            serial_number=_said(device, f"{_P}SerialNumber"),
            container_id=_container(_said(device, f"{_F}ContainerId")),
        )


def scanner_service(addresses: tuple[str, ...], service_id: str, hardware_id: str) -> Hosted:
    """The hosted WS-Scan service as Windows wants to see it: a CompatibleId alone it does not look at."""
    return Hosted(addresses, (SCANNER_SERVICE_TYPE,), service_id, SCANNER_COMPATIBLE_ID, hardware_id)


def add_section(root: etree._Element, dialect: str) -> etree._Element:
    """A further wsx:MetadataSection, still empty."""
    section = etree.SubElement(root, f"{_X}MetadataSection")
    section.set("Dialect", dialect)
    return section


def _say(parent: etree._Element, tag: str, text: str | None, limit: int = _MAX_TEXT) -> None:
    if text:
        etree.SubElement(parent, tag).text = text[:limit]


def _said(parent: etree._Element, tag: str) -> str | None:
    text = (parent.findtext(tag) or "").strip()
    return text[: names.MAX_URI] or None


def _container(text: str | None) -> uuid.UUID | None:
    try:
        return None if text is None else uuid.UUID(text)
    except ValueError:
        return None  # it groups devices on a screen; a wrong one is as good as none
