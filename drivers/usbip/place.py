"""Where USB devices of another machine are served: `usbip://HOST:PORT`."""

from dataclasses import dataclass
from urllib.parse import urlsplit

PORT = 3240  # IANA: usbip


@dataclass(frozen=True, slots=True)
class Place:
    """One USB/IP server."""

    host: str
    port: int = PORT

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse(text: str) -> Place:
    """Read `usbip://HOST[:PORT]`; ValueError says what is wrong with it."""
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError as err:
        raise ValueError(f"{text!r}: the port must be a number from 1 to 65535") from err
    if parts.scheme != "usbip" or not parts.hostname or port == 0:
        raise ValueError(f"{text!r}: expected usbip://HOST or usbip://HOST:PORT")
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None:
        raise ValueError(f"{text!r}: nothing may follow usbip://HOST:PORT")
    return Place(parts.hostname, port or PORT)
