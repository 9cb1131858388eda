"""What was changed in a line of a tape, in the words of that line: `byte 3 of hex was 00, is now 08`."""

import json
import re
from typing import Any

from hil.tape.difference import alike
from hil.tape.remainder import Before

_HEX = re.compile(r"([0-9a-f]{2}( [0-9a-f]{2})*)?")
_SPELLED = frozenset({"hex", "head", "tail", "setup"})  # fields that are bytes in hexadecimal
_BIND = ("the name of object {}", "the type of {}", "the value of {}")

_Path = tuple[str | int, ...]


def said(change: Before, now: bytes) -> str:
    """Which field it is, where it is one, and its place in the line; `now` is how the line stands there."""
    place = f"byte {change.at + 1} of the line"
    leaves = _leaves(change.line), _leaves(now)
    if leaves[0].keys() == leaves[1].keys():
        for path, then in leaves[0].items():
            if then != leaves[1][path]:
                return f"{_field(path, then, leaves[1][path], json.loads(change.line))} ({place})"
    return f"{place} was {shown(change.was)}, is now {shown(change.now)}"


def shown(data: bytes, *, text: bool = True) -> str:
    """`31 "1"`; the character only of `text`."""
    if not data:
        return "nothing"
    if data == b"\n":
        return "a line break"
    printable = text and all(0x20 <= byte < 0x7F for byte in data)
    return data.hex(" ") + (f' "{data.decode()}"' if printable else "")


def _field(path: _Path, then: Any, now: Any, line: dict[str, Any]) -> str:
    name, spelled = ".".join(str(part + 1 if isinstance(part, int) else part) for part in path), path[0] in _SPELLED
    if path[0] == "binds" and isinstance(path[1], int) and isinstance(path[2], int):
        oid, kind = line["binds"][path[1]][:2]
        name = _BIND[path[2]].format(path[1] + 1 if path[2] == 0 else oid)
        spelled = kind in {"octets", "opaque"} and path[2] == 2
    if not isinstance(then, str) or not isinstance(now, str):
        return f"{name} was {json.dumps(then)}, is now {json.dumps(now)}"
    if text := not (spelled and _HEX.fullmatch(then) and _HEX.fullmatch(now)):
        one, other = (each.encode("utf-8", "surrogatepass") for each in (then, now))
    else:
        one, other = bytes.fromhex(then), bytes.fromhex(now)
    ahead, behind = alike(one, other)
    was, put = one[ahead : len(one) - behind], other[ahead : len(other) - behind]
    return f"byte {ahead + 1} of {name} was {shown(was, text=text)}, is now {shown(put, text=text)}"


def _leaves(line: bytes) -> dict[_Path, Any]:
    """Everything that is said, by where; nothing where the line is not to be read."""
    try:
        said = json.loads(line)
        return dict(_below((), said)) if isinstance(said, dict) else {}
    except (ValueError, RecursionError):
        return {}


def _below(path: _Path, value: Any) -> list[tuple[_Path, Any]]:
    inner = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    return [
        each
        for key, there in inner
        for each in (_below((*path, key), there) if isinstance(there, dict | list) else [((*path, key), there)])
    ]
