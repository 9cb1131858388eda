"""The simulated MFP as an SNMP agent shows it.

Spec: RFC 3418, RFC 2790, RFC 3805, HP-LASERJET-COMMON-MIB. Which objects exist follows the recording of a LaserJet
MFP M130nw, plus scan-upload, its error and the button, which that small model lacks, a document feeder, and the job
tables and scanner alerts of larger ones.
"""

from hil.devices.mfp import job_tables
from hil.devices.mfp.model import Mfp, State, Upload
from hil.snmp.ber import Tag, Typed
from hil.snmp.mib import Mib, oid

MODEL = "HP LaserJet MFP Simulated"
SERIAL = "SIM0000001"
COPIED = 1000  # pages that the feeder and the glass moved for copies, which other counters include

PML = "1.3.6.1.4.1.11.2.3.9.4.2.1"
DEVICE_ID = f"MFG:HP;CMD:PJL,PML;MDL:{MODEL};CLS:PRINTER;DES:{MODEL};"

UNKNOWN_ERROR, FEEDER_OPEN, FEEDER_JAM, FEEDER_EMPTY = 0x01, 0x04, 0x08, 0x10


def mib(mfp: Mfp, now: float) -> Mib | None:
    """All objects at `now`; None while the network cable is out."""
    mfp.update(now)
    state = mfp.state
    if not state.plugged:
        return None
    ticks = int((now - mfp.began) * 100) % 2**32
    jobs = job_tables.rows(state, mfp.began, now)
    found = {**_standard(ticks), **_alerts(state, mfp.began), **_hp(state), **jobs}
    return Mib({oid(name): typed for name, typed in found.items()})


def _standard(ticks: int) -> dict[str, Typed]:
    return {
        "1.3.6.1.2.1.1.1.0": _text(f"HP ETHERNET MULTI-ENVIRONMENT,SN:{SERIAL},PID:{MODEL}"),
        "1.3.6.1.2.1.1.2.0": Typed(Tag.OID, oid("1.3.6.1.4.1.11.2.3.9.1")),
        "1.3.6.1.2.1.1.3.0": Typed(Tag.TIME_TICKS, ticks),
        "1.3.6.1.2.1.1.5.0": _text("simulated"),
        "1.3.6.1.2.1.25.3.2.1.1.1": _integer(1),
        "1.3.6.1.2.1.25.3.2.1.2.1": Typed(Tag.OID, oid("1.3.6.1.2.1.25.3.1.5")),
        "1.3.6.1.2.1.25.3.2.1.3.1": _text(MODEL),
        "1.3.6.1.2.1.25.3.2.1.5.1": _integer(2),
        "1.3.6.1.2.1.25.3.2.1.6.1": Typed(Tag.COUNTER32, 0),
        "1.3.6.1.2.1.25.3.5.1.1.1": _integer(3),
        "1.3.6.1.2.1.25.3.5.1.2.1": Typed(Tag.OCTETS, b"\0"),
        "1.3.6.1.2.1.43.5.1.1.17.1": _text(SERIAL),
        "1.3.6.1.4.1.11.2.3.9.1.1.7.0": _text(DEVICE_ID),
    }


def _alerts(state: State, booted: float) -> dict[str, Typed]:
    table = "1.3.6.1.2.1.43.18.1.1"
    found = {
        "1.3.6.1.2.1.43.5.1.1.18.1": Typed(Tag.COUNTER32, state.alerts.critical),
        "1.3.6.1.2.1.43.5.1.1.19.1": Typed(Tag.COUNTER32, state.alerts.recorded),
    }
    for row in state.alerts.rows:
        columns = {
            2: _integer(row.kind.severity),
            3: _integer(4),  # a trained operator is not needed
            4: _integer(row.kind.group),
            5: _integer(row.kind.group_index),
            6: _integer(-2),
            7: _integer(row.kind.code),
            8: _text(row.kind.text),
            9: Typed(Tag.TIME_TICKS, max(int((row.at - booted) * 100), 0)),
        }
        found |= {f"{table}.{column}.1.{row.index}": value for column, value in columns.items()}
    return found


def _hp(state: State) -> dict[str, Typed]:
    return {
        f"{PML}.1.3.3.0": Typed(Tag.OCTETS, b"\x01\x15" + SERIAL.encode()),
        f"{PML}.1.3.5.0": Typed(Tag.OCTETS, b"\x01\x1520240102"),
        f"{PML}.2.2.1.6.0": _integer(state.error),
        f"{PML}.2.2.1.12.0": _integer(state.upload),
        f"{PML}.2.2.1.43.0": _integer(state.jams),
        f"{PML}.2.2.1.44.0": _integer(state.adf_pages + COPIED),
        f"{PML}.2.2.1.45.0": _integer(state.adf_pages),
        f"{PML}.2.2.1.73.0": _integer(state.flatbed_pages),
        f"{PML}.2.2.1.74.0": _integer(state.flatbed_pages + COPIED),
        f"{PML}.2.2.1.75.0": Typed(Tag.OCTETS, (3).to_bytes(4, "big")),  # a feeder and a letter-size glass
        f"{PML}.2.2.2.1.0": Typed(Tag.OCTETS, _not_ready(state).to_bytes(4, "big")),
        f"{PML}.2.2.2.7.0": _integer(2 if state.button else 1),
    }


def _not_ready(state: State) -> int:
    in_path = state.from_feeder and state.upload is Upload.ACTIVE
    bits = {
        UNKNOWN_ERROR: state.fatal,
        FEEDER_OPEN: state.cover_open,
        FEEDER_JAM: state.jammed,
        FEEDER_EMPTY: not state.sheets and not in_path,
    }
    return sum(bit for bit, on in bits.items() if on)


def _text(value: str) -> Typed:
    return Typed(Tag.OCTETS, value.encode())


def _integer(value: int) -> Typed:
    return Typed(Tag.INTEGER, value)
