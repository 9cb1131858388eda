"""Whatever region, size and resolution a ticket names: what is scanned lies within the area and is something."""

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import OperationRefused
from bridge.translate.ticket import corrected, is_exact, plan
from bridge.wsscan.settings import AskedFormat, AskedLength
from bridge.wsscan.ticket import (
    Dimensions,
    DocumentParameters,
    InputSize,
    JobDescription,
    MediaSide,
    MediaSides,
    Resolution,
    ScanRegion,
    ScanTicket,
)
from bridge.wsscan.values import Format
from drivers.contract.capabilities import Capabilities, Mode, Size, SourceCapabilities

lengths = st.integers(0, 20_000) | st.integers(0, 2**31 - 1)
asked_lengths = st.builds(AskedLength, value=lengths, must_honor=st.sampled_from([None, None, None, False, True]))
regions = st.builds(
    ScanRegion,
    scan_region_x_offset=st.none() | asked_lengths,
    scan_region_y_offset=st.none() | asked_lengths,
    scan_region_width=asked_lengths,
    scan_region_height=asked_lengths,
)
sizes = st.builds(InputSize, input_media_size=st.builds(Dimensions, width=lengths, height=lengths))
resolutions = st.builds(Resolution, width=st.integers(0, 20_000), height=st.none() | st.integers(0, 20_000))
tickets = st.builds(
    lambda size, region, resolution: ScanTicket(
        job_description=JobDescription(job_name="j", job_originating_user_name="u"),
        document_parameters=DocumentParameters(
            format=AskedFormat(value=Format.PNG),
            input_size=size,
            media_sides=MediaSides(media_front=MediaSide(scan_region=region, resolution=resolution)),
        ),
    ),
    st.none() | sizes,
    st.none() | regions,
    st.none() | resolutions,
)
devices = st.builds(
    lambda least, more, ppi: Capabilities(
        platen=SourceCapabilities(
            (1200, 1200),
            tuple(sorted(ppi)),
            (Mode.RGB24, Mode.GRAY8),
            Size(*least),
            Size(least[0] + more[0], least[1] + more[1]),
        )
    ),
    st.tuples(st.integers(0, 2000), st.integers(0, 2000)),
    st.tuples(st.integers(1, 12_000), st.integers(1, 40_000)),
    st.sets(st.integers(1, 9600), min_size=1, max_size=5),
)


@settings(max_examples=300)
@given(tickets, devices)
def test_what_is_scanned_lies_within_the_area_and_is_never_nothing(ticket: ScanTicket, device: Capabilities) -> None:
    source = device.platen
    assert source is not None
    try:
        made = plan(ticket, device)
    except OperationRefused:
        parameters = ticket.document_parameters
        assert parameters is not None
        assert parameters.media_sides is not None
        region = parameters.media_sides.media_front.scan_region
        # Without MustHonor every region is settled somehow; what is left to refuse is an image of over 2^31 rows.
        assert region is not None
        parts = (
            region.scan_region_x_offset,
            region.scan_region_y_offset,
            region.scan_region_width,
            region.scan_region_height,
        )
        assert any(part is not None and part.must_honor for part in parts)
        return
    region_used = made.request.region
    assert min(region_used.x, region_used.y) >= 0
    assert region_used.width >= max(1, source.minimum.width)
    assert region_used.height >= max(1, source.minimum.height)
    assert region_used.x + region_used.width <= source.maximum.width
    assert region_used.y + region_used.height <= source.maximum.height
    assert set(made.request.resolution) <= set(source.resolutions)
    assert made.target.width >= 1
    assert made.target.height >= 1
    # Never more pixels than the region holds, but for the one there must be.
    assert made.target.width == max(1, region_used.width * made.request.resolution[0] // 1000)
    assert made.target.height == max(1, region_used.height * made.request.resolution[1] // 1000)
    assert is_exact(plan(corrected(ticket, made.final), device).final)
