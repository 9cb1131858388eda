"""The seven events of the scan service, each the body of a one-way message.

Action of an event is `namespace/Event` (`bridge.wsscan.year.action`).
Spec: WS-Scan V1.0, ScannerServiceType as an event source.
"""

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from bridge.wsscan.configuration import ScannerConfiguration
from bridge.wsscan.job import JobEndState, JobStatus
from bridge.wsscan.names import ScanElement
from bridge.wsscan.scanner import DeviceCondition, DeviceConditionCleared, ScannerDescription, StatusSummary
from bridge.wsscan.ticket import ScanTicket
from bridge.wsscan.values import InputSourceWord, LongText


class EventName(StrEnum):
    SCAN_AVAILABLE = "ScanAvailableEvent"
    SCANNER_ELEMENTS_CHANGE = "ScannerElementsChangeEvent"
    SCANNER_STATUS_SUMMARY = "ScannerStatusSummaryEvent"
    SCANNER_STATUS_CONDITION = "ScannerStatusConditionEvent"
    SCANNER_STATUS_CONDITION_CLEARED = "ScannerStatusConditionClearedEvent"
    JOB_STATUS = "JobStatusEvent"
    JOB_END_STATE = "JobEndStateEvent"


class ScanAvailableEvent(ScanElement):
    """Somebody chose a destination at the scanner and pressed its button. For that destination's client alone."""

    client_context: LongText
    scan_identifier: LongText
    input_source: InputSourceWord | None = None


class ElementChanges(ScanElement):
    """Each section that changed, complete."""

    scanner_description: ScannerDescription | None = None
    scanner_configuration: ScannerConfiguration | None = None
    default_scan_ticket: ScanTicket | None = None


class ScannerElementsChangeEvent(ScanElement):
    element_changes: ElementChanges


class ScannerStatusSummaryEvent(ScanElement):
    status_summary: StatusSummary


class ScannerStatusConditionEvent(ScanElement):
    device_condition: DeviceCondition


class ScannerStatusConditionClearedEvent(ScanElement):
    device_condition_cleared: DeviceConditionCleared


class JobStatusEvent(ScanElement):
    job_status: JobStatus


class JobEndStateEvent(ScanElement):
    job_end_state: JobEndState


EVENTS: Final = MappingProxyType[EventName, type[ScanElement]](
    {
        EventName.SCAN_AVAILABLE: ScanAvailableEvent,
        EventName.SCANNER_ELEMENTS_CHANGE: ScannerElementsChangeEvent,
        EventName.SCANNER_STATUS_SUMMARY: ScannerStatusSummaryEvent,
        EventName.SCANNER_STATUS_CONDITION: ScannerStatusConditionEvent,
        EventName.SCANNER_STATUS_CONDITION_CLEARED: ScannerStatusConditionClearedEvent,
        EventName.JOB_STATUS: JobStatusEvent,
        EventName.JOB_END_STATE: JobEndStateEvent,
    }
)
