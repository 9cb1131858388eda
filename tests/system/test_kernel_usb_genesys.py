"""SANE's genesys backend and then our own driver look at the simulated Genesys scanner through a real kernel's USB.

There is no image: what is compared is what both say of the chip, its buttons and its sensors.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.system.guest import Guest, Scanner

OPTIONS = "scanimage -d genesys --all-options"
# What our driver sees, line by line, until enough.
OURS = """
import asyncio, sys
from drivers import catalog
from drivers.contract.clock import SystemClock
from drivers.watch import snapshots

SANE = catalog.Sane("libsane.so.1", ("genesys",)) if sys.argv[1:] else None

async def main():
    [found] = await catalog.find(sane=SANE)
    print(found.driver, found.description)
    device = await found.open()
    seen = await device.observers[0].poll()
    print(seen.feeder, dict(seen.facts), flush=True)
    async for seen in snapshots(device.observers[0], SystemClock()):
        if seen.presses:
            print([press.button for press in seen.presses])
            break
    await device.close()

asyncio.run(main())
"""


@contextmanager
def held(scanner: Scanner, button: int) -> Iterator[None]:
    """A hand stays on a button."""
    over = threading.Event()

    def hold() -> None:
        while not over.is_set():
            scanner.say(f"press {button}")
            over.wait(0.2)

    hand = threading.Thread(target=hold)
    hand.start()
    try:
        yield
    finally:
        over.set()
        hand.join()


def down(options: str) -> set[str]:
    """The buttons and sensors that scanimage shows as on. A sheet-fed scanner wants to be calibrated, too."""
    return set(re.findall(r"--([\w-]+)\[=\(yes\|no\)\] \[yes\]", options)) - {"need-calibration"}


def test_sane_genesys_sets_the_chip_up_and_sees_each_button_and_so_do_we(machine: Guest):
    with machine.scanner("genesys") as scanner:
        assert scanner.ids == "04a9:1905"
        assert down(machine.check(f"{machine.sane('genesys')} {OPTIONS}")) == set()
        for number, name in enumerate(("scan", "file", "email", "copy"), start=1):
            with held(scanner, number):
                options = machine.check(f"{machine.sane('genesys')} {OPTIONS}")
            assert down(options) == {name}
        ours = machine.python("-c", OURS)
        said = ours.until("'set up'")
        assert "genesys Canon CanoScan LiDE 200 (04a9:1905 at " in said
        assert "'set up': 'yes'" in said
        with held(scanner, 3):
            assert "['email']" in ours.wait().out


def test_sane_genesys_sees_the_sheet_and_the_button_of_an_older_chip_and_so_do_we(machine: Guest):
    with machine.scanner("genesys-sheet") as scanner:
        assert scanner.ids == "04a7:0474"
        assert down(machine.check(f"{machine.sane('genesys')} {OPTIONS}")) == set()
        with held(scanner, 1):
            assert down(machine.check(f"{machine.sane('genesys')} {OPTIONS}")) == {"scan"}
        scanner.say("paper 1")
        assert down(machine.check(f"{machine.sane('genesys')} {OPTIONS}")) == {"page-loaded"}
        scanner.say("paper 1")  # SANE ejects a sheet when it is done
        ours = machine.python("-c", OURS)
        assert "loaded" in ours.until("'set up': 'yes'")
        with held(scanner, 1):
            assert "['scan']" in ours.wait().out


def test_ours_looks_while_sane_does_not_and_sets_the_chip_up_by_being_opened(machine: Guest):
    with machine.scanner("genesys") as scanner:
        name, _, value = machine.sane("genesys").partition("=")
        ours = machine.python("-c", OURS, "sane", **{name: value})
        said = ours.until("'set up'", 90)
        assert "genesys+sane Canon CanoScan LiDE 200 (04a9:1905 at " in said
        assert "'set up': 'yes'" in said, "SANE has been there, and has given it back"
        with held(scanner, 1):
            assert "['scan']" in ours.wait().out
