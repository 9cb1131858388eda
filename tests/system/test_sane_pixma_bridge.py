"""A press on the simulated PIXMA, through the bridge as its users run it: who chose it is invited and gets the page."""

from pathlib import Path

from bridge.wsscan.destinations import ScanDestination
from bridge.wsscan.events import EventName, ScanAvailableEvent
from bridge.wsscan.job import JobState
from bridge.wsscan.settings import AskedFormat
from bridge.wsscan.ticket import DocumentParameters, JobDescription, ScanTicket
from drivers.contract.clock import SystemClock
from hil import serving
from hil.client import session
from hil.devices.stimuli import LoadPaper, Press
from tests.system import product

TICKET = ScanTicket(
    job_description=JobDescription(job_name="scan", job_originating_user_name="ada"),
    document_parameters=DocumentParameters(format=AskedFormat(value="jfif")),
)
PRESSES = 5


async def test_a_press_invites_its_destination_at_once_and_the_page_arrives(tmp_path: Path) -> None:
    clock = SystemClock()
    async with (
        serving.scanner("pixma", product.QUICK) as rig,
        product.bridge(tmp_path, usbip=[rig]) as running,
        session.opened(running.url, clock) as ada,
        session.opened(running.url, clock) as bob,
    ):
        chosen = ScanDestination(client_display_name="Scan to Ada", client_context="Scan")
        await ada.subscribe(destinations=[chosen])
        await bob.subscribe()
        took, asked = [], None
        for _ in range(PRESSES):
            since, began = len(ada.timeline), clock.monotonic()
            rig.stimulate(Press())
            arrived = await ada.timeline.wait_for(lambda each: each.name == EventName.SCAN_AVAILABLE, 5, since=since)
            took.append(clock.monotonic() - began)
            asked = arrived.event
        # the poll comes twice a second, so it cannot be what told; how late one may be says the machine's load
        assert min(took) < 0.05, took
        assert isinstance(asked, ScanAvailableEvent)
        rig.stimulate(LoadPaper(1))
        job = await ada.create_job(
            TICKET, scan_identifier=asked.scan_identifier, destination_token=ada.tokens[asked.client_context]
        )
        image = await ada.retrieve(job, tmp_path / "page.jpg")
        assert image.path.read_bytes().startswith(b"\xff\xd8\xff")
        end = await ada.timeline.job_end(job.job_id, 20)
        assert (end.job_completed_state, end.scans_completed.count) == (JobState.COMPLETED, 1)
        assert [each.name for each in ada.timeline.arrived].count(EventName.SCAN_AVAILABLE) == PRESSES
        assert EventName.SCAN_AVAILABLE not in [each.name for each in bob.timeline.arrived]
