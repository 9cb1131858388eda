"""Namespaces, prefixes and fixed URIs of the WS-* floor: SOAP 1.2, WS-Addressing 2004/08, DPWS 2006/02.

Each URI stands here once. Prefixes are fixed because some clients know only these (`soap`, `wsa`, `wscn`)
and because QNames in text ("wscn:ScannerStatus") are written with them.
"""

from typing import Final

SOAP: Final = "http://www.w3.org/2003/05/soap-envelope"
SOAP11: Final = "http://schemas.xmlsoap.org/soap/envelope/"
WSA: Final = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
WSD: Final = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
WSDP: Final = "http://schemas.xmlsoap.org/ws/2006/02/devprof"
WSE: Final = "http://schemas.xmlsoap.org/ws/2004/08/eventing"
WSX: Final = "http://schemas.xmlsoap.org/ws/2004/09/mex"
WST: Final = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
PNPX: Final = "http://schemas.microsoft.com/windows/pnpx/2005/10"
DF: Final = "http://schemas.microsoft.com/windows/2008/09/devicefoundation"
XOP: Final = "http://www.w3.org/2004/08/xop/include"
WSCN: Final = "http://schemas.microsoft.com/windows/2006/08/wdp/scan"
WSCN_2006_01: Final = "http://schemas.microsoft.com/windows/2006/01/wdp/scan"
XML: Final = "http://www.w3.org/XML/1998/namespace"

PREFIXES: Final[dict[str, str]] = {
    SOAP: "soap",
    WSA: "wsa",
    WSD: "wsd",
    WSDP: "wsdp",
    WSE: "wse",
    WSX: "wsx",
    PNPX: "pnpx",
    DF: "df",
    XOP: "xop",
    WSCN: "wscn",
    WSCN_2006_01: "wscn",  # a message speaks one of the two years, never both
}

ANONYMOUS: Final = f"{WSA}/role/anonymous"
DISCOVERY_TO: Final = "urn:schemas-xmlsoap-org:ws:2005:04:discovery"
FAULT_ACTION: Final = f"{WSA}/fault"
DISCOVERY_FAULT_ACTION: Final = f"{WSD}/fault"
DPWS_FAULT_ACTION: Final = f"{WSDP}/Fault"
TRANSFER_GET: Final = f"{WST}/Get"
TRANSFER_GET_RESPONSE: Final = f"{WST}/GetResponse"
GET_METADATA: Final = f"{WSX}/GetMetadata/Request"
GET_METADATA_RESPONSE: Final = f"{WSX}/GetMetadata/Response"

# DPWS 2006 MAX_URI_SIZE and MAX_FIELD_SIZE (R0025, R0026): longer ones may be refused.
MAX_URI: Final = 2_048
MAX_FIELD: Final = 256
