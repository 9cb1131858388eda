"""Every setting and every word of a ticket over the wire: asked for, insisted on, replaced, left out, and sent back.

What the bridge offers is taken; what it does not is replaced where the client lets it, and refused where not.
tests/wire/conftest.py holds every answer against the schema.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from drivers.contract.capabilities import Capabilities, FilmKind, Mode, Size, SourceCapabilities
from tests.wire.http_rig import KEY, Y01, Y08, Answer, FakeScanner, Rig, running

ALL = SourceCapabilities(
    optical=(600, 600),
    resolutions=(75, 150, 300, 600),
    modes=(Mode.RGB24, Mode.GRAY8, Mode.LINEART, Mode.RGB48, Mode.GRAY16),
    minimum=Size(100, 100),
    maximum=Size(8500, 11690),
)
W = f"{{{Y08}}}"
OFFERED = (
    "dib",
    "exif",
    "jfif",
    "pdf-a",
    "png",
    "tiff-single-uncompressed",
    "tiff-single-g4",
    "tiff-single-g3mh",
    "tiff-single-jpeg-tn2",
    "tiff-multi-uncompressed",
    "tiff-multi-g4",
    "tiff-multi-g3mh",
    "tiff-multi-jpeg-tn2",
)
NOT_OFFERED = ("jbig", "jpeg2k", "xps")


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    scanner = FakeScanner(capabilities=Capabilities(platen=ALL, feeder=ALL, feeder_back=ALL, film=ALL))
    async with running(tmp_path, scanners=(scanner,)) as found:
        yield found


def ticket(parameters: str, information: str = "") -> str:
    return (
        "<w:ScanTicket><w:JobDescription><w:JobName>n</w:JobName><w:JobOriginatingUserName>u"
        f"</w:JobOriginatingUserName>{information}</w:JobDescription>"
        f"<w:DocumentParameters>{parameters}</w:DocumentParameters></w:ScanTicket>"
    )


def side(name: str, color: str, most: str = "", must: str = "") -> str:
    """MediaFront or MediaBack; `most`: its region reaches so far over the edge."""
    x, width = ("99000", most) if most else ("100", "400")
    return (
        f"<w:{name}><w:ScanRegion><w:ScanRegionXOffset{must}>{x}</w:ScanRegionXOffset>"
        f"<w:ScanRegionYOffset{must}>{x}</w:ScanRegionYOffset><w:ScanRegionWidth{must}>{width}</w:ScanRegionWidth>"
        f"<w:ScanRegionHeight{must}>{width}</w:ScanRegionHeight></w:ScanRegion>"
        f"<w:ColorProcessing{must}>{color}</w:ColorProcessing><w:Resolution{must}><w:Width>{'7' if most else '75'}"
        f"</w:Width><w:Height>{'7' if most else '75'}</w:Height></w:Resolution></w:{name}>"
    )


def whole(must: str = "") -> str:
    """Every setting there is, each of which can be had."""
    return (
        f"<w:Format{must}>jfif</w:Format><w:CompressionQualityFactor{must}>80</w:CompressionQualityFactor>"
        f"<w:ImagesToTransfer{must}>2</w:ImagesToTransfer><w:InputSource{must}>ADFDuplex</w:InputSource>"
        f"<w:FilmScanMode{must}>NotApplicable</w:FilmScanMode><w:ContentType{must}>Photo</w:ContentType>"
        f"<w:InputSize{must}><w:InputMediaSize><w:Width>8000</w:Width><w:Height>11000</w:Height></w:InputMediaSize>"
        f"</w:InputSize><w:Exposure{must}><w:ExposureSettings><w:Contrast>10</w:Contrast><w:Brightness>-10"
        "</w:Brightness><w:Sharpness>5</w:Sharpness></w:ExposureSettings></w:Exposure>"
        f"<w:Scaling{must}><w:ScalingWidth>50</w:ScalingWidth><w:ScalingHeight>50</w:ScalingHeight></w:Scaling>"
        f"<w:Rotation{must}>180</w:Rotation><w:MediaSides>{side('MediaFront', 'Grayscale8', must=must)}"
        f"{side('MediaBack', 'Grayscale8', must=must)}</w:MediaSides>"
    )


def told(answer: Answer, name: str) -> list[tuple[str, bool, bool]]:
    """Each element of that name in the final parameters: its value, whether replaced, whether a default."""
    (final,) = answer.xml.iter(f"{W}DocumentFinalParameters")
    return [
        (each.text or "", each.get(f"{W}Override") == "true", each.get(f"{W}UsedDefault") == "true")
        for each in final.iter(f"{W}{name}")
    ]


async def asked_back(rig: Rig, job_id: str) -> Answer:
    """The job's own ticket."""
    return await rig.operate(
        "GetJobElements",
        f"<w:JobId>{job_id}</w:JobId><w:RequestedElements><w:Name>w:ScanTicket</w:Name></w:RequestedElements>",
    )


