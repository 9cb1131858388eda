"""ScannerCapabilities: the spellings of its versions, and what of it is any use."""

import pytest

from drivers.contract.capabilities import Mode, Size
from drivers.contract.errors import DeviceGarbled
from drivers.escl import capabilities

HEAD = (
    '<scan:ScannerCapabilities xmlns:scan="http://schemas.hp.com/imaging/escl/2011/05/03" '
    'xmlns:pwg="http://www.pwg.org/schemas/2010/12/sm">'
)
SIZE = (
    "<scan:MinWidth>16</scan:MinWidth><scan:MaxWidth>2550</scan:MaxWidth>"
    "<scan:MinHeight>16</scan:MinHeight><scan:MaxHeight>3508</scan:MaxHeight>"
)


def discrete(*resolutions: tuple[int, int]) -> str:
    return "".join(
        f"<scan:DiscreteResolution><scan:XResolution>{x}</scan:XResolution><scan:YResolution>{y}</scan:YResolution>"
        "</scan:DiscreteResolution>"
        for x, y in resolutions
    )


def profile(modes: str, resolutions: str, formats: str = "image/jpeg", attributes: str = "") -> str:
    said = "".join(f"<scan:ColorMode>{mode}</scan:ColorMode>" for mode in modes.split())
    coded = "".join(f"<pwg:DocumentFormat>{each}</pwg:DocumentFormat>" for each in formats.split())
    return (
        f"<scan:SettingProfile {attributes}><scan:ColorModes>{said}</scan:ColorModes>"
        f"<scan:DocumentFormats>{coded}</scan:DocumentFormats>"
        f"<scan:SupportedResolutions>{resolutions}</scan:SupportedResolutions></scan:SettingProfile>"
    )


def read(platen: str = "", adf: str = "", more: str = "") -> capabilities.Model:
    glass = f"<scan:Platen><scan:PlatenInputCaps>{platen}</scan:PlatenInputCaps></scan:Platen>" if platen else ""
    document = f"{HEAD}<pwg:Version>2.63</pwg:Version>{more}{glass}{adf}</scan:ScannerCapabilities>"
    return capabilities.read(document.encode(), "here")


def test_sizes_are_never_more_than_the_device_says() -> None:
    platen = read(SIZE + profile("RGB24", discrete((300, 300)))).capabilities.platen
    assert platen is not None
    # 2550/300 in = 8.5 in; 3508/300 in = 11.69333… in; 16/300 in = 0.05333… in, rounded up
    assert (platen.maximum, platen.minimum) == (Size(8500, 11693), Size(54, 54))
    assert platen.optical == (300, 300)


def test_only_resolutions_that_are_the_same_both_ways_are_offered() -> None:
    platen = read(SIZE + profile("RGB24", discrete((200, 100), (300, 300), (75, 75)))).capabilities.platen
    assert platen is not None
    assert platen.resolutions == (75, 300)


def test_of_a_range_the_usual_resolutions_on_its_steps() -> None:
    axis = "<scan:Min>75</scan:Min><scan:Max>{}</scan:Max><scan:Normal>75</scan:Normal><scan:Step>{}</scan:Step>"
    ranges = (
        f"<scan:XResolutionRange>{axis.format(600, 75)}</scan:XResolutionRange>"
        f"<scan:YResolutionRange>{axis.format(1200, 25)}</scan:YResolutionRange>"
    )
    platen = read(SIZE + profile("RGB24", ranges)).capabilities.platen
    assert platen is not None
    assert platen.resolutions == (75, 150, 300, 600)


def test_modes_that_jpeg_cannot_carry_are_left_out() -> None:
    platen = read(SIZE + profile("BlackAndWhite1 RGB48 Grayscale16 Grayscale8", discrete((300, 300)))).capabilities
    assert platen.platen is not None
    assert platen.platen.modes == (Mode.GRAY8,)


