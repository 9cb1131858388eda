"""rtnetlink bytes, put together by hand from the kernel's headers (little-endian, as every machine of ours is)."""

import ipaddress
import random
import sys

import pytest

from bridge.net import netlink
from bridge.net.netlink import AddressRecord, Kind, LinkRecord, RouteRecord

pytestmark = pytest.mark.skipif(sys.byteorder == "big", reason="the bytes are written little-endian")

# ifinfomsg: family 0, type 1 (Ethernet), index 2, flags UP|BROADCAST|RUNNING|MULTICAST|LOWER_UP = 0x11043
ETH0 = bytes.fromhex("00 00 0100 02000000 43100100 00000000")
# rtattr length 9, type 3 (IFLA_IFNAME), "eth0\0", padded; then length 8, type 4 (IFLA_MTU), 1500
ETH0 += bytes.fromhex("0900 0300") + b"eth0\0" + bytes(3) + bytes.fromhex("0800 0400 dc050000")

# ifaddrmsg: AF_INET, /24, flags PERMANENT 0x80, scope universe, index 2; IFA_ADDRESS, IFA_LOCAL, IFA_FLAGS
V4 = bytes.fromhex("02 18 80 00 02000000  0800 0100 c6336401  0800 0200 c6336401  0800 0800 80000000")
# AF_INET6, /64, scope link 0xfd, index 2; fe80::1; IFA_FLAGS TENTATIVE|PERMANENT = 0xc0
V6 = bytes.fromhex("0a 40 c0 fd 02000000  1400 0100 fe80000000000000 0000000000000001  0800 0800 c0000000")


def framed(kind: int, payload: bytes, sequence: int = 7) -> bytes:
    length = 16 + len(payload)
    head = length.to_bytes(4, "little") + kind.to_bytes(2, "little") + bytes(2) + sequence.to_bytes(4, "little")
    return head + bytes(4) + payload + bytes(-length % 4)


def test_a_link_has_its_name_and_flags() -> None:
    assert netlink.link(ETH0) == LinkRecord(2, "eth0", 0x11043)


def test_an_address_has_its_network_and_flags() -> None:
    assert netlink.address(V4) == AddressRecord(
        2, ipaddress.ip_address("198.51.100.1"), ipaddress.ip_network("198.51.100.0/24"), 0x80, host_only=False
    )
    assert netlink.address(V6) == AddressRecord(
        2, ipaddress.ip_address("fe80::1"), ipaddress.ip_network("fe80::/64"), 0xC0, host_only=False
    )


def test_the_long_flags_count_and_the_short_ones_where_there_are_no_long() -> None:
    # IFA_F_NOPREFIXROUTE 0x200 has no room in the byte
    assert netlink.address(V6[:-8] + bytes.fromhex("0800 0800 80020000")) == AddressRecord(
        2, ipaddress.ip_address("fe80::1"), ipaddress.ip_network("fe80::/64"), 0x280, host_only=False
    )
    record = netlink.address(V6[:-8])
    assert record is not None
    assert record.flags == 0xC0


def test_a_point_to_point_address_is_ours_and_its_network_the_other_end_s() -> None:
    # ppp: IFA_ADDRESS 10.9.9.2 is the peer, IFA_LOCAL 10.9.9.1 is ours, /32
    record = netlink.address(bytes.fromhex("02 20 80 00 05000000  0800 0100 0a090902  0800 0200 0a090901"))
    assert record is not None
    assert str(record.address) == "10.9.9.1"
    assert str(record.network) == "10.9.9.2/32"


def test_an_address_of_scope_host_is_not_for_others() -> None:
    record = netlink.address(bytes.fromhex("02 08 80 fe 01000000  0800 0100 7f000001  0800 0200 7f000001"))
    assert record is not None
    assert record.host_only


def test_a_route_says_whether_a_gateway_stands_between() -> None:
    # rtmsg: AF_INET, /32, table main 254, protocol 0, scope 0, type unicast 1; RTA_DST, RTA_OIF 2
    direct = bytes.fromhex("02 20 00 00 fe 00 00 01 00000000  0800 0100 c6336409  0800 0400 02000000")
    assert netlink.route(direct) == RouteRecord(2, direct=True)
    assert netlink.route(direct + bytes.fromhex("0800 0500 c63364fe")) == RouteRecord(2, direct=False)
    # RTA_VIA 18: an IPv4 route through an IPv6 gateway
    via = bytes.fromhex("1600 1200 0a00 fe80000000000000 0000000000000001 0000")
    assert netlink.route(direct + via) == RouteRecord(2, direct=False)
    unreachable = direct[:7] + b"\x07" + direct[8:]
    assert netlink.route(unreachable) is None


def test_several_messages_in_one_datagram() -> None:
    data = framed(16, ETH0) + framed(20, V4) + framed(3, bytes(4))
    assert [(each.kind, each.sequence) for each in netlink.messages(data)] == [(16, 7), (20, 7), (3, 7)]
    assert [each.payload for each in netlink.messages(data)][:2] == [ETH0, V4]


def test_a_message_that_is_cut_off_ends_the_datagram() -> None:
    data = framed(16, ETH0) + framed(20, V4)[:-1]
    assert [each.kind for each in netlink.messages(data)] == [16]


def test_requests_are_what_the_kernel_reads() -> None:
    # nlmsghdr length 32, type 18, flags REQUEST|DUMP 0x301, sequence 1; ifinfomsg of zeros
    assert netlink.dump(Kind.GET_LINK, 1) == bytes.fromhex("20000000 1200 0103 01000000 00000000") + bytes(16)
    assert netlink.dump(Kind.GET_ADDRESS, 2) == bytes.fromhex("18000000 1600 0103 02000000 00000000") + bytes(8)
    assert netlink.route_to(ipaddress.ip_address("198.51.100.9"), 3) == bytes.fromhex(
        "24000000 1a00 0100 03000000 00000000  02 20 00 00 00 00 00 00 00000000  0800 0100 c6336409"
    )


def test_no_damage_breaks_a_reader() -> None:
    chance = random.Random(1)
    for whole in (ETH0, V4, V6):
        for cut in range(len(whole)):
            for read in (netlink.link, netlink.address, netlink.route):
                read(whole[:cut])
        for _ in range(500):
            damaged = bytearray(framed(20, whole))
            for _ in range(chance.randint(1, 4)):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            for message in netlink.messages(bytes(damaged)):
                assert len(message.payload) <= len(damaged) - 16
                for read in (netlink.link, netlink.address, netlink.route):
                    read(message.payload)
