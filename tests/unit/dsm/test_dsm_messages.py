"""The messages of the processing service, read from the published shape and written in schema order."""

import pytest
from lxml import etree

from bridge.dsm import names, operations
from bridge.dsm.job import DocumentDescription, FilterStateReason, JobState, JobStateReason
from bridge.dsm.operations import Operation
from bridge.errors import WireError
from bridge.soap import tree
from bridge.soap.xop import Include

DSP = 'xmlns:dsp="http://schemas.microsoft.com/windows/2008/12/wdp/distributedscan/processing"'
PSP = 'xmlns:psp="http://schemas.microsoft.com/windows/2008/02/imaging/postscan/psp"'
FILTER = "http://schemas.microsoft.com/windows/2007/10/imaging/postscan/filter"

CREATE = f"""<dsp:CreatePostScanJobRequest {DSP} {PSP}>
  <dsp:UserIdentifier>S-1-5-21-1-2-3-500</dsp:UserIdentifier>
  <dsp:PSP_Identifier>614655A4-38A5-46C4-B768-B6329EC5F318</dsp:PSP_Identifier>
  <dsp:PostScanInstructions>
    <psp:ContinueOnError>true</psp:ContinueOnError>
    <psp:DocumentRootName>Invoice</psp:DocumentRootName>
    <psp:FiltersToProcess>
      <psp:Filter>
        <psp:Dialect>{FILTER}/fileshare</psp:Dialect>
        <psp:Instructions>
          <a:FileShareConfig xmlns:a="{FILTER}/fileshare">
            <a:FileShares><a:ShareUNC>\\\\nas\\in</a:ShareUNC></a:FileShares>
          </a:FileShareConfig>
        </psp:Instructions>
      </psp:Filter>
      <psp:Filter>
        <psp:Dialect>{FILTER}/sharepoint</psp:Dialect>
        <psp:Instructions>
          <b:SharePointConfig xmlns:b="{FILTER}/sharepoint"><b:SaveToMySite>false</b:SaveToMySite>
            <b:SaveToSharePointSites><b:SaveToSharePointSiteURL>http://docs/lib</b:SaveToSharePointSiteURL></b:SaveToSharePointSites>
          </b:SharePointConfig>
        </psp:Instructions>
      </psp:Filter>
      <psp:Filter>
        <psp:Dialect>{FILTER}/email</psp:Dialect>
        <psp:Instructions>
          <c:EmailConfig xmlns:c="{FILTER}/email"><c:SendToScanUser>false</c:SendToScanUser>
            <c:SendToAddresses c:CanAddAddresses="false">
              <c:EmailAddress>eva@example.org</c:EmailAddress>
            </c:SendToAddresses>
          </c:EmailConfig>
        </psp:Instructions>
      </psp:Filter>
    </psp:FiltersToProcess>
  </dsp:PostScanInstructions>
</dsp:CreatePostScanJobRequest>"""


def body(text: str) -> etree._Element:
    return tree.parse(text.encode())


def test_create_is_read_with_all_three_filters_and_written_back_the_same() -> None:
    read = operations.read_request(Operation.CREATE_POST_SCAN_JOB, body(CREATE))
    assert isinstance(read, operations.CreatePostScanJobRequest)
    share, site, mail = read.post_scan_instructions.filters_to_process.filter
    assert share.dialect == names.FILE_SHARE
    assert share.instructions.file_share_config is not None
    assert share.instructions.file_share_config.file_shares is not None
    assert share.instructions.file_share_config.file_shares.share_unc == ("\\\\nas\\in",)
    assert site.instructions.share_point_config is not None
    assert site.instructions.share_point_config.save_to_share_point_sites is not None
    assert site.instructions.share_point_config.save_to_share_point_sites.save_to_share_point_site_url == (
        "http://docs/lib",
    )
    assert mail.instructions.email_config is not None
    assert mail.instructions.email_config.send_to_addresses is not None
    assert mail.instructions.email_config.send_to_addresses.email_address == ("eva@example.org",)
    assert mail.instructions.email_config.send_to_addresses.can_add_addresses is False
    written = read.to_xml()
    assert written[2].tag == names.qname("PostScanInstructions")
    assert written[2][1].tag == f"{{{names.PSP}}}DocumentRootName"
    assert operations.read_request(Operation.CREATE_POST_SCAN_JOB, written) == read


