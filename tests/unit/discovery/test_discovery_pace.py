"""Hellos of a link that flaps: at most one, then two seconds, four, eight, up to a minute apart."""

from bridge.discovery.pace import HelloPace


def test_the_first_hello_is_said_at_once() -> None:
    assert HelloPace().wait("eth0", 100.0) == 0.0


def test_hellos_that_follow_each_other_closely_get_ever_slower() -> None:
    pace, now, said = HelloPace(), 0.0, []
    while now < 300:
        if pace.wait("eth0", now) == 0:
            pace.said("eth0", now)
            said.append(now)
        now += 0.5
    assert said == [0.0, 2.0, 6.0, 14.0, 30.0, 62.0, 122.0, 182.0, 242.0]


def test_after_a_quiet_time_a_network_is_calm_again() -> None:
    pace = HelloPace()
    for now in (0.0, 2.0, 6.0):
        pace.said("eth0", now)
    assert pace.wait("eth0", 7.0) == 7.0
    pace.said("eth0", 126.0)
    assert pace.wait("eth0", 127.0) == 1.0


def test_networks_do_not_slow_each_other() -> None:
    pace = HelloPace()
    pace.said("eth0", 5.0)
    assert pace.wait("wlan0", 5.0) == 0.0


def test_it_remembers_so_many_networks_and_no_more() -> None:
    pace = HelloPace()
    for number in range(1000):
        pace.said(f"veth{number}", 1.0)
    assert pace.wait("veth0", 1.0) == 0.0
    assert pace.wait("veth999", 1.0) == 2.0
