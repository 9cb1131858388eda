"""The simulated MFP's job tables and alerts: what its agent shows, by the numbers of the RFCs."""

from hil.devices.mfp.model import Mfp
from hil.devices.mfp.objects import mib
from hil.devices.stimuli import Clear, Cover, Fatal, FaxCall, HangUp, Jam, LoadPaper, Offline, Press, Restart
from hil.script import read
from hil.snmp.mib import oid

JM = "1.3.6.1.4.1.2699.1.1.1"
ALERT = "1.3.6.1.2.1.43.18.1.1"


def mfp(script: str = "warmup=1,speed=3508,feed=0.25") -> Mfp:
    return Mfp(read(script), 0.0)


def value(model: Mfp, now: float, name: str) -> object:
    shown = mib(model, now)
    assert shown is not None
    found = shown.get(oid(name))
    return None if found is None else found.value


def job(model: Mfp, now: float, index: int = 1) -> tuple[object, ...]:
    """State, reasons, impressions, and the service types."""
    columns = (f"{JM}.3.1.1.2.1.{index}", f"{JM}.3.1.1.3.1.{index}", f"{JM}.3.1.1.8.1.{index}")
    return (*(value(model, now, each) for each in columns), value(model, now, f"{JM}.4.1.1.3.1.{index}.24.1"))


def alerts(model: Mfp, now: float) -> list[tuple[object, object]]:
    """Group and code of each row."""
    shown = mib(model, now)
    assert shown is not None
    rows = [name[-1] for name in shown.names if name[: len(oid(ALERT)) + 1] == (*oid(ALERT), 2)]
    return [(value(model, now, f"{ALERT}.4.1.{row}"), value(model, now, f"{ALERT}.7.1.{row}")) for row in rows]


def test_a_panel_scan_stands_in_the_job_tables_until_fifteen_seconds_after_its_end() -> None:
    model = mfp()
    model.update(0.0, [LoadPaper(1), Press()])
    assert value(model, 0.5, f"{JM}.1.1.1.2.1") == 1
    assert job(model, 1.5) == (5, 0, 0, 8)
    assert job(model, 2.0) == (9, 0x80000, 1, 8)
    assert value(model, 2.0, f"{JM}.1.1.1.2.1") == 0
    assert job(model, 16.9)[0] == 9
    assert job(model, 17.0) == (None, None, None, None)


def test_an_incoming_fax_rings_comes_page_by_page_and_ends() -> None:
    model = mfp()
    model.update(0.0, [FaxCall(incoming=True, pages=2)])
    assert job(model, 3.9) == (3, 0x4, 0, 16)
    assert job(model, 4.0) == (5, 0x4, 0, 16)
    assert value(model, 4.0, f"{JM}.4.1.1.3.1.1.130.1") == -2
    assert job(model, 10.0) == (5, 0x4, 1, 16)
    assert job(model, 16.0) == (9, 0x80000, 2, 16)


def test_a_second_fax_waits_for_the_line_and_takes_it_when_the_first_breaks_off() -> None:
    model = mfp()
    model.update(0.0, [FaxCall(incoming=False, pages=5), FaxCall(incoming=False, pages=1)])
    assert (job(model, 11.0), job(model, 11.0, 2)) == ((5, 0x10, 1, 32), (3, 0, 0, 32))
    model.update(12.0, [HangUp()])
    assert (job(model, 12.0), job(model, 16.0, 2)[0]) == ((8, 0x10000, 1, 32), 5)
    assert job(model, 22.0, 2) == (9, 0x80000, 1, 32)


def test_a_restart_loses_what_ran_and_gives_the_indexes_anew() -> None:
    model = mfp()
    model.update(0.0, [FaxCall(incoming=True, pages=9)])
    model.update(50.0, [Restart()])
    assert job(model, 50.0) == (None, None, None, None)
    assert value(model, 51.0, "1.3.6.1.2.1.1.3.0") == 100
    model.update(60.0, [FaxCall(incoming=False, pages=1)])
    assert job(model, 61.0) == (3, 0, 0, 32)


def test_the_twenty_first_job_has_the_first_index_again() -> None:
    model = mfp()
    for call in range(21):
        model.update(call * 100.0, [FaxCall(incoming=True, pages=1)])
    assert job(model, 2001.0) == (3, 0x4, 0, 16)


def test_each_thing_that_is_the_matter_is_an_alert_and_leaves_a_trace() -> None:
    for stimulus, row in (
        (Jam(), (52, 5206)),
        (Cover(open=True), (6, 3)),
        (Fatal(), (51, 5103)),
        (Offline(taken=True), (51, 22)),
    ):
        model = mfp()
        model.update(1.0, [stimulus])
        assert alerts(model, 1.0) == [row]
        assert value(model, 1.0, "1.3.6.1.2.1.43.5.1.1.18.1") == 1
        model.update(2.0, [Clear(), Offline(taken=False)])
        assert alerts(model, 2.0) == [(18, 1801)]
        assert value(model, 2.0, "1.3.6.1.2.1.43.5.1.1.19.1") == 2


def test_the_lamp_warms_while_a_scan_begins() -> None:
    model = mfp()
    model.update(0.0, [LoadPaper(1), Press()])
    assert alerts(model, 0.5) == [(51, 24)]
    assert alerts(model, 1.5) == [(18, 1801)]
