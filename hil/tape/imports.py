"""Other programs' recordings as tapes; which program it was is found out from the file itself."""

from pathlib import Path
from typing import Final

from hil.tape import sanei, snmpwalk, usbmon
from hil.tape.file import Tape, TapeError

FORMATS: Final = (".snmprec", "text of snmpwalk", "XML of SANE's sanei_usb", "usbmon as pcap or pcapng")
LARGEST: Final = 512 * 1024 * 1024


def imported(path: Path, device: str | None = None) -> Tape:
    """A tape of that recording; `device` (VVVV:PPPP or BUS.DEVICE) chooses in a USB capture. Raises TapeError."""
    try:
        if path.stat().st_size > LARGEST:
            raise TapeError(f"{path}: larger than {LARGEST >> 20} MB")
        data = path.read_bytes()
    except OSError as err:
        raise TapeError(f"{path}: {err.strerror}") from err
    if usbmon.recognised(data):
        return usbmon.read(path, data, device)
    text = data.decode("utf-8", errors="surrogateescape")
    if sanei.recognised(text):
        return sanei.read(path, text)
    if snmpwalk.is_snmprec(text):
        return snmpwalk.read_snmprec(path, text)
    if snmpwalk.recognised(text):
        return snmpwalk.read(path, text)
    raise TapeError(f"{path}: is none of {', '.join(FORMATS)}")
