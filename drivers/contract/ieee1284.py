"""The IEEE 1284 device id, as agents publish it: `MFG:HP;MDL:…;`.

Spec: IEEE 1284-2000 §7.6. Key names have long and short spellings; we keep the short ones.
"""

_SHORT = {"MANUFACTURER": "MFG", "MODEL": "MDL", "DESCRIPTION": "DES", "COMMAND SET": "CMD", "SERIALNUMBER": "SN"}


def fields(device_id: str) -> dict[str, str]:
    """Values by short key; parts without a colon are ignored."""
    found: dict[str, str] = {}
    for part in device_id.split(";"):
        key, colon, value = part.partition(":")
        name = key.strip().upper()
        if colon and name:
            found.setdefault(_SHORT.get(name, name), value.strip())
    return found
