"""What no simulated scanner does: answers of UNKN and INVD, troubles in the answer to TRDT, sizes without bounds."""

from collections import deque
from dataclasses import replace

import pytest

from drivers.contract.capabilities import Mode, Source
from drivers.contract.document import Region, ScanRequest
from drivers.contract.errors import DeviceBusy, DeviceGarbled, FeederEmpty, ScanFailed
from drivers.contract.handover import Handover
from drivers.contract.observation import Snapshot, Trouble, TroubleKind, Unit
from drivers.usb.esci2 import wire
from drivers.usb.esci2.dialogue import Dialogue
from drivers.usb.esci2.model import Model, identify
from drivers.usb.esci2.scanner import Esci2Scanner
from drivers.usb.exchange import Exchange

INFO = b"#ADFTYPEFEED#ADFALGNLEFT#ADFAREAd850i0001400#ADFRESOd600#FB AREAd850i0001170#FB RESOi0001200#PRDh004DS-X"
CAPA = b"#ADFDPLX#COLLISTC024M001M008#FMTLISTRAW JPG #RSMRANGd050i0001200#RSSRANGd050i0001200"
REQUEST = ScanRequest("job-1", Source.FEEDER, Mode.GRAY8, (100, 100), Region(0, 0, 1000, 1000))


def answer(code: bytes, tokens: bytes = b"", data: bytes = b"") -> list[bytes]:
    whole = [(b"%sx%07X%s#---" % (code, len(data), tokens)).ljust(64, b"\0")]
    return [*whole, data] if data else whole


class Scripted:
    """A link whose other end answers each request by what stands beside it, once, or as an idle scanner."""

    def __init__(self, **said: list[bytes]) -> None:
        self.said = {code.encode().ljust(4, b" "): line for code, line in said.items()}
        self.sent: list[bytes] = []
        self._line: deque[bytes] = deque()
        self._now = 0.0

    def write(self, data: bytes) -> None:
        self.sent.append(data)
        code = data[:4]
        if code in self.said:
            self._line.extend(self.said.pop(code))
        elif data in (wire.CONTROL, wire.INQUIRY):
            self._line.append(wire.ACK)
        elif code == b"INFO":
            self._line.extend(answer(code, data=INFO))
        elif code == b"CAPA":
            self._line.extend(answer(code, data=CAPA))
        elif data[4:5] == b"x" and int(data[5:12], 16) == 0:
            self._line.extend(answer(code))
        elif data[:4] != b"PARA":
            self._line.extend(answer(b"PARA", b"#parOK  "))

    def read(self, limit: int, seconds: float = 0.25) -> bytes:
        if not self._line:
            self._now += seconds
            return b""
        data = self._line.popleft()
        if len(data) > limit:
            self._line.appendleft(data[limit:])
        return data[:limit]

    def interrupt(self, limit: int, seconds: float = 0.25) -> bytes:
        raise NotImplementedError

    def control(self, request_type: int, request: int, value: int, index: int, data: bytes | int) -> bytes:
        raise NotImplementedError

    def close(self) -> None:
        pass

    def monotonic(self) -> float:
        return self._now


def met(**said: list[bytes]) -> tuple[Scripted, Model]:
    link = Scripted(**said)
    return link, identify(Dialogue(Exchange(link, link.monotonic)), 0x04B8, 0x0155)


def scanned(link: Scripted, model: Model, request: ScanRequest = REQUEST) -> list[Snapshot]:
    told: list[Snapshot] = []

    def tell(snapshot: Snapshot, *, lasting: bool = False) -> None:
        told.append(snapshot)

    Esci2Scanner(model, link.monotonic).scan(link, request, Handover(), tell)
    return told


def test_a_range_of_resolutions_is_the_usual_ones_up_to_what_each_unit_resolves():
    _, model = met()
    can = model.capabilities
    assert can.platen is not None
    assert can.feeder is not None
    assert can.platen.resolutions == (50, 75, 100, 150, 200, 240, 300, 400, 600, 800, 1200)
    assert can.feeder.resolutions[-1] == 600
    assert can.buttons == ()


