"""Walks of SNMP agents as tapes: net-snmp's `snmpwalk` text, and snmpsim's .snmprec.

Of names only those are understood that need no MIB: numbers, `iso`, `SNMPv2-SMI::mib-2` and the like, and the system
group. `snmpwalk -On` writes numbers.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from hil.snmp import mib
from hil.snmp.ber import Oid, Tag, Typed
from hil.tape import records, values
from hil.tape.file import Tape, TapeError
from hil.tape.records import Snmp, SnmpIdentity

BINDS: Final = 50  # objects of one line

_NAME = r"(?:\.?1|\.?iso|[A-Za-z][\w-]*::[\w-]+)(?:\.\d+)*"
_LINE = re.compile(rf"({_NAME}) = ?(.*)")
_VALUE = re.compile(r"(?:Wrong Type \(should be [^)]*\): )?([A-Za-z][\w -]*?): ?(.*)", re.DOTALL)
_NOTHING = ("No Such Object", "No Such Instance", "No more variables")
_ROOTS: Final = {
    "iso": "1",
    "SNMPv2-SMI::mib-2": "1.3.6.1.2.1",
    "SNMPv2-SMI::enterprises": "1.3.6.1.4.1",
    "SNMPv2-SMI::private": "1.3.6.1.4",
    "SNMPv2-SMI::experimental": "1.3.6.1.3",
    "SNMPv2-SMI::snmpModules": "1.3.6.1.6.3",
    "SNMPv2-SMI::transmission": "1.3.6.1.2.1.10",
    "SNMPv2-SMI::host": "1.3.6.1.2.1.25",
    "SNMPv2-MIB::sysDescr": "1.3.6.1.2.1.1.1",
    "SNMPv2-MIB::sysObjectID": "1.3.6.1.2.1.1.2",
    "SNMPv2-MIB::sysContact": "1.3.6.1.2.1.1.4",
    "SNMPv2-MIB::sysName": "1.3.6.1.2.1.1.5",
    "SNMPv2-MIB::sysLocation": "1.3.6.1.2.1.1.6",
    "SNMPv2-MIB::sysServices": "1.3.6.1.2.1.1.7",
    "DISMAN-EVENT-MIB::sysUpTimeInstance": "1.3.6.1.2.1.1.3.0",
    "DISMAN-EXPRESSION-MIB::sysUpTimeInstance": "1.3.6.1.2.1.1.3.0",
}
_NUMBERS: Final = {
    "INTEGER": Tag.INTEGER,
    "Integer32": Tag.INTEGER,
    "Counter32": Tag.COUNTER32,
    "Gauge32": Tag.GAUGE32,
    "Unsigned32": Tag.GAUGE32,
    "Counter64": Tag.COUNTER64,
    "Timeticks": Tag.TIME_TICKS,
}


def recognised(text: str) -> bool:
    """Whether this looks like snmpwalk's text."""
    return any(_LINE.match(line) for line in text[:4096].splitlines())


def is_snmprec(text: str) -> bool:
    """Whether this looks like a .snmprec file."""
    first = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    return re.match(r"\.?\d+(\.\d+)+\|\d+x?\|", first) is not None


def read_snmprec(path: Path, text: str) -> Tape:
    """Raises TapeError naming the line."""
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip() and not line.startswith("#"):
            try:
                found.append(mib.read_line(line.rstrip("\r")))
            except ValueError as err:
                raise TapeError(f"{path}, line {number}: {err}") from err
    return _tape(path, found)


def read(path: Path, text: str) -> Tape:
    """Raises TapeError naming the line."""
    found = []
    for number, name, said in _objects(text):
        try:
            value = _value(said)
            if value is not None:
                found.append((_oid(name), value))
        except ValueError as err:
            raise TapeError(f"{path}, line {number}: {err}") from err
    return _tape(path, found)


def _objects(text: str) -> Iterator[tuple[int, str, str]]:
    """Line number, name and value; a value may go on over several lines."""
    at, name, said = 0, "", ""
    for number, line in enumerate(text.splitlines(), start=1):
        found = _LINE.match(line)
        if found:
            if name:
                yield at, name, said
            at, name, said = number, found[1], found[2]
        elif name:
            said += "\n" + line
    if name:
        yield at, name, said


def _oid(name: str) -> Oid:
    name = name.removeprefix(".")
    if name[0].isdigit():
        return mib.oid(name)
    root, _, rest = name.partition(".")
    if root not in _ROOTS:
        raise ValueError(f"what {root} is only its MIB tells; walk again with -On")
    return mib.oid(f"{_ROOTS[root]}.{rest}" if rest else _ROOTS[root])


def _value(said: str) -> Typed | None:
    """None where the agent said that there is nothing."""
    said = said.strip()
    if said.startswith(_NOTHING) or not said:
        return None
    if said.startswith('"'):
        return Typed(Tag.OCTETS, _text(said))
    found = _VALUE.fullmatch(said)
    if found is None:
        raise ValueError(f"{said[:60]!r} is no value as snmpwalk writes it")
    kind, content = found[1], found[2].strip()
    if kind in _NUMBERS:
        number = re.search(r"\((-?\d+)\)|^(-?\d+)", content)
        if number is None:
            raise ValueError(f"{content[:60]!r} is no number")
        return Typed(_NUMBERS[kind], int(number[1] or number[2]))
    match kind:
        case "STRING":
            return Typed(Tag.OCTETS, _text(content))
        case "Hex-STRING" | "BITS":
            pairs = re.match(r"(?:[0-9A-Fa-f]{2}(?:\s+|$))*", content)
            return Typed(Tag.OCTETS, bytes.fromhex(pairs[0] if pairs else ""))
        case "OID":
            return Typed(Tag.OID, _oid(content))
        case "IpAddress" | "Network Address":
            hexadecimal = ":" in content
            parts = content.split(":" if hexadecimal else ".")
            return Typed(Tag.IP_ADDRESS, bytes(int(part, 16 if hexadecimal else 10) for part in parts))
        case "NULL":
            return Typed(Tag.NULL)
        case _:
            raise ValueError(f"there is no type {kind!r}")


def _text(said: str) -> bytes:
    if len(said) >= 2 and said[0] == said[-1] == '"':
        said = re.sub(r"\\(.)", r"\1", said[1:-1], flags=re.DOTALL)
    return said.encode("utf-8", errors="surrogateescape")


def _tape(path: Path, found: list[tuple[Oid, Typed]]) -> Tape:
    if not found:
        raise TapeError(f"{path}: has no objects")
    known = mib.Mib(dict(found))
    lines = []
    names = known.names
    for start in range(0, len(names), BINDS):
        binds = []
        for name in names[start : start + BINDS]:
            value = known.get(name)
            assert value is not None  # it is one of the names
            binds.append((".".join(map(str, name)), *values.said(value)))
        said = {"t": 0.0, "device": "snmp1", "request": "walk", "oids": [binds[0][0]], "binds": binds}
        lines.append(Snmp.model_validate(said))
    description = known.get((1, 3, 6, 1, 2, 1, 1, 1, 0))
    told = description.value.decode(errors="replace") if description and isinstance(description.value, bytes) else ""
    identity = SnmpIdentity(name="snmp1", key=path.name, description=told)
    header = records.header(datetime.fromtimestamp(path.stat().st_mtime, UTC), devices=(identity,))
    return Tape(header, tuple(lines), path)
