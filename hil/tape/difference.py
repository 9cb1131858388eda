"""Where two rows of bytes differ, in words that a stranger understands."""

from collections.abc import Iterator, Sequence

SHOWN = 8


def difference(tape: bytes, now: bytes, what: str) -> str | None:
    """`byte 3 of WHAT differs: tape 08, now 00`, counted from 1; None where nothing differs."""
    for at, (before, after) in enumerate(zip(tape, now, strict=False), start=1):
        if before != after:
            return f"byte {at} of {what} differs: tape {before:02x}, now {after:02x}"
    if len(tape) == len(now):
        return None
    longer, rest = ("tape", tape[len(now) :]) if len(tape) > len(now) else ("now", now[len(tape) :])
    shown = rest[:SHOWN].hex(" ") + (" …" if len(rest) > SHOWN else "")
    return f"{what} has {_count(len(tape))} on the tape and {_count(len(now))} now: {longer} goes on with {shown}"


def _count(size: int) -> str:
    return f"{size} byte" if size == 1 else f"{size} bytes"


def lines(tape: list[str], now: list[str], what: str) -> Iterator[str]:
    """The first line in which two lists differ; nothing where they are the same."""
    for number, (before, after) in enumerate(zip(tape, now, strict=False), start=1):
        if before != after:
            yield f"{what} {number} differs:\n  tape {before}\n  now  {after}"
            return
    if len(tape) != len(now):
        first = (tape[len(now) :] or now[len(tape) :])[0]
        where = "only on the tape" if len(tape) > len(now) else "only now"
        yield f"{what}: {len(tape)} on the tape and {len(now)} now; the first that is {where}:\n  {first}"


def alike(then: Sequence[object], now: Sequence[object]) -> tuple[int, int]:
    """How many are the same at the beginning and, of the rest, at the end."""
    most = min(len(then), len(now))
    ahead = next((at for at in range(most) if then[at] != now[at]), most)
    most -= ahead
    return ahead, next((at for at in range(most) if then[-1 - at] != now[-1 - at]), most)
