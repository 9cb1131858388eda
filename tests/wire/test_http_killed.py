"""What a kill leaves behind: the state file as it was in that moment, and a new bridge that makes it good."""

import json
import shutil
from pathlib import Path

from drivers.contract.document import ScanRequest
from drivers.contract.handover import Handover
from tests.wire.http_rig import KEY, Gate, Subscriber, page, running, ticket


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