async def test_every_setting_that_must_be_honored_is_and_the_job_remembers_it(rig: Rig) -> None:
    information = "<w:JobInformation>about it</w:JobInformation>"
    created = await rig.operate("CreateScanJob", ticket(whole(' w:MustHonor="true"'), information))
    assert created.status == 200, created.body
    (final,) = created.xml.iter(f"{W}DocumentFinalParameters")
    assert not [each.tag for each in final.iter() if each.get(f"{W}Override") == "true"]
    assert [value for value, *_ in told(created, "FilmScanMode")] == ["NotApplicable"]
    assert len(told(created, "ColorProcessing")) == 2
    lines = [each.text for each in created.xml.iter(f"{W}PixelsPerLine")]
    assert lines == ["15", "15"]  # 400/1000 inch at 75 ppi, by half; a turn by 180 degrees keeps it
    answer = await asked_back(rig, created.text(f".//{W}JobId"))
    (kept,) = answer.xml.iter(f"{W}ScanTicket")
    assert kept.findtext(f".//{W}JobInformation") == "about it"
    assert len([each for each in kept.iter() if each.get(f"{W}MustHonor") == "true"]) == 22
    assert kept.find(f".//{W}MediaBack") is not None


async def test_what_cannot_be_had_is_replaced_and_each_replacement_is_told(rig: Rig) -> None:
    sides = (
        f"<w:MediaSides>{side('MediaFront', 'RGBa64', '99000')}{side('MediaBack', 'RGBa32', '99000')}</w:MediaSides>"
    )
    wishes = (
        "<w:Format>jfif</w:Format><w:InputSource>v:Drum</w:InputSource><w:ImagesToTransfer>7</w:ImagesToTransfer>"
        "<w:FilmScanMode>ColorSlideFilm</w:FilmScanMode><w:ContentType>v:Poem</w:ContentType>"
        "<w:InputSize><w:InputMediaSize><w:Width>99000</w:Width><w:Height>99000</w:Height></w:InputMediaSize>"
        f"</w:InputSize><w:Rotation>v:Oblique</w:Rotation>{sides}"
    )
    created = await rig.operate("CreateScanJob", ticket(wishes))
    assert created.status == 200, created.body
    assert told(created, "InputSource") == [("Platen", True, False)]
    assert told(created, "ImagesToTransfer") == [("1", True, False)]
    assert told(created, "FilmScanMode") == [("NotApplicable", True, False)]
    assert told(created, "ContentType") == [("Auto", True, False)]
    assert told(created, "Rotation") == [("0", True, False)]
    assert told(created, "ColorProcessing") == [("RGB24", True, False)]
    assert told(created, "ScanRegionXOffset") == [("8400", True, False)]
    assert told(created, "ScanRegionWidth") == [("100", True, False)]
    # Width and Height stand in the InputMediaSize first and in the Resolution then.
    assert told(created, "Width") == [("8500", True, False), ("75", True, False)]
    assert told(created, "Height") == [("11690", True, False), ("75", True, False)]


async def test_scaling_beyond_what_a_file_holds_is_replaced_and_that_is_told(rig: Rig) -> None:
    wishes = (
        "<w:Format>jfif</w:Format><w:Scaling><w:ScalingWidth>1000</w:ScalingWidth><w:ScalingHeight>1000"
        "</w:ScalingHeight></w:Scaling><w:MediaSides><w:MediaFront><w:Resolution><w:Width>600</w:Width>"
        "<w:Height>600</w:Height></w:Resolution></w:MediaFront></w:MediaSides>"
    )
    created = await rig.operate("CreateScanJob", ticket(wishes))
    assert told(created, "ScalingWidth") == told(created, "ScalingHeight") == [("100", True, False)]


async def test_what_is_left_out_gets_a_default_and_each_default_is_told(rig: Rig) -> None:
    created = await rig.operate("CreateScanJob", ticket(""))
    assert created.status == 200, created.body
    (final,) = created.xml.iter(f"{W}DocumentFinalParameters")
    leaves = [each for each in final.iter() if not len(each)]
    assert [each.tag for each in leaves if each.get(f"{W}UsedDefault") != "true"] == []
    assert len(leaves) == 20


