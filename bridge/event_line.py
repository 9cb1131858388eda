"""An event as people and scripts read it: one line of text, or one flat record.

Everything in it but the words of WS-Scan is a stranger's: it cannot break out of its line.
"""

from typing import Any, Final

from bridge.dsm import job as dsm
from bridge.dsm.job import FilterStatuses
from bridge.dsm.operations import PostScanJobEndStateEvent, PostScanJobStatusEvent
from bridge.eventing.messages import SubscriptionEnd
from bridge.net.sink import Arrived
from bridge.wsscan.events import (
    JobEndStateEvent,
    JobStatusEvent,
    ScanAvailableEvent,
    ScannerElementsChangeEvent,
    ScannerStatusConditionClearedEvent,
    ScannerStatusConditionEvent,
    ScannerStatusSummaryEvent,
)
from bridge.wsscan.job import JobStateReasons, ScansCompleted
from bridge.wsscan.scanner import ScannerStateReasons

_EVENT_WIDTH: Final = 16  # JobEndStateEvent
_STATE_WIDTH: Final = 11  # Terminating; Pending-Held is rare


def facts(arrived: Arrived) -> dict[str, Any]:
    """The record; keys that an event has nothing for are absent. The order is the line's."""
    record: dict[str, Any] = {"time": arrived.time.isoformat(timespec="milliseconds"), "event": str(arrived.name)}
    record.update(_said(arrived))
    if arrived.year is not None:
        record["year"] = str(arrived.year)
    return record


def line(arrived: Arrived) -> str:
    """`12:03:04.123  JobStatusEvent    job 7  Processing   1 scanned + 40 %  JobScanning`"""
    time = arrived.time.astimezone().strftime("%H:%M:%S.%f")[:-3]
    text = f"{time}  {arrived.name:<{_EVENT_WIDTH}}  {_words(_said(arrived))}"
    return "".join(char if char.isprintable() else "?" for char in text).rstrip()


def _said(arrived: Arrived) -> dict[str, Any]:
    match arrived.event:
        case JobStatusEvent(job_status=job):
            said = {"job": job.job_id, "state": str(job.job_state), "reasons": _reasons(job.job_state_reasons)}
            return said | _progress(job.scans_completed)
        case JobEndStateEvent(job_end_state=end):
            reasons = _reasons(end.job_completed_state_reasons)
            said = {"job": end.job_id, "state": str(end.job_completed_state), "reasons": reasons}
            return said | {"scans": end.scans_completed.count, "name": end.job_name}
        case ScannerStatusSummaryEvent(status_summary=summary):
            return {"state": str(summary.scanner_state), "reasons": _reasons(summary.scanner_state_reasons)}
        case ScannerStatusConditionEvent(device_condition=what):
            said = {"condition": what.condition_id, "what": str(what.name)}
            return said | {"where": str(what.component), "severity": str(what.severity)}
        case ScannerStatusConditionClearedEvent(device_condition_cleared=what):
            return {"condition": what.condition_id, "cleared": what.condition_clear_time.isoformat()}
        case ScanAvailableEvent(client_context=context, scan_identifier=identifier, input_source=source):
            return {"context": context, "identifier": identifier} | ({"source": str(source)} if source else {})
        case ScannerElementsChangeEvent(element_changes=changes):
            return {"sections": sorted(type(changes).model_fields[name].alias or name for name in _present(changes))}
        case PostScanJobStatusEvent(job_status=job):
            said = {"token": job.job_token, "state": str(job.job_state), "reasons": _reasons(job.job_state_reasons)}
            return said | {"images": job.images_received, "filters": _filters(job.filter_statuses)}
        case PostScanJobEndStateEvent(post_scan_job_end_state=end):
            reasons = _reasons(end.job_completed_state_reasons)
            said = {"token": end.job_token, "state": str(end.job_completed_state), "reasons": reasons}
            said |= {"images": end.images_received, "filters": _filters(end.filter_completed_statuses)}
            return said | {"process": end.psp_display_name, "user": end.job_originating_user_name}
        case SubscriptionEnd(status=status, reason=reason):
            return {"status": str(status).rpartition("/")[2]} | ({"reason": reason} if reason else {})
        case _:
            return {"action": arrived.message.addressing.action} | ({"flaw": arrived.flaw} if arrived.flaw else {})


def _present(changes: Any) -> list[str]:
    return [name for name in type(changes).model_fields if getattr(changes, name) is not None]


def _filters(statuses: FilterStatuses) -> list[str]:
    """`fileshare:Processing`, with the reasons behind it where there are some."""
    found = []
    for each in statuses.filter_status:
        reasons = () if each.filter_state_reasons is None else each.filter_state_reasons.filter_state_reason
        found.append("/".join([f"{each.dialect.rpartition('/')[2]}:{each.filter_state}", *map(str, reasons)]))
    return found


def _reasons(reasons: JobStateReasons | dsm.JobStateReasons | ScannerStateReasons | None) -> list[str]:
    match reasons:
        case (
            JobStateReasons(job_state_reason=words)
            | dsm.JobStateReasons(job_state_reason=words)
            | ScannerStateReasons(scanner_state_reason=words)
        ):
            return [str(word) for word in words]
        case _:
            return []


def _progress(scans: ScansCompleted) -> dict[str, Any]:
    said: dict[str, Any] = {"scans": scans.count}
    if scans.percent is not None:
        said["percent"] = scans.percent
    if scans.told_by is not None:
        said["told_by"] = scans.told_by.split()
    return said


def _words(said: dict[str, Any]) -> str:
    words = dict(said)
    if "job" in said:
        progress = f"{said['scans']} scanned" + (f" + {said['percent']} %" if "percent" in said else "")
        reasons = " ".join(said["reasons"])
        words = {"job": f"job {said['job']}", "state": f"{said['state']:<{_STATE_WIDTH}}", "progress": progress}
        sources = ", ".join(word.partition("@")[0] for word in said.get("told_by", ()))
        words |= {"reasons": reasons, "name": said.get("name", ""), "sources": sources and f"({sources})"}
    elif "token" in said:
        words["images"] = f"{said['images']} images"
    elif "condition" in said:
        words["condition"] = f"condition {said['condition']}"
    return "  ".join(" ".join(word) if isinstance(word, list) else str(word) for word in words.values() if word)
