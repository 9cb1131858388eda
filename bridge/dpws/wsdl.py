"""The scan service's WSDL 1.1, made from the operations and events themselves, so that it cannot differ from them.

Told as a metadata section at the hosted service's own address (DPWS 2006 R2016, R2031). The elements it names are
WS-Scan's own; their schema is not repeated here. Spec: WSDL 1.1, WSDL binding for SOAP 1.2, WS-Eventing 2004/08.
"""

from typing import Final

from lxml import etree

from bridge.soap import names
from bridge.wsscan.events import EventName
from bridge.wsscan.operations import Operation
from bridge.wsscan.year import action

WSDL: Final = "http://schemas.xmlsoap.org/wsdl/"
DIALECT: Final = WSDL
_BINDING: Final = "http://schemas.xmlsoap.org/wsdl/soap12/"
_XS: Final = "http://www.w3.org/2001/XMLSchema"
_W: Final = f"{{{WSDL}}}"
_B: Final = f"{{{_BINDING}}}"
_PORT_TYPE: Final = "ScannerServiceType"
_NSMAP: Final = {"wsdl": WSDL, "soap12": _BINDING, "xs": _XS, "wscn": names.WSCN, "wsa": names.WSA, "wse": names.WSE}


def definitions(address: str) -> etree._Element:
    """The service at `address`: eight operations, and seven events that are sent to who subscribed."""
    root = etree.Element(f"{_W}definitions", nsmap=_NSMAP)
    root.set("targetNamespace", names.WSCN)
    root.set("name", _PORT_TYPE)
    schema = etree.SubElement(etree.SubElement(root, f"{_W}types"), f"{{{_XS}}}schema")
    etree.SubElement(schema, f"{{{_XS}}}import").set("namespace", names.WSCN)
    for operation in Operation:
        _message(root, f"{operation}Request")
        _message(root, f"{operation}Response")
    for event in EventName:
        _message(root, event)
    port_type = etree.SubElement(root, f"{_W}portType", name=_PORT_TYPE)
    port_type.set(f"{{{names.WSE}}}EventSource", "true")
    for operation in Operation:
        element = etree.SubElement(port_type, f"{_W}operation", name=operation)
        _way(element, "input", f"{operation}Request", action(operation))
        _way(element, "output", f"{operation}Response", action(f"{operation}Response"))
    for event in EventName:
        # Without an input it is a notification.
        _way(etree.SubElement(port_type, f"{_W}operation", name=event), "output", event, action(event))
    _bind(root)
    port = etree.SubElement(etree.SubElement(root, f"{_W}service", name="ScannerService"), f"{_W}port")
    port.set("name", "ScannerService")
    port.set("binding", f"wscn:{_PORT_TYPE}Binding")
    etree.SubElement(port, f"{_B}address", location=address)
    return root


def _message(root: etree._Element, name: str) -> None:
    message = etree.SubElement(root, f"{_W}message", name=f"{name}Message")
    etree.SubElement(message, f"{_W}part", name="body", element=f"wscn:{name}")


def _way(operation: etree._Element, way: str, name: str, uri: str) -> None:
    element = etree.SubElement(operation, f"{_W}{way}", message=f"wscn:{name}Message")
    element.set(f"{{{names.WSA}}}Action", uri)


def _bind(root: etree._Element) -> None:
    binding = etree.SubElement(root, f"{_W}binding", name=f"{_PORT_TYPE}Binding", type=f"wscn:{_PORT_TYPE}")
    etree.SubElement(binding, f"{_B}binding", style="document", transport="http://schemas.xmlsoap.org/soap/http")
    for operation in Operation:
        bound = etree.SubElement(binding, f"{_W}operation", name=operation)
        etree.SubElement(bound, f"{_B}operation", soapAction=action(operation), style="document")
        for way in ("input", "output"):
            etree.SubElement(etree.SubElement(bound, f"{_W}{way}"), f"{_B}body", use="literal")
