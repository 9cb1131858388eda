"""docs/security.md names proofs that exist, and the limits that are in force."""

import re
from pathlib import Path

from bridge.eventing.ledger import Limits
from bridge.jobs import invitations
from bridge.net import exchange, guest, post_scan_web, seats, serving, shares, sse, web
from bridge.service import post_scan, subscriptions
from drivers.contract import xml

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
DECISION = (ROOT / "docs" / "decisions" / "0028-who-may-do-what.md").read_text("utf-8")


def test_every_test_that_it_names_is_there():
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    there = {path.stem for path in (ROOT / "tests").rglob("test_*.py")}
    assert named
    assert named - there == set()


def test_every_measure_has_a_proof():
    rows = [line for line in PAGE.partition("## Measure by measure")[2].splitlines() if line.startswith("| ")][2:]
    assert len(rows) == 14
    assert [row for row in rows if "`test_" not in row] == []


def test_the_limits_are_those_in_force():
    said = (
        (PAGE, f"{guest.HEAD_TIMEOUT:g} s for a head, {exchange.BODY_TIMEOUT:g} s for a body"),
        (PAGE, f"{guest.TAKE_TIMEOUT:g} s for taking an answer, {serving.KEEP_ALIVE:g} s between requests"),
        (PAGE, f"{serving.MAX_CONNECTIONS} connections, {seats.PER_PEER} of one address"),
        (PAGE, f"{shares.RATE:g} requests a second of one address"),
        (PAGE, f"{shares.MOST_HELD} images held by one address"),
        (PAGE, f"{post_scan.Limits().arriving} images at one time, {post_scan.Limits().arriving_per_user} of one user"),
        (PAGE, f"{post_scan_web.STALL_TIMEOUT:g} s between bytes of an image"),
        (PAGE, f"{subscriptions.MOST_DESTINATIONS} destinations of one address"),
        (PAGE, f"takes nothing for {sse.STALL:g} s is cut off"),
        (PAGE, f"used once, for {invitations.EXPIRES:g} s"),
        (PAGE, f"{xml.MAX_BYTES:_} bytes, {xml.MAX_DEPTH} deep".replace("_", " ")),
        (DECISION, f"after a burst of {shares.BURST:g}"),
        (DECISION, f"{Limits().per_peer} subscriptions"),
    )
    assert [text for page, text in said if " ".join(text.split()) not in " ".join(page.split())] == []
    assert guest.IDLE_TIMEOUT == serving.KEEP_ALIVE
    assert guest.TAKE_TIMEOUT == web.STALL_TIMEOUT
