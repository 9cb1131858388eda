"""What the body shows, in the scanner's words. Source: SANE epsonds, utsushi, Epson Scan 2."""

from hil.devices.esci2.words import token
from hil.devices.mechanism import State


def cause(state: State) -> str | None:
    """What keeps the feeder from feeding."""
    if state.jammed:
        return "PJ  "
    if state.double_fed:
        return "DFED"
    return "OPN " if state.cover_open else None


def told(state: State, *, feeder: bool, glass: bool) -> bytes:
    """The troubles that STAT tells."""
    tokens = b""
    if state.fatal:
        tokens += b"".join(token("ERR", unit, "ERR ") for unit, there in (("ADF ", feeder), ("FB  ", glass)) if there)
    elif feeder and (found := cause(state)):
        tokens += token("ERR", "ADF ", found)
    elif feeder and not state.paper:
        tokens += token("ERR", "ADF ", "PE  ")
    return tokens
