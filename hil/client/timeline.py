"""What arrived, in order, for a test or a command to wait on and assert on."""

import asyncio
from collections.abc import Callable

from bridge.event_line import line
from bridge.net.sink import Arrived
from bridge.wsscan.events import JobEndStateEvent, JobStatusEvent
from bridge.wsscan.job import FINAL_STATES, JobEndState, JobStatus


class TooLate(AssertionError):
    """What was waited for did not arrive; the text lists what did."""


class Timeline:
    """Every message of one sink since it was opened."""

    def __init__(self) -> None:
        self.arrived: list[Arrived] = []
        self._changed = asyncio.Condition()
        self._listeners: list[Callable[[Arrived], None]] = []

    def heard(self, arrived: Arrived) -> None:
        """Append; what the sink calls, from the event loop."""
        self.arrived.append(arrived)
        for listener in self._listeners:
            listener(arrived)
        waking = asyncio.get_running_loop().create_task(self._wake())
        self._waking = waking  # a task that nobody holds may vanish

    def listen(self, listener: Callable[[Arrived], None]) -> None:
        """Call `listener` with each message as it arrives, from the event loop."""
        self._listeners.append(listener)

    async def wait_for(self, predicate: Callable[[Arrived], bool], timeout: float, *, since: int = 0) -> Arrived:
        """The first message from index `since` on for which it holds, arrived already or not. Raises TooLate."""
        looked = since
        try:
            async with asyncio.timeout(timeout), self._changed:
                while True:
                    for each in self.arrived[looked:]:
                        looked += 1
                        if predicate(each):
                            return each
                    await self._changed.wait()
        except TimeoutError as err:
            raise TooLate(f"not within {timeout:g} s; arrived: {self or 'nothing'}") from err

    async def job_end(self, job_id: int, timeout: float) -> JobEndState:
        """The JobEndStateEvent of that job. Raises TooLate."""
        await self.wait_for(lambda each: _ended(each) == job_id, timeout)
        return next(end for end in self.ends(job_id))

    async def job_final(self, job_id: int, timeout: float) -> JobStatus:
        """The JobStatusEvent with that job's final state. Raises TooLate."""

        def final(each: Arrived) -> bool:
            event = each.event
            if not isinstance(event, JobStatusEvent) or event.job_status.job_id != job_id:
                return False
            return event.job_status.job_state in FINAL_STATES

        await self.wait_for(final, timeout)
        return next(status for status in self.statuses(job_id) if status.job_state in FINAL_STATES)

    def ends(self, job_id: int) -> list[JobEndState]:
        """All JobEndStateEvents of that job; there should be one."""
        events = [each.event for each in self.arrived]
        return [e.job_end_state for e in events if isinstance(e, JobEndStateEvent) and e.job_end_state.job_id == job_id]

    def statuses(self, job_id: int) -> list[JobStatus]:
        """The JobStatusEvents of that job."""
        events = [each.event for each in self.arrived]
        return [e.job_status for e in events if isinstance(e, JobStatusEvent) and e.job_status.job_id == job_id]

    def states(self, job_id: int) -> list[str]:
        """The states the job went through, repetitions left out."""
        states: list[str] = []
        for status in self.statuses(job_id):
            if not states or states[-1] != status.job_state:
                states.append(str(status.job_state))
        return states

    async def _wake(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def __len__(self) -> int:
        return len(self.arrived)

    def __str__(self) -> str:
        return "\n".join(line(each) for each in self.arrived)


def _ended(arrived: Arrived) -> int | None:
    return arrived.event.job_end_state.job_id if isinstance(arrived.event, JobEndStateEvent) else None
