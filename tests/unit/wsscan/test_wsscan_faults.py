import pytest

from bridge.errors import Fault, FaultCode, OperationRefused, WireError
from bridge.wsscan import faults
from bridge.wsscan.faults import Subcode

NS = "{http://schemas.microsoft.com/windows/2006/08/wdp/scan}"
WSA = "{http://schemas.xmlsoap.org/ws/2004/08/addressing}"
SENDER, RECEIVER = FaultCode.SENDER, FaultCode.RECEIVER


@pytest.mark.parametrize(
    ("refusal", "code", "subcode", "detail"),
    [
        (faults.action_not_supported("urn:x"), SENDER, f"{WSA}ActionNotSupported", "urn:x"),
        (faults.invalid_args("JobId"), SENDER, f"{NS}InvalidArgs", "JobId"),
        (faults.operation_failed(), RECEIVER, f"{NS}OperationFailed", None),
        (faults.temporary_error(), RECEIVER, f"{NS}ServerErrorTemporaryError", None),
        (faults.internal_error(), RECEIVER, f"{NS}ServerErrorInternalError", None),
        (faults.not_accepting_jobs(), RECEIVER, f"{NS}ServerErrorNotAcceptingJobs", None),
        (faults.format_not_supported(), SENDER, f"{NS}ClientErrorFormatNotSupported", None),
        (faults.invalid_scan_identifier(), SENDER, f"{NS}ClientErrorInvalidScanIdentifier", None),
        (faults.invalid_destination_token(), SENDER, f"{NS}ClientErrorInvalidDestinationToken", None),
        (
            faults.conflicting_required_parameters(),
            SENDER,
            f"{NS}ClientErrorConflictingRequiredParameters",
            None,
        ),
        (faults.no_images_available(), SENDER, f"{NS}ClientErrorNoImagesAvailable", None),
        (faults.job_id_not_found(7), SENDER, f"{NS}ClientErrorJobIdNotFound", "JobId: 7"),
        (faults.invalid_job_token(), SENDER, f"{NS}ClientErrorInvalidJobToken", None),
        (faults.job_cancelled(), SENDER, f"{NS}ClientErrorJobCancelled", None),
    ],
)
def test_a_fault_has_the_code_and_the_detail_of_its_row(
    refusal: OperationRefused, code: FaultCode, subcode: str, detail: str | None
) -> None:
    assert (refusal.fault.code, refusal.fault.subcode, refusal.fault.detail) == (code, subcode, detail)
    assert refusal.fault.reason
    assert refusal.fault.action is None  # the WS-Addressing fault action


def test_an_unreadable_argument_is_named_by_its_path() -> None:
    error = WireError("CreateScanJobRequest/ScanTicket/JobDescription", "is missing")
    detail = faults.invalid_args(error).fault.detail
    assert detail == "CreateScanJobRequest/ScanTicket/JobDescription: is missing"


def test_a_long_argument_is_not_sent_back_whole() -> None:
    assert len(faults.invalid_args("x" * 30_000).fault.detail or "") == 512


def test_an_unsupported_format_may_tell_the_supported_ones() -> None:
    assert faults.format_not_supported(["png", "jfif"]).fault.detail_items == (
        (f"{NS}FormatValue", "png"),
        (f"{NS}FormatValue", "jfif"),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{NS}ClientErrorJobIdNotFound", Subcode.JOB_ID_NOT_FOUND),
        (NS.replace("08", "01") + "InvalidArgs", Subcode.INVALID_ARGS),
        ("wprt:OperationFailed", Subcode.OPERATION_FAILED),
        (f"{NS}ClientErrorInvalidDetinationToken", Subcode.INVALID_DESTINATION_TOKEN),
        (f"{NS}ClientErrorDocumentFormatNotSupported", Subcode.FORMAT_NOT_SUPPORTED),
        (f"{WSA}ActionNotSupported", None),
        (f"{NS}ServerErrorJobIdNotFound", None),
        (None, None),
    ],
)
def test_a_peers_subcode_is_known_by_its_name_alone(text: str | None, expected: Subcode | None) -> None:
    assert faults.subcode_of(Fault(SENDER, text, "")) is expected
