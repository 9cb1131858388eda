"""The fixed answers of the scanner: INFO and CAPA. Layouts: what utsushi has on record of a dozen scanners."""

from hil.devices.esci2.product import Product
from hil.devices.esci2.words import Value, token

BUFFER = 1536  # bytes of a parameter block; the real ones all say so
QUALITY, THRESHOLD = (1, 100), (0, 255)


def information(product: Product) -> bytes:
    """INFO."""
    feeder = (
        ("TYPE", "FEED"),
        ("DPLX", f"{product.passes}SCN"),
        ("FORD", "PF1N"),
        ("PREF",),
        ("ALGN", "CNTR" if product.centered else "LEFT"),
        ("AREA", *product.feeder),
        ("AMIN", 200, 200),
        ("AMAX", product.feeder[0], max(2000, product.feeder[1])),
        ("RESO", product.feeder_optical),
    )
    parts = [token("ADF", *values) for values in feeder]
    if product.glass is not None:
        glass: tuple[tuple[Value, ...], ...] = (
            ("ALGN", "LEFT"),
            ("AREA", *product.glass),
            ("RESO", product.glass_optical),
        )
        parts += [token("FB ", *values) for values in glass]
    parts.append(token("IMX", 65535, 65535))
    if not product.interrupts:
        parts.append(token("PB "))
    parts += [token("PRD", _filled(product.model)), token("VER", product.version.encode()), token("DSZ", BUFFER)]
    if product.truncates:
        parts.append(token("DLS"))
    if product.serial:
        parts.append(token("S/N", product.serial.encode()))
    return b"".join(parts)


def capabilities(product: Product) -> bytes:
    """CAPA."""
    feeder = [("DPLX",), ("PEDT",), *([("DFL1",)] if product.double_feed else []), ("EJCT",)]
    parts = [token("ADF", *values) for values in feeder]
    parts += [
        token("COL", "LIST", *product.colors),
        token("FMT", "LIST", *product.formats),
        token("JPG", "RANG", *QUALITY),
    ]
    if "M001" in product.colors:
        parts.append(token("THR", "RANG", *THRESHOLD))
    parts += [
        token("GMM", "LIST", "UG10", "UG18"),
        token("GMT", "LIST", "RED ", "GRN ", "BLU ", "MONO"),
        token("CMX", "LIST", "UNIT", "UM08"),
        token("RSM", "LIST", *product.resolutions),
        token("RSS", "LIST", *product.resolutions),
    ]
    return b"".join(parts)


def _filled(name: str) -> bytes:
    """As the older MFPs fill their names up with blanks."""
    return name.encode().ljust(16 if name.startswith("PID ") else len(name))
