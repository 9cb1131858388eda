"""The simulated MFP for network clients: its pure model and its eSCL face, by hand-turned time."""

import pytest

from hil.devices.mfp.escl import EsclFace
from hil.devices.mfp.jobs import JobState, Reason
from hil.devices.mfp.model import Mfp, Occupied, Prevented
from hil.devices.stimuli import (
    At,
    CancelAtPanel,
    Clear,
    Cover,
    DoubleFeed,
    Fatal,
    InUse,
    Jam,
    LoadPaper,
    Press,
    Stimulus,
)
from hil.http import BadRequest, Broken, Conversation, Request
from hil.script import read

SCRIPT = "warmup=1,speed=3508,feed=0.25"  # a page lasts a second
FEEDER = b"<S><InputSource>Feeder</InputSource><XResolution>75</XResolution><YResolution>75</YResolution></S>"


def mfp(more: str = "") -> Mfp:
    return Mfp(read(f"{SCRIPT},{more}"), 0.0)


def test_a_batch_takes_its_time() -> None:
    model = mfp("adf=2")
    job = model.scan(feeder=True, duplex=False, now=0.0)
    for when, images, completed in ((0.9, 0, 0), (1.0, 1, 0), (2.0, 1, 1), (2.25, 2, 1), (3.25, 2, 2)):
        model.update(when)
        found = model.job(job.number)
        assert found is not None
        assert (len(found.images), found.completed) == (images, completed), when
    model.fetched(job.number, 3.3)
    model.fetched(job.number, 3.4)
    assert model.state.jobs[-1].state is JobState.COMPLETED
    assert (model.state.sheets, model.state.adf_pages) == (0, 322)


def test_images_that_nobody_fetches_time_out() -> None:
    model = mfp()
    model.scan(feeder=False, duplex=False, now=0.0)
    model.update(100.0)
    assert (model.state.jobs[-1].state, model.state.jobs[-1].reason) == (JobState.ABORTED, Reason.TIMED_OUT)


@pytest.mark.parametrize(("stimulus", "error"), [(InUse(True), Occupied), (Fatal(), Prevented), (Jam(), Prevented)])
def test_what_keeps_a_scan_from_beginning(stimulus: Stimulus, error: type[Exception]) -> None:
    model = mfp("adf=1")
    model.update(0.0, [stimulus])
    with pytest.raises(error):
        model.scan(feeder=True, duplex=False, now=0.0)


def test_an_empty_feeder_prevents_a_scan_and_a_jam_does_not_hinder_the_glass() -> None:
    model = mfp()
    with pytest.raises(Prevented):
        model.scan(feeder=True, duplex=False, now=0.0)
    model.update(0.0, [Jam(), Cover(True)])
    model.scan(feeder=False, duplex=False, now=0.0)


def test_one_scan_at_a_time_wherever_it_was_started() -> None:
    model = mfp("adf=2")
    model.scan(feeder=False, duplex=False, now=0.0)
    model.update(0.1, [Press()])
    assert [job.at_panel for job in model.state.jobs] == [False]
    other = mfp("adf=2")
    other.update(0.0, [Press()])
    with pytest.raises(Occupied):
        other.scan(feeder=False, duplex=False, now=0.1)


@pytest.mark.parametrize(
    ("stimulus", "state"),
    [
        (Jam(), JobState.ABORTED),
        (DoubleFeed(), JobState.ABORTED),
        (Cover(True), JobState.ABORTED),
        (Fatal(), JobState.ABORTED),
        (CancelAtPanel(), JobState.CANCELED),
    ],
)
def test_what_happens_on_page_two_breaks_it_and_keeps_page_one(stimulus: Stimulus, state: JobState) -> None:
    model = mfp("adf=3")
    model.update(0.0, [At(2, 50, stimulus)])  # type: ignore[arg-type]
    model.scan(feeder=True, duplex=True, now=0.0)
    model.update(2.75)
    job = model.state.jobs[-1]
    assert (job.state, job.completed, [image.broken for image in job.images]) == (
        state,
        2,
        [False, False, True, True],
    )
    model.update(3.0, [Clear(), LoadPaper(1)])
    model.scan(feeder=True, duplex=False, now=3.0)


def test_a_scan_at_the_panel_is_in_the_list_too() -> None:
    model = mfp("adf=2")
    model.update(0.0, [Press()])
    model.update(2.5)
    job = model.state.jobs[-1]
    assert (job.at_panel, job.state, job.completed) == (True, JobState.PROCESSING, 1)
    model.update(10.0)
    assert (model.state.jobs[-1].state, model.state.jobs[-1].completed) == (JobState.COMPLETED, 2)


