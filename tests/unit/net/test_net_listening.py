"""The sockets that HTTP is served on, opened for real on loopback."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bridge.errors import ConfigError
from bridge.net.listening import listen


@contextmanager
def listening(address: str, port: int = 0, *, ipv6: bool = True) -> Iterator[tuple[socket.socket, ...]]:
    found = listen(address, port, ipv6=ipv6)
    try:
        yield found
    finally:
        for sock in found:
            sock.close()


def reached(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), 2):
            return True
    except OSError:
        return False


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.parametrize("wildcard", ["0.0.0.0", "::"])
def test_every_address_is_every_address_of_both_families_on_one_port(wildcard: str) -> None:
    with listening(wildcard) as socks:
        ports = {sock.getsockname()[1] for sock in socks}
        assert len(ports) == 1
        (port,) = ports
        assert reached("127.0.0.1", port)
        assert reached("::1", port) == has_ipv6()


@pytest.mark.parametrize("wildcard", ["0.0.0.0", "::"])
def test_without_ipv6_it_is_ipv4_alone(wildcard: str) -> None:
    with listening(wildcard, ipv6=False) as (sock,):
        assert reached("127.0.0.1", sock.getsockname()[1])
        assert not reached("::1", sock.getsockname()[1])


def test_one_address_is_that_one_alone() -> None:
    with listening("127.0.0.5") as (sock,):
        assert reached("127.0.0.5", sock.getsockname()[1])
        assert not reached("127.0.0.1", sock.getsockname()[1])


def test_a_port_that_is_taken_is_the_operator_s_matter() -> None:
    with listening("127.0.0.1") as (sock,), pytest.raises(ConfigError, match="in use"):
        listen("127.0.0.1", sock.getsockname()[1])


def test_a_port_taken_in_one_family_only_leaves_nothing_open() -> None:
    if not has_ipv6():
        pytest.skip("no IPv6 here")
    with listening("::1") as (sock,):
        port = sock.getsockname()[1]
        with pytest.raises(ConfigError, match="in use"):
            listen("0.0.0.0", port)
        assert not reached("127.0.0.1", port)


def test_an_address_that_may_come_later_is_listened_on_already() -> None:
    with listening("192.0.2.77") as (sock,):  # TEST-NET-1, nobody's
        assert sock.getsockname()[0] == "192.0.2.77"


def test_an_ipv6_address_without_ipv6_is_a_contradiction() -> None:
    with pytest.raises(ConfigError, match="ipv6 = false"):
        listen("::1", 0, ipv6=False)