def test_a_filter_of_another_maker_is_read_with_nothing_in_it() -> None:
    text = CREATE.replace(f"{FILTER}/fileshare", "urn:example:stamp")
    read = operations.read_request(Operation.CREATE_POST_SCAN_JOB, body(text))
    assert isinstance(read, operations.CreatePostScanJobRequest)
    first = read.post_scan_instructions.filters_to_process.filter[0]
    assert first.dialect == "urn:example:stamp"
    assert first.instructions.file_share_config is None


def test_an_image_names_its_job_its_place_and_its_part() -> None:
    request = operations.SendImageRequest(
        job_token="t",
        document_description=DocumentDescription(document_id=9, format="png"),
        image_data=operations.ImageData(include=Include.of("image-9@wsd")),
    )
    read = operations.read_request(Operation.SEND_IMAGE, request.to_xml())
    assert read == request
    with pytest.raises(WireError, match="DocumentId"):
        operations.read_request(
            Operation.SEND_IMAGE,
            body(etree.tostring(request.to_xml()).decode().replace(">9<", ">0<")),
        )


def test_sections_are_asked_for_by_any_prefix_and_answered_with_qualified_attributes() -> None:
    text = f"""<x:GetPostScanJobElementsRequest {DSP.replace("dsp", "x", 1)}><x:JobToken>t</x:JobToken>
      <x:RequestedElements><x:Name>x:JobStatus</x:Name><x:Name>x:JobDescription</x:Name></x:RequestedElements>
    </x:GetPostScanJobElementsRequest>"""
    read = operations.read_request(Operation.GET_POST_SCAN_JOB_ELEMENTS, body(text))
    assert isinstance(read, operations.GetPostScanJobElementsRequest)
    assert read.requested_elements.name == (operations.JobSection.STATUS, operations.JobSection.DESCRIPTION)
    data = operations.ElementData(name=operations.JobSection.DOCUMENTS, valid=False)
    answer = operations.GetPostScanJobElementsResponse(job_elements=operations.JobElements(element_data=(data,)))
    written = answer.to_xml()
    assert written[0][0].attrib == {names.qname("Name"): "dsp:Documents", names.qname("Valid"): "false"}
    assert operations.read_response(Operation.GET_POST_SCAN_JOB_ELEMENTS, written) == answer


def test_the_singular_spelling_of_one_page_is_read() -> None:
    text = f"""<dsp:GetPostScanJobElementRequest {DSP}><dsp:JobToken>t</dsp:JobToken>
      <dsp:RequestedElements><dsp:Name>dsp:JobStatus</dsp:Name></dsp:RequestedElements>
    </dsp:GetPostScanJobElementRequest>"""
    assert operations.read_request(Operation.GET_POST_SCAN_JOB_ELEMENTS, body(text)).model_fields_set


@pytest.mark.parametrize("text", [f"<dsp:SendImageRequest {DSP}/>", "<SendImageRequest/>"])
def test_another_message_than_the_action_says_is_refused(text: str) -> None:
    with pytest.raises(WireError, match="EndPostScanJobRequest: is missing, the body holds SendImageRequest"):
        operations.read_request(Operation.END_POST_SCAN_JOB, body(text))


def test_known_misspellings_are_read_and_never_written() -> None:
    assert JobStateReason("SendImangeFailed") is JobStateReason.SEND_IMAGE_FAILED
    assert FilterStateReason("SharepointAccessDenied") is FilterStateReason.SHARE_POINT_ACCESS_DENIED
    assert JobState("Held") is JobState.PENDING_HELD
