"""Rows of the Job Monitoring MIB's table in section 4.1 of the fax dossier, end to end, by hand."""

import pytest

from bridge.translate.fax import step
from bridge.translate.fax_report import fax
from drivers.contract.observation import JobKind, JobReport, Phase


@pytest.mark.parametrize(
    ("kind", "phase", "reasons", "status", "extended"),
    [
        (JobKind.FAX_OUT, Phase.QUEUED, (), 0x001, 0),
        (JobKind.FAX_OUT, Phase.HELD, (), 0x011, 0),
        (JobKind.FAX_IN, Phase.SCANNING, (), 0x002, 6),
        (JobKind.FAX_OUT, Phase.SCANNING, (), 0x002, 4),
        (JobKind.FAX_OUT, Phase.CANCELLING, ("processingToStopPoint",), 0x400, 0),
        (JobKind.FAX_OUT, Phase.STOPPED, (), 0x002, 0),
        (JobKind.FAX_OUT, Phase.CANCELED, ("jobCanceledAtDevice",), 0x200, 0),
        (JobKind.FAX_OUT, Phase.CANCELED, ("jobCanceledByUser",), 0x200, 0),
        (JobKind.FAX_OUT, Phase.FAILED, ("abortedBySystem",), 0x008, 0),
        (JobKind.FAX_OUT, Phase.DONE, ("jobCompletedSuccessfully",), 0x100, 18),
        (JobKind.FAX_OUT, Phase.DONE, ("jobCompletedWithErrors",), 0x100, 18),
        (JobKind.FAX_IN, Phase.DONE, ("jobCompletedWithErrors",), 0x100, 16),
        (JobKind.FAX_IN, Phase.DONE, ("jobCompletedWithWarnings",), 0x100, 18),
    ],
)
def test_each_row_of_the_table(
    kind: JobKind, phase: Phase, reasons: tuple[str, ...], status: int, extended: int
) -> None:
    report = fax(JobReport("1", phase, kind=kind, reasons=reasons))
    assert report is not None
    told = step(None, report, lambda line: 1).told[-1]
    assert (int(told.status), int(told.extended_status_code)) == (status, extended)


def test_a_scan_is_no_fax() -> None:
    assert fax(JobReport("1", Phase.SCANNING)) is None
