"""What a kill leaves behind: the state file as it was in that moment, and a new bridge that makes it good."""

import json
import shutil
from pathlib import Path

from drivers.contract.document import ScanRequest
from drivers.contract.handover import Handover
from drivers.contract.observation import Readiness, Snapshot, Trouble, TroubleKind, Unit
from tests.wire.http_rig import KEY, FakeScanner, Gate, Subscriber, page, running, ticket


async def test_jobs_open_at_a_kill_end_aborted_after_the_restart(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    gate = Gate()

    def two_pages_and_then_nothing(handover: Handover, request: ScanRequest) -> None:
        page(handover, request, 0)
        page(handover, request, 10)
        gate.wait(handover)

    async with Subscriber() as subscriber:
        async with running(before) as rig:
            assert (await rig.subscribe(subscriber)).status == 200
            rig.scanner.play = two_pages_and_then_nothing
            scanning, queued = await rig.create(ticket("ADF")), await rig.create()
            await subscriber.until("Processing/JobScanning 2")
            await subscriber.until("Pending")
            # As a kill -9 in this moment would leave it.
            (after / "state").mkdir(parents=True)
            shutil.copy(before / "state" / "state.json", after / "state")
            gate.open()
        subscriber.letters.clear()
        async with running(after) as rig:
            await subscriber.until("end:", count=2)
            assert subscriber.lines == ["Aborted 2", "end:Aborted/None 2", "Aborted 0", "end:Aborted/None 0"]
            ids = [letter.content.findtext(".//{*}JobId") for letter in subscriber.letters if "borted" in letter.line]
            assert ids == [str(scanning.id), str(scanning.id), str(queued.id), str(queued.id)]
            assert await rig.active() == []
            again = await rig.create()
            assert again.id > queued.id
            assert (await rig.retrieve(again)).status == 200


async def test_a_damaged_job_in_the_state_file_is_forgotten_and_nothing_else(tmp_path: Path) -> None:
    async with running(tmp_path) as rig:
        uuid = rig.urls[0].rpartition("/")[2]
    file = tmp_path / "state" / "state.json"
    kept = json.loads(file.read_text(encoding="utf-8"))
    kept["scanners"][KEY]["open_jobs"] = [{"id": "seven"}, {}]
    file.write_text(json.dumps(kept), encoding="utf-8")
    async with running(tmp_path) as rig:
        assert rig.urls[0].endswith(uuid)
        assert await rig.active() == []
        assert (await rig.retrieve(await rig.create())).status == 200


JAM = Trouble(TroubleKind.JAM, Unit.FEEDER)


def conditions(subscriber: Subscriber) -> list[tuple[str, str]]:
    """What was told of conditions: event and id."""
    found = []
    for letter in subscriber.letters:
        kind = letter.line.partition(" ")[0]
        if "Condition" in kind:
            (child,) = letter.content
            found.append((kind, child.get("Id") or child.findtext("{*}ConditionId") or ""))
    return found


async def test_a_condition_told_before_a_kill_is_cleared_after_it(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    async with Subscriber() as subscriber:
        async with running(before) as rig:
            await rig.subscribe(subscriber)
            rig.scanner.show(Snapshot("fake", Readiness.STOPPED, frozenset({JAM})))
            await subscriber.first("ScannerStatusConditionEvent")
            (after / "state").mkdir(parents=True)
            shutil.copy(before / "state" / "state.json", after / "state")
        ((_, first),) = conditions(subscriber)
        subscriber.letters.clear()
        async with running(after) as rig:  # somebody took the paper out meanwhile
            await subscriber.until("ScannerStatusConditionClearedEvent")
            rig.scanner.show(Snapshot("fake", Readiness.STOPPED, frozenset({JAM})))
            await subscriber.until("ScannerStatusConditionEvent")
        (cleared, (kind, second)) = conditions(subscriber)
        assert cleared == ("ScannerStatusConditionClearedEvent", first)
        assert kind == "ScannerStatusConditionEvent"
        assert int(second) > int(first), "it would be taken for the old one"


async def test_a_condition_that_outlasts_a_restart_is_told_once(tmp_path: Path) -> None:
    stopped = Snapshot("fake", Readiness.STOPPED, frozenset({JAM}))
    async with Subscriber() as subscriber:
        async with running(tmp_path) as rig:
            await rig.subscribe(subscriber)
            rig.scanner.show(stopped)
            await subscriber.first("ScannerStatusConditionEvent")
        scanner = FakeScanner()
        scanner.snapshot = stopped
        async with running(tmp_path, scanners=(scanner,)) as rig:
            await subscriber.until("ScannerStatusSummaryEvent", count=2)
            rig.scanner.show(Snapshot("fake", Readiness.IDLE))
            await subscriber.until("ScannerStatusConditionClearedEvent")
        told = conditions(subscriber)
        assert [kind for kind, _ in told] == ["ScannerStatusConditionEvent", "ScannerStatusConditionClearedEvent"]
        assert told[0][1] == told[1][1]


async def test_damaged_conditions_in_the_state_file_are_forgotten(tmp_path: Path) -> None:
    async with running(tmp_path):
        pass
    file = tmp_path / "state" / "state.json"
    kept = json.loads(file.read_text(encoding="utf-8"))
    kept["scanners"][KEY]["conditions"] = [{"id": "seven"}, {}]
    file.write_text(json.dumps(kept), encoding="utf-8")
    async with running(tmp_path) as rig:
        assert (await rig.retrieve(await rig.create())).status == 200
