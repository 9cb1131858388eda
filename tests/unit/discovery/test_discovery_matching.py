"""Which Probe finds which device. Expected values are those of WS-Discovery's own text, section 5.1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.discovery import matching
from bridge.discovery.matching import matches
from bridge.soap import uri

DEVICE = "{http://schemas.xmlsoap.org/ws/2006/02/devprof}Device"
SCANNER = "{http://schemas.microsoft.com/windows/2006/08/wdp/scan}ScanDeviceType"
SEGMENTS = st.lists(st.sampled_from(["a", "B", "c1", "deep"]), min_size=1, max_size=5)


def found(scope: str, rule: str | None, offered: str) -> bool:
    return matches((), (scope,), rule, (DEVICE,), (offered,))


@pytest.mark.parametrize("types", [(), (DEVICE,), (SCANNER,), (DEVICE, SCANNER)])
def test_all_types_asked_for_must_be_there(types: tuple[str, ...]) -> None:
    assert matches(types, (), None, (DEVICE, SCANNER), ())
    assert not matches((*types, "{urn:x}ScanDeviceType"), (), None, (DEVICE, SCANNER), ())


@pytest.mark.parametrize(
    ("scope", "offered", "expected"),
    [
        ("http://example.com/abc", "http://example.com/abc/def", True),
        ("http://example.com/a", "http://example.com/abc", False),
        ("HTTP://EXAMPLE.com/abc", "http://example.com/abc", True),
        ("http://example.com/ABC", "http://example.com/abc", False),
        ("http://example.com/abc/def", "http://example.com/abc", False),
        ("http://example.com/abc?q#f", "http://example.com/abc/d?other", True),
        ("http://example.com/abc/", "http://example.com/abc/def", True),
        ("http://example.com", "http://example.com/abc", True),
        ("http://example.com/./abc", "http://example.com/./abc", False),
        ("http://example.com/abc", "http://example.com/abc/../x", False),
        ("http://example.com:80/abc", "http://example.com/abc", False),
        ("urn:a:b", "urn:a:b", True),
        ("urn:a", "urn:a:b", False),
    ],
)
def test_rfc2396_is_a_prefix_by_segments(scope: str, offered: str, expected: bool) -> None:
    assert found(scope, None, offered) is expected
    assert found(scope, matching.RFC2396, offered) is expected


@pytest.mark.parametrize(
    ("rule", "scope", "offered", "expected"),
    [
        (matching.STRCMP0, "http://Example.com/a", "http://Example.com/a", True),
        (matching.STRCMP0, "http://example.com/a", "http://Example.com/a", False),
        (
            matching.UUID,
            "uuid:AAAAAAAA-0000-1111-2222-333333333333",
            "urn:uuid:aaaaaaaa-0000-1111-2222-333333333333",
            True,
        ),
        (
            matching.UUID,
            "uuid:AAAAAAAA-0000-1111-2222-333333333334",
            "uuid:aaaaaaaa-0000-1111-2222-333333333333",
            False,
        ),
        (matching.UUID, "uuid:no", "uuid:no", False),
        (
            matching.LDAP,
            "ldap:///ou=engineering,o=examplecom,c=us",
            "ldap:///cn=x,ou=engineering,o=examplecom,c=us",
            True,
        ),
        (matching.LDAP, "LDAP://Host/o=b", "ldap://host/ou=a, o=b?x", True),
        (matching.LDAP, "ldap:///ou=engineering", "ldap:///ou=engineering,o=examplecom", False),
        (matching.LDAP, "ldap://one/o=b", "ldap://two/o=b", False),
        (matching.LDAP, "ldap:///b", r"ldap:///a\,b", False),
        ("http://schemas.xmlsoap.org/ws/2005/04/discovery/other", "urn:a", "urn:a", False),
    ],
)
def test_each_rule_compares_in_its_own_way(rule: str, scope: str, offered: str, expected: bool) -> None:
    assert found(scope, rule, offered) is expected


def test_a_device_without_scopes_is_in_the_adhoc_one() -> None:
    assert matches((), ("http://schemas.xmlsoap.org/ws/2005/04/discovery/adhoc",), None, (DEVICE,), ())
    assert not matches((), ("urn:elsewhere",), None, (DEVICE,), ())


def test_every_scope_asked_for_must_be_met() -> None:
    assert not matches((), ("urn:a", "urn:b"), None, (), ("urn:a",))
    assert matches((), ("urn:a", "urn:b"), None, (), ("urn:b", "urn:a"))


@given(head=SEGMENTS, tail=SEGMENTS)
def test_a_longer_path_is_selected_by_its_beginning_and_never_selects_it(head: list[str], tail: list[str]) -> None:
    short, long = "http://h/" + "/".join(head), "http://h/" + "/".join(head + tail)
    assert uri.selects(short, long)
    assert uri.selects(short, short)
    assert not uri.selects(long, short)
    assert not uri.selects(short, long.replace("http://h/" + "/".join(head), short + "x", 1))


@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from([*matching.RULES, "urn:none"]))
def test_no_text_breaks_a_rule(wanted: str, offered: str, rule: str) -> None:
    assert matches((), (wanted,), rule, (), (offered,)) in (True, False)
