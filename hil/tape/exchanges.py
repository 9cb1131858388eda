"""What was said over USB, as questions and answers: each thing the host sent, and what the device said to it.

Standard control requests are left out: every device answers those from its descriptors. Polls, which a host may ask
more often or less often than on the tape without anything being different, are found by what they look like: a
short cycle of questions that comes at least three times in a row with short answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hil.tape.file import Tape
from hil.tape.gloss import gloss
from hil.tape.records import Open, Usb, unhex

LONGEST_CYCLE = 6  # questions that are asked in turn
LEAST_TURNS = 3
POLL_ANSWER = 256  # bytes; more than that is no status


@dataclass(frozen=True, slots=True)
class Question:
    """What the host sent; equal questions are the same question."""

    endpoint: int
    data: bytes
    setup: bytes = b""

    def __str__(self) -> str:
        return f"control request {self.setup.hex(' ')}" if self.setup else gloss(self.data)


@dataclass(frozen=True, slots=True)
class Answer:
    """One transfer to the host, `delay` seconds after the question ended."""

    line: int
    endpoint: int
    delay: float
    data: bytes = b""
    error: str = ""
    digest: str = ""  # SHA-256 of bytes that were dropped; `data` is made up then


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question (None: the device spoke by itself after the link was opened) and its answers."""

    line: int
    t: float
    question: Question | None
    answers: tuple[Answer, ...] = ()
    opened: bool = False  # the link was opened just before
    refused: str = ""  # the error that the question itself met


def exchanges(tape: Tape, device: str) -> tuple[Exchange, ...]:
    """All of one USB device, in order."""
    found: list[Exchange] = []
    line, began, opened = 0, 0.0, False
    question: Question | None = None
    answers: list[Answer] = []
    refused = ""

    def close() -> None:
        nonlocal opened
        if question is not None or answers or opened:
            found.append(Exchange(line, began, question, tuple(answers), opened, refused))
            opened = False

    for number, record in tape.numbered(device):
        if isinstance(record, Open):
            close()
            line, began, question, answers, refused, opened = number, record.t, None, [], "", True
        elif isinstance(record, Usb) and not _standard(record):
            setup = unhex(record.setup or "")
            if record.inward and not setup:
                data = tape.data(record)
                answers.append(Answer(number, record.address, max(0.0, record.t - began), data, record.error or ""))
                continue
            if record.error == "timeout" and not setup:
                continue  # the device did not take it then; the host sends it again
            close()
            line, began, answers, refused = number, record.t, [], "" if setup else record.error or ""
            question = Question(0 if setup else record.address, b"" if record.inward else tape.data(record), setup)
            if setup and (record.inward or record.error):
                answers.append(Answer(number, 0, 0.0, tape.data(record), record.error or ""))
    close()
    return tuple(found)


def _standard(record: Usb) -> bool:
    setup = unhex(record.setup or "")
    return bool(setup) and not setup[0] & 0x60


def polls(said: Sequence[Exchange]) -> frozenset[Question]:
    """The questions that look like polls."""
    asked = [each.question if _like_a_poll(each) else None for each in said]
    found: set[Question] = set()
    for cycle in range(1, LONGEST_CYCLE + 1):
        same = 0
        for at in range(cycle, len(asked)):
            same = same + 1 if asked[at] is not None and asked[at] == asked[at - cycle] else 0
            if same >= cycle * (LEAST_TURNS - 1):
                turn = asked[at - cycle + 1 : at + 1]
                if _mostly_the_same(said, at, cycle):
                    found.update(each for each in turn if each is not None)
    return frozenset(found)


def _like_a_poll(exchange: Exchange) -> bool:
    question = exchange.question
    if question is None or exchange.refused or not exchange.answers:
        return False
    lonely = len(question.data) == 1 and not question.setup  # ACK and its like mean what came before them
    return not lonely and sum(len(each.data) for each in exchange.answers) <= POLL_ANSWER


def _mostly_the_same(said: Sequence[Exchange], at: int, cycle: int) -> bool:
    """Whether each question of the turn that ends at `at` was answered as in the turn before, but for one."""
    changed = 0
    for place in range(at - cycle + 1, at + 1):
        now = b"".join(each.data for each in said[place].answers)
        changed += now != b"".join(each.data for each in said[place - cycle].answers)
    return changed <= 1 and (cycle > 1 or changed == 0)