async def test_pixels_of_16_bits_are_not_worked_on_and_that_is_told(rig: Rig) -> None:
    wishes = (
        "<w:Format>png</w:Format><w:Exposure><w:ExposureSettings><w:Contrast>10</w:Contrast><w:Brightness>10"
        "</w:Brightness><w:Sharpness>10</w:Sharpness></w:ExposureSettings></w:Exposure>"
        f"<w:MediaSides>{side('MediaFront', 'Grayscale16')}</w:MediaSides>"
    )
    created = await rig.operate("CreateScanJob", ticket(wishes))
    for name in ("Contrast", "Brightness", "Sharpness"):
        assert told(created, name) == [("0", True, False)]


@pytest.mark.parametrize("word", OFFERED)
async def test_an_offered_format_is_agreed_on(rig: Rig, word: str) -> None:
    created = await rig.operate("CreateScanJob", ticket(f"<w:Format>{word}</w:Format>"))
    assert told(created, "Format") == [(word, False, False)]


@pytest.mark.parametrize("word", NOT_OFFERED)
async def test_a_format_that_is_not_offered_is_refused_and_the_others_are_named(rig: Rig, word: str) -> None:
    for operation in ("CreateScanJob", "ValidateScanTicket"):
        refused = await rig.operate(operation, ticket(f"<w:Format>{word}</w:Format>"))
        assert (refused.status, refused.subcode) == (400, "w8:ClientErrorFormatNotSupported")
        assert sorted(each.text or "" for each in refused.xml.iter(f"{W}FormatValue")) == sorted(OFFERED)


@pytest.mark.parametrize(
    ("word", "used"),
    [
        *((word, word) for word in ("BlackAndWhite1", "Grayscale8", "Grayscale16", "RGB24", "RGB48")),
        *((word, "RGB24") for word in ("Grayscale4", "RGBa32", "RGBa64")),
    ],
)
async def test_a_colour_is_taken_or_replaced(rig: Rig, word: str, used: str) -> None:
    wish = f"<w:Format>tiff-single-uncompressed</w:Format><w:MediaSides>{side('MediaFront', word)}</w:MediaSides>"
    created = await rig.operate("CreateScanJob", ticket(wish))
    assert told(created, "ColorProcessing") == [(used, word != used, False)]
    remembered = await asked_back(rig, created.text(f".//{W}JobId"))
    assert remembered.text(f".//{W}ColorProcessing") == word


@pytest.mark.parametrize("word", ["Auto", "Text", "Photo", "Halftone", "Mixed"])
async def test_every_content_type_is_taken(rig: Rig, word: str) -> None:
    created = await rig.operate("CreateScanJob", ticket(f"<w:ContentType>{word}</w:ContentType>"))
    assert told(created, "ContentType") == [(word, False, False)]


@pytest.mark.parametrize("word", ["0", "90", "180", "270"])
async def test_every_rotation_is_taken(rig: Rig, word: str) -> None:
    created = await rig.operate("CreateScanJob", ticket(f"<w:Rotation>{word}</w:Rotation>"))
    assert told(created, "Rotation") == [(word, False, False)]


@pytest.mark.parametrize("word", ["Platen", "ADF", "ADFDuplex", "Film"])
async def test_every_source_there_is_is_taken(rig: Rig, word: str) -> None:
    created = await rig.operate("CreateScanJob", ticket(f"<w:InputSource>{word}</w:InputSource>"))
    assert told(created, "InputSource") == [(word, False, False)]
    assert len(told(created, "FilmScanMode")) == (word == "Film")


@pytest.mark.parametrize("word", ["ColorSlideFilm", "ColorNegativeFilm", "BlackandWhiteNegativeFilm"])
async def test_nothing_is_done_for_film_and_that_is_told(rig: Rig, word: str) -> None:
    wish = f"<w:InputSource>Film</w:InputSource><w:FilmScanMode{{}}>{word}</w:FilmScanMode>"
    created = await rig.operate("CreateScanJob", ticket(wish.format("")))
    assert told(created, "FilmScanMode") == [("NotApplicable", True, False)]
    remembered = await asked_back(rig, created.text(f".//{W}JobId"))
    assert remembered.text(f".//{W}FilmScanMode") == word
    refused = await rig.operate("CreateScanJob", ticket(wish.format(' w:MustHonor="true"')))
    assert refused.subcode == "w8:InvalidArgs"


