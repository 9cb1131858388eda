"""Options that several commands share, and how they override the configuration file."""

import argparse
from pathlib import Path
from typing import Any

from bridge import config as configuration
from bridge.config import Config


def add_config(parser: argparse.ArgumentParser) -> None:
    """`--config FILE`."""
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help=f"configuration file (default: {configuration.DEFAULT_FILE} where it exists, built-in defaults otherwise)",
    )


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
    if not service:
        return config
    values = config.model_dump(exclude_unset=True)
    values["service"] = {**values.get("service", {}), **service}
    return configuration.validate(values, "command line")
