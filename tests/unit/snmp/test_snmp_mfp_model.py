from hil.devices.mfp.model import Mfp, Upload, UploadError
from hil.devices.mfp.objects import mib
from hil.devices.stimuli import (
    After,
    At,
    CancelAtPanel,
    Clear,
    Cover,
    Fatal,
    InUse,
    Jam,
    LoadPaper,
    Plug,
    Press,
    RemovePaper,
    Slow,
    Stimulus,
    Unplug,
)
from hil.script import read
from hil.snmp.mib import oid

SCRIPT = "warmup=1,speed=3508,feed=0.25"  # a page lasts a second


def mfp(script: str = SCRIPT) -> Mfp:
    return Mfp(read(script), 0.0)


def run(model: Mfp, *stimuli: Stimulus, until: float = 60.0) -> list[tuple[float, Upload]]:
    """When the handshake went where, from time 0."""
    wake = model.update(0.0, stimuli)
    seen = [(0.0, model.state.upload)]
    while wake is not None and wake <= until:
        now = wake
        wake = model.update(now)
        if model.state.upload is not seen[-1][1]:
            seen.append((now, model.state.upload))
    return seen


def test_two_sheets_take_their_time() -> None:
    model = mfp()
    assert run(model, LoadPaper(2), Press()) == [
        (0.0, Upload.START),
        (1.0, Upload.ACTIVE),
        (2.0, Upload.NEWPAGE),
        (2.25, Upload.START),
        (2.35, Upload.ACTIVE),
        (3.35, Upload.DONE),
        (3.85, Upload.IDLE),
    ]
    assert (model.state.adf_pages, model.state.flatbed_pages, model.state.sheets) == (322, 150, 0)


def test_one_look_late_sees_the_same_end_as_many() -> None:
    model = mfp()
    model.update(0.0, [LoadPaper(2), Press()])
    model.update(100.0)
    assert (model.state.upload, model.state.adf_pages) == (Upload.IDLE, 322)


def test_an_empty_feeder_means_the_glass() -> None:
    model = mfp()
    assert run(model, Press())[-2:] == [(2.0, Upload.DONE), (2.5, Upload.IDLE)]
    assert (model.state.adf_pages, model.state.flatbed_pages) == (320, 151)


def test_a_jam_in_page_two_aborts_in_its_middle() -> None:
    model = mfp()
    seen = run(model, LoadPaper(3), At(2, 50, Jam()), Press())
    assert (2.85, Upload.ABORTED) in [(round(when, 6), upload) for when, upload in seen]
    assert (model.state.error, model.state.adf_pages, model.state.jammed) == (UploadError.JAM, 321, True)
    model.update(70.0, [Clear()])
    assert not model.state.jammed


def test_the_stop_key_a_cover_and_a_fault_abort_each_with_its_number() -> None:
    for happening, error in (
        (CancelAtPanel(), UploadError.STOP_KEY),
        (Cover(open=True), UploadError.COVER_OPEN),
        (Fatal(), UploadError.NONE),
    ):
        model = mfp()
        assert (1.5, Upload.ABORTED) in run(model, LoadPaper(1), Press(), After(1.5, happening))
        assert model.state.error is error


def test_a_press_that_cannot_scan_is_aborted_at_once() -> None:
    for stimuli, error in (
        ((LoadPaper(1), Cover(open=True)), UploadError.COVER_OPEN),
        ((LoadPaper(1), Jam()), UploadError.JAM),
        ((InUse(taken=True),), UploadError.BUSY),
    ):
        model = mfp()
        model.update(0.0, [*stimuli, Press()])
        assert (model.state.upload, model.state.error) == (Upload.ABORTED, error)


def test_paper_taken_out_before_the_first_page_is_no_document() -> None:
    model = mfp()
    assert (1.0, Upload.ABORTED) in run(model, LoadPaper(2), Press(), After(0.5, RemovePaper()))
    assert model.state.error is UploadError.NO_DOCUMENT


def test_a_slow_motor_keeps_what_is_done() -> None:
    seen = run(mfp(), Press(), After(1.5, Slow(2)))
    assert (2.5, Upload.DONE) in seen


def test_cancel_without_a_scan_is_nothing() -> None:
    model = mfp()
    assert run(model, CancelAtPanel()) == [(0.0, Upload.IDLE)]
    assert model.state.error is UploadError.NONE


def test_an_unplugged_mfp_shows_no_objects_and_goes_on() -> None:
    model = mfp()
    model.update(0.0, [LoadPaper(1), Press(), Unplug()])
    assert mib(model, 1.5) is None
    model.update(60.0, [Plug()])
    shown = mib(model, 60.0)
    assert shown is not None
    pages = shown.get(oid("1.3.6.1.4.1.11.2.3.9.4.2.1.2.2.1.45.0"))
    assert pages is not None
    assert pages.value == 321
