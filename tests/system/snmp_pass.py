"""Lets net-snmp's snmpd serve a .snmprec file: its `pass_persist` protocol on standard input and output.

    pass_persist -p 10 .1.3.6.1.2.1.43 /usr/bin/python3 snmp_pass.py FILE

The file is read again whenever it changed. Spec: snmpd.conf(5), PASS-PERSIST.
"""

import sys
from pathlib import Path

from hil.snmp.ber import Tag, Typed
from hil.snmp.mib import Mib, oid, read_recording

TYPES = {
    Tag.INTEGER: "integer",
    Tag.OCTETS: "octet",
    Tag.OID: "objectid",
    Tag.IP_ADDRESS: "ipaddress",
    Tag.COUNTER32: "counter",
    Tag.GAUGE32: "gauge",
    Tag.TIME_TICKS: "timeticks",
}


def said(typed: Typed) -> str:
    """A value as snmpd reads it."""
    match typed.value:
        case bytes() as raw if typed.tag is Tag.IP_ADDRESS:
            return ".".join(str(octet) for octet in raw)
        case bytes() as raw:
            return raw.hex(" ")
        case tuple() as arcs:
            return "." + ".".join(str(arc) for arc in arcs)
        case value:
            return str(value)


def answer(mib: Mib, command: str, name: str) -> list[str]:
    wanted = oid(name)
    found = (wanted, mib.get(wanted)) if command == "get" else mib.after(wanted) or (wanted, None)
    while found[1] is not None and found[1].tag not in TYPES:
        found = mib.after(found[0]) or (wanted, None)
    if found[1] is None:
        return ["NONE"]
    return ["." + ".".join(str(arc) for arc in found[0]), TYPES[found[1].tag], said(found[1])]


def main(path: Path) -> None:
    changed, mib = -1, Mib({})
    while command := sys.stdin.readline().strip():
        if command == "PING":
            print("PONG", flush=True)
            continue
        name = sys.stdin.readline().strip()
        if (now := path.stat().st_mtime_ns) != changed:
            changed, mib = now, read_recording(path)
        print("\n".join(answer(mib, command, name)), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
