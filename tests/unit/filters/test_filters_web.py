"""Digest log-ins as RFC 7616 has them."""

import re

import pytest

from bridge.filters.web import digest

# RFC 7616 3.9.1
CHALLENGE = {
    "realm": "http-auth@example.org",
    "qop": "auth, auth-int",
    "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
    "opaque": "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
}
FRESH = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
WHO = ("Mufasa", "Circle of Life")


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_the_rfc(algorithm: str, response: str) -> None:
    said = digest(CHALLENGE | {"algorithm": algorithm}, WHO, ("GET", "/dir/index.html"), 1, FRESH)
    assert said.startswith("Digest ")
    assert f'response="{response}"' in said
    assert re.search(r"\bnc=00000001\b", said)
    assert f"algorithm={algorithm}" in said
    assert CHALLENGE["opaque"] in said


def test_a_servers_old_challenge_is_answered_as_rfc_2069_has_it() -> None:
    # RFC 2069 2.4, with the response as its erratum 749 corrects it
    challenge = {"realm": "testrealm@host.com", "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093"}
    said = digest(challenge, ("Mufasa", "CircleOfLife"), ("GET", "/dir/index.html"), 1, "unused")
    assert 'response="1949323746fe6a43ef61f9606e7febea"' in said
    assert "qop" not in said


def test_a_realm_cannot_break_out_of_its_quotes() -> None:
    said = digest({"realm": 'a", nc="\r\nX: y', "nonce": "n"}, WHO, ("GET", "/"), 1, FRESH)
    assert r'realm="a\", nc=\"X: y"' in said
    assert "\r" not in said
    assert "\n" not in said
