"""placeholder"""

from hil.tape.file import Tape


def redacted(tape: Tape) -> Tape:
    return tape
