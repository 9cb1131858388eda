"""The messages of WS-Discovery April 2005 that a device and its client exchange.

They hold qualified names in text, so they are read and written here by hand; types are `{namespace}Local`.
"""

from dataclasses import dataclass, field
from typing import Final, Self

from lxml import etree

from bridge.errors import WireError
from bridge.soap import names, tree
from bridge.soap.endpoint import EndpointAddress
from bridge.soap.qnames import read_names, write_names

_D: Final = f"{{{names.WSD}}}"
HELLO: Final = f"{names.WSD}/Hello"
BYE: Final = f"{names.WSD}/Bye"
PROBE: Final = f"{names.WSD}/Probe"
PROBE_MATCHES: Final = f"{names.WSD}/ProbeMatches"
RESOLVE: Final = f"{names.WSD}/Resolve"
RESOLVE_MATCHES: Final = f"{names.WSD}/ResolveMatches"
DEVICE_TYPE: Final = f"{{{names.WSDP}}}Device"
SCAN_DEVICE_TYPE: Final = f"{{{names.WSCN}}}ScanDeviceType"

_MAX_URIS: Final = 64
_MAX_MATCHES: Final = 64
_MAX_UNSIGNED: Final = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Target:
    """One device as a Hello or a match tells of it."""

    address: str
    types: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    xaddrs: tuple[str, ...] = ()
    metadata_version: int = 1

    @classmethod
    def from_xml(cls, element: etree._Element) -> Self:
        """Read wsd:Hello, wsd:ProbeMatch or wsd:ResolveMatch. Raises WireError."""
        where = etree.QName(element).localname
        types = element.find(f"{_D}Types")
        version = (element.findtext(f"{_D}MetadataVersion") or "").strip()
        if not version.isascii() or not version.isdigit() or int(version[:11]) > _MAX_UNSIGNED:
            raise WireError(f"{where}/MetadataVersion", "is missing or no unsigned number")
        return cls(
            address=_address(element),
            types=() if types is None else read_names(types, lenient=True),
            scopes=_uris(element, "Scopes"),
            xaddrs=_uris(element, "XAddrs"),
            metadata_version=int(version),
        )

    def write(self, tag: str, parent: etree._Element | None = None) -> etree._Element:
        """Write as wsd:`tag`."""
        element = etree.Element(f"{_D}{tag}") if parent is None else etree.SubElement(parent, f"{_D}{tag}")
        EndpointAddress(address=self.address).to_xml(element)
        if self.types:
            write_names(element, f"{_D}Types", self.types)
        for name, uris in (("Scopes", self.scopes), ("XAddrs", self.xaddrs)):
            if uris:
                etree.SubElement(element, f"{_D}{name}").text = " ".join(uris)
        etree.SubElement(element, f"{_D}MetadataVersion").text = str(self.metadata_version)
        return element


@dataclass(frozen=True, slots=True)
class Hello:
    target: Target

    @classmethod
    def from_xml(cls, element: etree._Element) -> Self:
        return cls(Target.from_xml(element))

    def to_xml(self) -> etree._Element:
        return self.target.write("Hello")


@dataclass(frozen=True, slots=True)
class Bye:
    address: str

    @classmethod
    def from_xml(cls, element: etree._Element) -> Self:
        return cls(_address(element))

    def to_xml(self) -> etree._Element:
        element = etree.Element(f"{_D}Bye")
        EndpointAddress(address=self.address).to_xml(element)
        return element


@dataclass(frozen=True, slots=True)
class Probe:
    """Who is there? Empty types and scopes ask for everybody."""

    types: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    match_by: str | None = None

    @classmethod
    def from_xml(cls, element: etree._Element) -> Self:
        """Raises WireError, also for a type of which nobody can say what it is."""
        types, scopes = element.find(f"{_D}Types"), element.find(f"{_D}Scopes")
        rule = None if scopes is None else scopes.get("MatchBy")
        return cls(
            types=() if types is None else read_names(types),
            scopes=_uris(element, "Scopes"),
            match_by=None if rule is None else tree.plain(rule),
        )

    def to_xml(self) -> etree._Element:
        element = etree.Element(f"{_D}Probe")
        if self.types:
            write_names(element, f"{_D}Types", self.types)
        if self.scopes:
            scopes = etree.SubElement(element, f"{_D}Scopes")
            scopes.text = " ".join(self.scopes)
            if self.match_by is not None:
                scopes.set("MatchBy", self.match_by)
        return element


@dataclass(frozen=True, slots=True)
class ProbeMatches:
    targets: tuple[Target, ...] = ()

    @classmethod
    def from_xml(cls, element: etree._Element) -> Self:
        found = element.findall(f"{_D}ProbeMatch")
        if len(found) > _MAX_MATCHES:
            raise WireError("ProbeMatches", f"more than {_MAX_MATCHES} matches")
        return cls(tuple(Target.from_xml(match) for match in found))

    def to_xml(self) -> etree._Element:
        element = etree.Element(f"{_D}ProbeMatches")
        for target in self.targets:
            target.write("ProbeMatch", element)
        return element


@dataclass(frozen=True, slots=True)
class Resolve:
    address: str

    @classmethod
    def from_xml(cls, element: etree._Element) -> Self:
        return cls(_address(element))

    def to_xml(self) -> etree._Element:
        element = etree.Element(f"{_D}Resolve")
        EndpointAddress(address=self.address).to_xml(element)
        return element


@dataclass(frozen=True, slots=True)
class ResolveMatches:
    target: Target | None

    @classmethod
    def from_xml(cls, element: etree._Element) -> Self:
        found = element.find(f"{_D}ResolveMatch")
        return cls(None if found is None else Target.from_xml(found))

    def to_xml(self) -> etree._Element:
        element = etree.Element(f"{_D}ResolveMatches")
        if self.target is not None:
            self.target.write("ResolveMatch", element)
        return element


@dataclass(frozen=True, slots=True)
class AppSequence:
    """The header block that lets a client put a device's messages in order."""

    instance_id: int
    message_number: int
    sequence_id: str | None = field(default=None)

    @classmethod
    def from_xml(cls, element: etree._Element) -> Self:
        numbers = [element.get(name, "").strip() for name in ("InstanceId", "MessageNumber")]
        if not all(number.isascii() and number.isdigit() and int(number[:11]) <= _MAX_UNSIGNED for number in numbers):
            raise WireError("AppSequence", "InstanceId or MessageNumber is no unsigned number")
        return cls(int(numbers[0]), int(numbers[1]), element.get("SequenceId"))

    def to_xml(self) -> etree._Element:
        element = etree.Element(f"{_D}AppSequence")
        element.set("InstanceId", str(self.instance_id))
        if self.sequence_id is not None:
            element.set("SequenceId", self.sequence_id)
        element.set("MessageNumber", str(self.message_number))
        return element


def _address(element: etree._Element) -> str:
    endpoint = element.find(EndpointAddress.qname())
    if endpoint is None:
        raise WireError(f"{etree.QName(element).localname}/EndpointReference", "is missing")
    return EndpointAddress.from_xml(endpoint).address


def _uris(element: etree._Element, name: str) -> tuple[str, ...]:
    words = (element.findtext(f"{_D}{name}") or "").split()
    if len(words) > _MAX_URIS or any(len(word) > names.MAX_URI for word in words):
        raise WireError(f"{etree.QName(element).localname}/{name}", "too many or too long URIs")
    return tuple(words)