class Client:
    """One connection to the face."""

    def __init__(self, model: Mfp) -> None:
        self.talk = Conversation(EsclFace(model).serve)

    def ask(self, method: str, path: str, now: float, body: bytes = b"") -> tuple[int, bytes]:
        """Status and what there is of the rest by `now`; 0: nothing at all."""
        self.talk.feed(f"{method} {path} HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        return self.more(now)

    def more(self, now: float) -> tuple[int, bytes]:
        data = b""
        while (piece := self.talk.take(1 << 20, now)) is not None:
            data += piece
        head, _, rest = data.partition(b"\r\n\r\n")
        return (int(head.split()[1]), rest) if head.startswith(b"HTTP") else (0, data)


def test_a_page_grows_while_it_is_scanned() -> None:
    client = Client(mfp("adf=1"))
    assert client.ask("POST", "/eSCL/ScanJobs", 0.0, FEEDER)[0] == 201
    assert client.ask("GET", "/eSCL/ScanJobs/1/NextDocument", 0.5)[0] == 503
    status, begun = client.ask("GET", "/eSCL/ScanJobs/1/NextDocument", 1.25)
    quarter = client.more(1.5)[1]
    rest = client.more(2.0)[1]
    assert (status, begun[-10:]) == (200, begun[-10:])
    assert 0 < len(quarter) < len(rest)
    assert rest.endswith(b"\r\n0\r\n\r\n")
    assert client.ask("GET", "/eSCL/ScanJobs/1/NextDocument", 2.1)[0] == 404


def test_a_page_that_breaks_kills_its_connection() -> None:
    model = mfp("adf=1,jam@1")
    client = Client(model)
    client.ask("POST", "/eSCL/ScanJobs", 0.0, FEEDER)
    client.ask("GET", "/eSCL/ScanJobs/1/NextDocument", 1.25)
    with pytest.raises(Broken):
        client.more(1.6)
    status, said = Client(model).ask("GET", "/eSCL/ScannerStatus", 1.7)
    assert status == 200
    assert b"ScannerAdfJam" in said
    assert b"Aborted" in said


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/", b"", 404),
        ("GET", "/eSCL/ScanJobs/7/NextDocument", b"", 404),
        ("DELETE", "/eSCL/ScanJobs/x", b"", 404),
        ("POST", "/eSCL/ScanJobs", b"", 400),
        ("POST", "/eSCL/ScanJobs", b"<S><XResolution>77</XResolution></S>", 400),
        ("POST", "/eSCL/ScanJobs", b"<S><Width>9999</Width></S>", 400),
        ("POST", "/eSCL/ScanJobs", b"<S><DocumentFormat>application/pdf</DocumentFormat></S>", 400),
        ("POST", "/eSCL/ScanJobs", FEEDER, 409),
    ],
)
def test_what_is_not_there_or_not_possible_has_its_status(method: str, path: str, body: bytes, status: int) -> None:
    assert Client(mfp()).ask(method, path, 0.0, body)[0] == status


def test_a_second_job_is_told_to_wait() -> None:
    model = mfp("adf=1")
    client = Client(model)
    client.ask("POST", "/eSCL/ScanJobs", 0.0, FEEDER)
    assert client.ask("POST", "/eSCL/ScanJobs", 0.1, FEEDER)[0] == 503
    assert client.ask("DELETE", "/eSCL/ScanJobs/1", 0.2)[0] == 200
    assert client.ask("GET", "/eSCL/ScanJobs/1/NextDocument", 0.3)[0] == 410


@pytest.mark.parametrize("data", [b"no http\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"x" * 20_000])
def test_what_is_no_request_is_refused(data: bytes) -> None:
    talk = Conversation(EsclFace(mfp()).serve)
    with pytest.raises(BadRequest):
        talk.feed(data)


def test_an_absolute_target_is_understood() -> None:
    asked: list[Request] = []

    def serve(request: Request, now: float) -> object:
        asked.append(request)
        raise Broken

    talk = Conversation(serve)  # type: ignore[arg-type]
    talk.feed(b"GET http://192.0.2.1:8080/a/b?c=d HTTP/1.1\r\nHost: x\r\n\r\n")
    with pytest.raises(Broken):
        talk.take(10, 0.0)
    assert (asked[0].path, asked[0].query, asked[0].headers) == ("/a/b", "c=d", {"host": "x"})
