"""Options that several commands share, and how they override the configuration file."""

import argparse
import os
from pathlib import Path
from typing import Any

from bridge import config as configuration
from bridge.config import Config
from bridge.errors import ConfigError


def add_config(parser: argparse.ArgumentParser) -> None:
    """`--config FILE`."""
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help=f"configuration file (default: {configuration.DEFAULT_FILE} where it exists, built-in defaults otherwise)",
    )


def first_line(file: Path | None) -> str | None:
    """A password stands in a file: what stands on the command line everybody on the machine can read. Raises
    ConfigError."""
    try:
        return None if file is None else file.read_text("utf-8").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as err:
        raise ConfigError(str(file), "", getattr(err, "strerror", None) or "is no text") from err


def load(arguments: argparse.Namespace) -> Config:
    """The configuration with the command line's own words on top. Raises ConfigError."""
    config = configuration.load(arguments.config)
    service: dict[str, Any] = {}
    if getattr(arguments, "listen", None) is not None:
        service["listen"] = arguments.listen
    if getattr(arguments, "interface", None):
        service["interfaces"] = arguments.interface
    if getattr(arguments, "state_dir", None) is not None:
        service["state_dir"] = arguments.state_dir
    if getattr(arguments, "cache_dir", None) is not None:
        service["cache_dir"] = arguments.cache_dir
    if getattr(arguments, "no_multicast", False):
        service["multicast"] = False
    usbip = getattr(arguments, "usbip", None) or []
    if not service and not usbip:
        return config
    values = config.model_dump(exclude_unset=True)
    values["service"] = {**values.get("service", {}), **service}
    values["usb"] = {**values.get("usb", {}), "usbip": [*config.usb.usbip, *usbip]}
    return configuration.validate(values, "command line")


# For argparse: whether what a command makes can be written is said before the work is done, not after it.


def new_file(text: str) -> Path:
    """A file to be written, or written over."""
    path = Path(text)
    if path.is_dir() or not path.parent.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"{text!r} is no file that can be written")
    return path


def new_folder(text: str) -> Path:
    """A folder to write to, made where it is not there."""
    path = Path(text).absolute()
    there = next(each for each in (path, *path.parents) if each.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise argparse.ArgumentTypeError(f"{text!r} is no folder that can be written to")
    return Path(text)


def positive(text: str) -> int:
    """A whole number above 0."""
    if not text.isdecimal() or not 0 < int(text) < 2**31:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)
