"""What a job is called, and whose it is, taken out of what others than its creator are told.

JobName, JobOriginatingUserName, JobInformation and DocumentName are words of a client; the rest of a job is not.
Pure; who may read them, `bridge.service.access` says.
"""

from dataclasses import replace
from typing import Final

from bridge.jobs.book import Paper
from bridge.jobs.job import Job
from bridge.wsscan.events import JobEndStateEvent

WITHHELD: Final = "withheld"  # an element that must be there, and must say something


def job(seen: Job) -> Job:
    """The job without its name and user."""
    return replace(seen, name=WITHHELD, user=WITHHELD)


def paper(seen: Paper) -> Paper:
    """What was agreed on, without names."""
    said = seen.ticket.job_description
    nameless = said.model_copy(
        update={"job_name": WITHHELD, "job_originating_user_name": WITHHELD, "job_information": None}
    )
    return replace(
        seen,
        ticket=seen.ticket.model_copy(update={"job_description": nameless}),
        document_names=tuple(WITHHELD for _ in seen.document_names),
    )


def end(body: JobEndStateEvent) -> JobEndStateEvent:
    """The end of a job without its name and user."""
    nameless = body.job_end_state.model_copy(update={"job_name": WITHHELD, "job_originating_user_name": WITHHELD})
    return body.model_copy(update={"job_end_state": nameless})