def test_the_profile_with_colour_speaks_for_its_source() -> None:
    platen = read(
        SIZE
        + profile("Grayscale8", discrete((300, 300), (1200, 1200)))
        + profile("RGB24", discrete((300, 300), (600, 600)))
    ).capabilities.platen
    assert platen is not None
    # Grey at 600 is offered by nobody, so grey is not offered.
    assert (platen.modes, platen.resolutions) == ((Mode.RGB24,), (300, 600))


def test_grey_is_offered_where_it_has_every_resolution_of_colour() -> None:
    platen = read(
        SIZE + profile("Grayscale8", discrete((300, 300), (600, 600))) + profile("RGB24", discrete((300, 300)))
    ).capabilities.platen
    assert platen is not None
    assert (platen.modes, platen.resolutions) == ((Mode.RGB24, Mode.GRAY8), (300,))


def test_a_profile_may_be_told_once_and_named_elsewhere() -> None:
    named = profile("RGB24", discrete((200, 200)), attributes='name="p"')
    found = read(
        SIZE + named,
        f'<scan:Adf><scan:AdfSimplexInputCaps>{SIZE}<scan:SettingProfile ref="p"/></scan:AdfSimplexInputCaps>'
        "</scan:Adf>",
    ).capabilities
    assert found.feeder is not None
    assert found.feeder.resolutions == (200,)
    assert found.feeder_back is None


def test_settings_may_stand_without_a_profile() -> None:
    bare = "<scan:ColorModes><scan:ColorMode>RGB24</scan:ColorMode></scan:ColorModes>" + discrete((100, 100))
    platen = read(SIZE + bare).capabilities.platen
    assert platen is not None
    assert platen.resolutions == (100,)


def test_a_feeder_that_only_knows_both_sides_scans_one_too() -> None:
    duplex = f"<scan:AdfDuplexInputCaps>{SIZE}{profile('RGB24', discrete((300, 300)))}</scan:AdfDuplexInputCaps>"
    found = read(adf=f"<scan:Adf>{duplex}</scan:Adf>").capabilities
    assert found.feeder == found.feeder_back
    assert found.feeder is not None


@pytest.mark.parametrize(
    "platen",
    [
        SIZE + profile("RGB24", discrete((300, 300)), "application/pdf"),
        SIZE + profile("RGB24", ""),
        SIZE + profile("", discrete((300, 300))),
        SIZE.replace("2550", "0") + profile("RGB24", discrete((300, 300))),
        SIZE.replace("2550", "99999999999") + profile("RGB24", discrete((300, 300))),
        SIZE.replace("2550", "wide") + profile("RGB24", discrete((300, 300))),
        profile("RGB24", discrete((300, 300))),
    ],
)
def test_a_source_that_is_no_use_is_left_out(platen: str) -> None:
    assert read(platen).capabilities.platen is None


def test_who_made_it_is_said_or_is_the_first_word_of_its_name() -> None:
    assert read(more="<pwg:MakeAndModel>Kyocera ECOSYS</pwg:MakeAndModel>").manufacturer == "Kyocera"
    said = read(more="<pwg:MakeAndModel>Smart Tank</pwg:MakeAndModel><scan:Manufacturer>HP</scan:Manufacturer>")
    assert (said.manufacturer, said.model) == ("HP", "Smart Tank")


@pytest.mark.parametrize("data", [b"", b"<", b"<a/>", b"<!DOCTYPE a><ScannerCapabilities/>", b"x" * 300_000])
def test_what_is_no_such_document_is_garbled(data: bytes) -> None:
    with pytest.raises(DeviceGarbled):
        capabilities.read(data, "here")


def test_resolutions_that_are_told_and_not_there_can_be_taken_away() -> None:
    found = read(SIZE + profile("RGB24", discrete((300, 300), (600, 600)))).capabilities
    less = capabilities.bounded(found, 300).platen
    assert less is not None
    assert (less.resolutions, less.optical) == ((300,), (300, 300))