@pytest.mark.parametrize("code", [b"UNKN", b"INVD"])
def test_a_request_refused_is_garbled_and_the_session_is_ended(code: bytes):
    link, model = met()
    link.said[b"STAT"] = answer(code)
    scanner = Esci2Scanner(model, link.monotonic)
    with pytest.raises(DeviceGarbled, match=code.decode()):
        scanner.observe(link)
    assert link.sent[-1] == b"FIN x0000000"
    assert scanner.observe(link).troubles == frozenset()


def test_a_scanner_without_sessions_for_asking_is_asked_in_the_other_kind():
    link = Scripted()
    link.said[wire.INQUIRY] = [wire.NAK]
    model = identify(Dialogue(Exchange(link, link.monotonic)), 0x04B8, 0x0155)
    assert wire.CONTROL in link.sent
    assert model.name == "DS-X"


def test_a_scanner_that_opens_no_session_is_busy():
    link = Scripted()
    link.said[wire.INQUIRY] = [wire.NAK]
    link.said[wire.CONTROL] = [wire.NAK]
    with pytest.raises(DeviceBusy):
        identify(Dialogue(Exchange(link, link.monotonic)), 0x04B8, 0x0155)


def test_parameters_refused_end_the_scan():
    link, model = met()
    link.said[b"#ADF"] = answer(b"PARA", b"#parFAIL")
    with pytest.raises(ScanFailed, match="refuses the parameters"):
        scanned(link, model)


def test_no_paper_in_the_answer_to_trdt_is_an_empty_feeder():
    link, model = met(TRDT=answer(b"TRDT", b"#errADF PE  "))
    with pytest.raises(FeederEmpty):
        scanned(link, model)


def test_a_jam_in_the_answer_to_trdt_is_told():
    link, model = met(TRDT=answer(b"TRDT", b"#errADF PJ  "))
    with pytest.raises(ScanFailed, match="paper jam in the document feeder"):
        scanned(link, model)


def test_paper_that_ends_in_the_middle_of_a_page_fails_the_scan():
    link, model = met(IMG=[*answer(b"IMG ", b"#psti0000100i0000000i0000100#typIMGA#errADF PE  ", b"\0" * 500)])
    with pytest.raises(ScanFailed, match="in the middle of a page"):
        scanned(link, model)


@pytest.mark.parametrize(
    "line",
    [
        answer(b"IMG ", b"", b"rows before their page"),
        answer(b"IMG ", b"#psti9999999i0000000i0000100"),
        answer(b"IMG ", b"#psti0000100i0000000i0000100#typIMGB"),  # a back that nobody asked for
        [b"IMG x0400001#---".ljust(64, b"\0")],  # 4 MB and one byte
    ],
)
def test_an_answer_out_of_bounds_ends_the_scan_and_the_session(line: list[bytes]):
    link, model = met(IMG=line)
    with pytest.raises(DeviceGarbled):
        scanned(link, model)
    assert link.sent[-1].startswith(b"FIN ")


def test_a_large_scanner_is_asked_for_each_of_its_units():
    link = Scripted(INFO=answer(b"INFO", data=INFO.replace(b"#PRDh004DS-X", b"#PRDh010DS-7500         ")))
    model = identify(Dialogue(Exchange(link, link.monotonic)), 0x04B8, 0x0145)
    assert model.quirk.unit_before_status
    link.said[b"STAT"] = answer(b"STAT", data=b"#ERRADF OPN ")  # the first of two
    seen = Esci2Scanner(model, link.monotonic).observe(link)
    assert seen.troubles == {Trouble(TroubleKind.COVER_OPEN, Unit.FEEDER)}
    assert [data for data in link.sent if data[:1] == b"#"] == [b"#ADF", b"#FB "]


def test_a_scanner_that_has_stopped_by_itself_without_a_word_has_done_its_work():
    page = answer(b"IMG ", b"#psti0000100i0000000i0000100#typIMGA", b"\0" * 10_000)
    link, model = met(IMG=[*page, *answer(b"IMG ", b"#peni0000100i0000100#typIMGA")], CAN=answer(b"INVD"))
    told = scanned(link, model, replace(REQUEST, pages=1))
    assert [job.pages for job in told[-1].jobs] == [1]
