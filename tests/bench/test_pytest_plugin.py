"""The plugin as another project uses it: sockets are real, tests are plain functions."""

from pathlib import Path

import pytest

from bridge.net.asking import Refused
from hil.rig.served import Served
from hil.rig.told import NotTold, Timeline, WsdClient


@pytest.mark.scanner("esci", "adf=2,warmup=0,speed=0")
def test_a_scan_is_told_to_its_timeline(wsd_client: WsdClient, timeline: Timeline):
    scanned = wsd_client.scan(source="adf")
    assert len(scanned.images) == 2
    end = timeline.wait_for(event="JobEndStateEvent")
    assert (end.state, end.scans) == ("Completed", 2)
    assert timeline.states() == ["Started", "Processing", "Completed"]


@pytest.mark.scanner("esci", "adf=3,warmup=0,speed=3000,feed=0")
def test_what_happens_to_the_scanner_is_said_by_the_test(scanner: Served, wsd_client: WsdClient, timeline: Timeline):
    scanner.happen("jam@2")
    wsd_client.scan(source="adf")
    assert timeline.wait_for(event="ScannerStatusConditionEvent").what == "MediaJam"
    assert timeline.wait_for(event="JobEndStateEvent").state == "Aborted"
    assert scanner.state.jammed  # type: ignore[attr-defined]


@pytest.mark.scanner("esci", "warmup=30,speed=600")
def test_a_scan_in_the_background_is_canceled(wsd_client: WsdClient, timeline: Timeline):
    scan = wsd_client.start()
    job = timeline.wait_for(state="Started").job
    assert job is not None
    wsd_client.cancel(job)
    assert scan.result().refused == "ClientErrorJobCancelled"
    assert timeline.wait_for(event="JobEndStateEvent").state == "Canceled"
    with pytest.raises(Refused):
        wsd_client.cancel(job)


@pytest.mark.scanner("hp-mfp", "adf=1,warmup=0.5,speed=1754")
def test_a_network_mfp_is_a_scanner_too(scanner: Served, wsd_client: WsdClient, timeline: Timeline):
    scanner.happen("press")
    assert timeline.wait_for(event="JobEndStateEvent", timeout=20).state == "Completed"


@pytest.mark.faults("delay 0.05@1-3")
@pytest.mark.scanner("esci", "warmup=0,speed=0")
def test_faults_of_the_link_are_marked(scanner: Served, wsd_client: WsdClient):
    assert len(wsd_client.scan().images) == 1
    assert len(scanner.faults.struck) == 3


def test_what_does_not_come_is_said_with_what_did(timeline: Timeline, wsd_client: WsdClient):
    with pytest.raises(NotTold, match=r"JobStatus Completed did not come within 0\.1 s"):
        timeline.wait_for(state="Completed", timeout=0.1)


def test_a_scenario_is_one_line(run_scenario):
    assert run_scenario("platen").seen.got["ada"].pages


def test_a_scenario_that_fails_fails_the_test_with_its_reasons(run_scenario, tmp_path: Path):
    (tmp_path / "wrong.toml").write_text(
        'title = "Wrong"\n[scanner]\nstate = "Stopped"\n[device]\nscript = "warmup=0"\n'
    )
    with pytest.raises(pytest.fail.Exception, match="the scanner is Idle"):
        run_scenario(tmp_path / "wrong.toml")