async def test_kinds_of_film_are_had_where_the_scanner_tells_them_apart(tmp_path: Path) -> None:
    scanner = FakeScanner(capabilities=Capabilities(platen=ALL, film=ALL, films=tuple(FilmKind)))
    words = ["ColorSlideFilm", "ColorNegativeFilm", "BlackandWhiteNegativeFilm"]
    async with running(tmp_path, scanners=(scanner,)) as rig:
        answer = await rig.operate(
            "GetScannerElements",
            "<w:RequestedElements><w:Name>w:ScannerConfiguration</w:Name></w:RequestedElements>",
        )
        assert [each.text for each in answer.xml.iter(f"{W}FilmScanModeValue")] == words
        for word in words:
            wish = f'<w:InputSource>Film</w:InputSource><w:FilmScanMode w:MustHonor="true">{word}</w:FilmScanMode>'
            assert told(await rig.operate("CreateScanJob", ticket(wish)), "FilmScanMode") == [(word, False, False)]


async def test_a_detected_size_and_an_automatic_exposure_are_asked_for_and_remembered(rig: Rig) -> None:
    wishes = (
        "<w:InputSize><w:DocumentSizeAutoDetect>true</w:DocumentSizeAutoDetect></w:InputSize>"
        "<w:Exposure><w:AutoExposure>true</w:AutoExposure></w:Exposure>"
    )
    created = await rig.operate("CreateScanJob", ticket(wishes))
    assert told(created, "Width")[0] == ("8500", True, False)
    answer = await asked_back(rig, created.text(f".//{W}JobId"))
    assert answer.text(f".//{W}AutoExposure") == answer.text(f".//{W}DocumentSizeAutoDetect") == "true"


@pytest.mark.parametrize("operation", ["CreateScanJob", "ValidateScanTicket"])
@pytest.mark.parametrize(("year", "prefix"), [(Y08, "w8"), (Y01, "w1")])
async def test_settings_that_contradict_each_other_are_a_conflict(
    rig: Rig, operation: str, year: str, prefix: str
) -> None:
    must = ' w:MustHonor="true"'
    sides = f"<w:MediaSides>{side('MediaFront', 'BlackAndWhite1', must=must)}</w:MediaSides>"
    refused = await rig.operate(operation, ticket(f"<w:Format{must}>jfif</w:Format>{sides}"), year)
    assert (refused.status, refused.subcode) == (400, f"{prefix}:ClientErrorConflictingRequiredParameters")


async def test_the_whole_configuration_is_told(tmp_path: Path) -> None:
    scanner = FakeScanner(capabilities=Capabilities(platen=ALL, feeder=ALL, feeder_back=ALL, film=ALL))
    async with running(tmp_path, scanners=(scanner,), more={"scanner": [{"key": KEY, "location": "Room 2"}]}) as rig:
        answer = await rig.operate(
            "GetScannerElements",
            "<w:RequestedElements><w:Name>w:ScannerConfiguration</w:Name><w:Name>w:ScannerDescription</w:Name>"
            "</w:RequestedElements>",
        )
        assert answer.text(f".//{W}ScannerLocation") == "Room 2"
        assert answer.text(f".//{W}ADFSupportsDuplex") in ("true", "1")
        for parent, count in (("PlatenColor", 5), ("ADFColor", 10), ("FilmColor", 5)):
            assert len(answer.xml.findall(f".//{W}{parent}/{W}ColorEntry")) == count
        assert [each.text for each in answer.xml.iter(f"{W}FilmScanModeValue")] == ["NotApplicable"]


async def test_a_word_of_nobody_is_replaced_and_never_sent_back(rig: Rig) -> None:
    words = "<w:InputSource>Drum</w:InputSource><w:ContentType>v:Poem</w:ContentType><w:Rotation>45</w:Rotation>"
    created = await rig.operate("CreateScanJob", ticket(words))
    assert told(created, "InputSource") == [("Platen", True, False)]
    answer = await asked_back(rig, created.text(f".//{W}JobId"))
    (kept,) = answer.xml.iter(f"{W}DocumentParameters")
    assert [(each.tag, each.text) for each in kept] == [(f"{W}ContentType", "v:Poem")]


async def test_a_length_of_nothing_is_not_sent_back(rig: Rig) -> None:
    nothing = side("MediaFront", "Grayscale8").replace(">400<", ">0<").replace(">75<", ">0<")
    size = "<w:InputSize><w:InputMediaSize><w:Width>0</w:Width><w:Height>0</w:Height></w:InputMediaSize></w:InputSize>"
    created = await rig.operate("CreateScanJob", ticket(f"{size}<w:MediaSides>{nothing}</w:MediaSides>"))
    assert created.status == 200
    answer = await asked_back(rig, created.text(f".//{W}JobId"))
    (kept,) = answer.xml.iter(f"{W}DocumentParameters")
    assert [each.tag for each in kept] == [f"{W}MediaSides"]
    assert [each.tag for each in kept.iter() if not len(each)] == [f"{W}ColorProcessing"]
