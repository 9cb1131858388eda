"""How the sources of one agent add up."""

import pytest

from drivers.contract.observation import Feeder, JobKind, JobReport, Phase, Readiness, Trouble, TroubleKind, Unit
from drivers.snmp.doubles import Doubles
from drivers.snmp.seen import Seen, add_up, readiness, stops

JAM = Trouble(TroubleKind.JAM, Unit.FEEDER)


def test_a_source_that_does_not_tell_has_no_say_and_silence_of_all_is_said() -> None:
    told = add_up([Seen("a"), Seen("b", Readiness.BUSY)])
    assert (told.readiness, told.facts) == (Readiness.BUSY, ())
    silent = add_up([Seen("a"), Seen("b")])
    assert (silent.readiness, silent.facts) == (Readiness.IDLE, (("scanner", "does not tell its state"),))


@pytest.mark.parametrize(
    ("states", "worst"),
    [
        (["idle", "stopped", "busy"], "stopped"),
        (["idle", "busy", "asleep"], "busy"),
        (["idle", "warming"], "warming"),
        (["idle", "asleep"], "asleep"),
    ],
)
def test_the_worst_that_is_told_counts(states, worst) -> None:
    parts = [Seen(state, Readiness(state)) for state in states]
    assert readiness(parts) == (Readiness(worst), worst)


def test_parts_are_joined_and_reasons_are_said_once() -> None:
    parts = [
        Seen("a", explanation="jam", troubles=frozenset({JAM}), facts=(("x", "1"),)),
        Seen("b", explanation="jam", feeder=Feeder.LOADED),
    ]
    told = add_up(parts)
    assert (told.source, told.explanation, told.troubles, told.feeder) == ("snmp", "jam", {JAM}, Feeder.LOADED)


def test_a_lamp_that_warms_up_stops_nothing_for_good() -> None:
    warming = Trouble(TroubleKind.LAMP_WARMING, Unit.PLATEN)
    assert stops(frozenset({warming})) is Readiness.WARMING
    assert stops(frozenset({warming, JAM})) is Readiness.STOPPED
    assert stops(frozenset()) is None


def scan(name: str, phase: Phase = Phase.SCANNING) -> JobReport:
    return JobReport(name, phase)


def names(parts: tuple[Seen, ...]) -> list[str]:
    return [job.native_id for part in parts for job in part.jobs]


def test_a_scan_told_by_two_sources_is_one_job_and_keeps_its_name() -> None:
    doubles = Doubles()
    assert names(doubles.without([Seen("hp", jobs=(scan("h1"),)), Seen("jm")])) == ["h1"]
    assert names(doubles.without([Seen("hp", jobs=(scan("h1"),)), Seen("jm", jobs=(scan("j1"),))])) == ["h1"]
    # the vendor's ends first; the other goes on under a name that nobody knows, and is not told now either
    assert names(doubles.without([Seen("hp"), Seen("jm", jobs=(scan("j1", Phase.DONE),))])) == []
    assert names(doubles.without([Seen("hp"), Seen("jm", jobs=(scan("j2"),))])) == ["j2"]
    assert names(doubles.without([Seen("hp", jobs=(scan("h2"),)), Seen("jm", jobs=(scan("j2"),))])) == ["j2"]


def test_a_scan_that_begins_while_another_sources_lingers_is_a_new_one_and_one_that_is_over_is_not() -> None:
    ended = Seen("hp", jobs=(scan("h1", Phase.DONE),))
    for phase, told in ((Phase.SCANNING, ["h1", "j1"]), (Phase.DONE, ["h1"])):
        doubles = Doubles()
        doubles.without([Seen("hp", jobs=(scan("h1"),))])
        assert names(doubles.without([ended, Seen("jm", jobs=(scan("j1", phase),))])) == told


def test_scans_of_one_source_and_faxes_are_left_alone() -> None:
    fax = JobReport("f1", Phase.SCANNING, kind=JobKind.FAX_IN)
    told = Doubles().without([Seen("hp", jobs=(scan("h1"),)), Seen("jm", jobs=(fax,))])
    assert names(told) == ["h1", "f1"]
    assert names(Doubles().without([Seen("jm", jobs=(scan("j1"), scan("j2")))])) == ["j1", "j2"]
