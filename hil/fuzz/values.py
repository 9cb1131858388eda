"""Values that readers of text have tripped over before: numbers at the edges, times, URLs, names, long and odd text."""

from typing import Final

from bridge.soap import names

ODD: Final = (
    "", " ", "0", "-0", "-1", "+5", "00", "1.5", "1e9", "1e308", "NaN", "INF", "0x10", "1_000", "٣", "½", "true",
    "TRUE", "1", "2147483647", "2147483648", "4294967295", "4294967296", "99999999999999999999", "9" * 400, "-" * 9,
    "PT0S", "-PT1H", "PT1H", "P1Y2M3DT4H5M6.7S", "P99999999999Y", "PT1.S", "P", "PT", "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00+14:00", "10000-01-01T00:00:00Z", "2024-02-30T25:61:61Z", "2038-01-19T03:14:08-00:00",
    "a:b:c", ":x", "x:", "wscn:", "nobody:Name", "wscn:Nothing", "{}", "{urn:x}y", "{", "xml:lang", "xmlns:x",
    "urn:", "urn:uuid:", "http://", "http://127.0.0.1:1/", "http://[::1/", "http://[::1]:9/", "http://127.0.0.1:x/",
    "http://127.0.0.1:99999/", "http://127.0.0.1:-1/", "http://a@127.0.0.1/", "http://169.254.169.254/",
    "http://[fe80::1%25eth0]:1/", "http://[v1.x]:1/", "http://0x7f.1/", "http://\uff12.2.2.2/", "http://a\u200bb/",
    "http://127.0.0.1:9/\tx", "https://127.0.0.1/", "ftp://127.0.0.1/", "file:///etc/passwd", "//127.0.0.1/",
    names.ANONYMOUS, names.WSA, names.SOAP, f"{names.SOAP}/role/none", names.WSCN, names.WSCN_2006_01,
    f"{names.WSD}/rfc3986", f"{names.WSD}/strcmp0", f"{names.WSD}/uuid", f"{names.WSD}/ldap", "urn:a?b#c%zz",
    "%s%n%x", "{0.__class__}", "../../etc/passwd", "a\nERROR b", "\u202eabc", "\ud7ff", "\ufffd", "😀" * 70,
    "\u0301" * 40,
    "A" * 127, "A" * 128, "A" * 255, "A" * 256, "A" * 2048, "A" * 2049, "A" * 9000, "word " * 200, "\n" * 500,
)  # fmt: skip

NAMESPACES: Final = (
    *names.PREFIXES, names.XML, "https://schemas.microsoft.com/windows/2006/08/wdp/scan", "http://www.w3.org/2000/xmlns/x",
    "http://schemas.xmlsoap.org/soap/envelope/", "urn:x", "http://schemas.microsoft.com/windows/2007/08/wdp/scan",
)  # fmt: skip

ATTRIBUTES: Final = (
    "MustHonor", "Override", "UsedDefault", "Name", "Valid", "Id", "Mode", "Dialect", "MatchBy", "RelationshipType",
    f"{{{names.SOAP}}}mustUnderstand", f"{{{names.SOAP}}}role", f"{{{names.SOAP}}}encodingStyle",
    f"{{{names.WSCN}}}MustHonor", f"{{{names.WSCN_2006_01}}}Name", f"{{{names.XML}}}lang", f"{{{names.XML}}}space",
    "{urn:x}x", "href",
)  # fmt: skip
