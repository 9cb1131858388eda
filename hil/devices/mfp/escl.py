"""The simulated MFP as an eSCL client sees it: capabilities, status, jobs, and pages that grow while they are scanned.

Spec: eSCL as Mopria publishes it. While the lamp warms NextDocument is answered by 503; after that it waits for its
page, and a page that will never be whole breaks its connection. Pure: see `hil.http`.
"""

from dataclasses import dataclass
from http import HTTPStatus

from drivers.contract.capabilities import Source
from hil.devices.mfp import escl_words as words
from hil.devices.mfp import pixels
from hil.devices.mfp.jobs import Image, Job, JobState
from hil.devices.mfp.model import Mfp, Occupied, Prevented
from hil.http import Broken, Reply, Request, Whole, chunk, head

ROOT = "/eSCL"
JOBS = f"{ROOT}/ScanJobs"


class EsclFace:
    """Answers for one MFP; several connections may share it."""

    def __init__(self, mfp: Mfp) -> None:
        self._mfp = mfp
        self._settings: dict[int, words.Settings] = {}  # by job

    def serve(self, request: Request, now: float) -> Reply:
        """The answer to one request."""
        self._mfp.update(now)
        match request.method, request.path:
            case "GET", "/eSCL/ScannerCapabilities":
                return Whole(HTTPStatus.OK, words.capabilities())
            case "GET", "/eSCL/ScannerStatus":
                return Whole(HTTPStatus.OK, words.status(self._mfp.state, now))
            case "POST", "/eSCL/ScanJobs":
                return self._create(request, now)
            case method, path if path.startswith(f"{JOBS}/"):
                number, _, what = path.removeprefix(f"{JOBS}/").partition("/")
                return self._of_job(method, number, what, now)
        return Whole(HTTPStatus.NOT_FOUND)

    def _create(self, request: Request, now: float) -> Reply:
        try:
            settings = words.settings(request.body)
            job = self._mfp.scan(feeder=settings.feeder, duplex=settings.duplex, now=now)
        except words.BadSettings:
            return Whole(HTTPStatus.BAD_REQUEST)
        except Occupied:
            return Whole(HTTPStatus.SERVICE_UNAVAILABLE, Retry_After=1)
        except Prevented:
            return Whole(HTTPStatus.CONFLICT)
        self._settings = {number: kept for number, kept in self._settings.items() if self._mfp.job(number)}
        self._settings[job.number] = settings
        host = request.headers.get("host", "localhost")
        return Whole(HTTPStatus.CREATED, Location=f"http://{host}{words.uri(job)}")

    def _of_job(self, method: str, number: str, what: str, now: float) -> Reply:
        job = self._mfp.job(int(number)) if number.isdecimal() else None
        if job is None or job.number not in self._settings:
            return Whole(HTTPStatus.NOT_FOUND)
        settings = self._settings[job.number]
        match method, what:
            case "DELETE", "":
                self._mfp.cancel(job.number, now)
                return Whole(HTTPStatus.OK)
            case "GET", "ScanImageInfo":
                return Whole(HTTPStatus.OK, words.image_info(job, settings))
            case "GET", "NextDocument":
                return self._next_document(job, settings)
        return Whole(HTTPStatus.METHOD_NOT_ALLOWED)

    def _next_document(self, job: Job, settings: words.Settings) -> Reply:
        if not job.images and not job.over:
            return Whole(HTTPStatus.SERVICE_UNAVAILABLE, Retry_After=1)
        return PageReply(self._mfp, job.number, job.fetched, settings)


@dataclass(slots=True)
class PageReply:
    """One image as it comes out of the machine: nothing before it begins, then as much as is scanned."""

    mfp: Mfp
    number: int
    index: int
    settings: words.Settings
    _pixels: bytes = b""
    _sent: int = 0
    _state: str = "waiting"
    _left: bytes = b""  # framed, not taken yet

    def take(self, limit: int, now: float) -> bytes | None:
        """See `hil.http.Reply`."""
        self.mfp.update(now)
        if not self._left and self._state != "over":
            self._left = self._more(now)
        if not self._left:
            return b"" if self._state == "over" else None
        data, self._left = self._left[:limit], self._left[limit:]
        return data

    def _more(self, now: float) -> bytes:
        job = self.mfp.job(self.number)
        image = job.images[self.index] if job is not None and self.index < len(job.images) else None
        if self._state == "waiting":
            return self._begin(job, image)
        if job is None or image is None or image.broken:
            raise Broken
        whole = image.ended is not None
        most = len(self._pixels) if whole else int(len(self._pixels) * self.mfp.percent(now) / 100)
        data, self._sent = self._pixels[self._sent : most], max(self._sent, most)
        framed = chunk(data) if data else b""
        if whole:
            self.mfp.fetched(self.number, now)
            self._state = "over"
            framed += chunk(b"")
        return framed

    def _begin(self, job: Job | None, image: Image | None) -> bytes:
        if image is None and job is not None and not job.over:
            return b""  # the feeder is still bringing the sheet
        if job is None or image is None or image.broken:
            self._state = "over"
            return Whole(_ends(job)).take(4096, 0.0)
        source = Source.FEEDER if job.from_feeder else Source.PLATEN
        settings = self.settings
        self._pixels = pixels.jpeg(
            image.page, source, settings.mode, settings.ppi, settings.area, back=image.back
        )  # fmt: skip
        self._state = "sending"
        return head(HTTPStatus.OK, {"Content-Type": "image/jpeg", "Transfer-Encoding": "chunked"})


def _ends(job: Job | None) -> HTTPStatus:
    """What is said where there is no image any more."""
    if job is None or job.state is JobState.COMPLETED:
        return HTTPStatus.NOT_FOUND
    return HTTPStatus.GONE if job.state is JobState.CANCELED else HTTPStatus.CONFLICT
