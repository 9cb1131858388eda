"""The one TOML file: frozen models, every unknown key or wrong value an error that names file, key and reason."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

from pydantic import ValidationError, field_validator, model_validator

from bridge.config.button import Account, Button, Smtp
from bridge.config.devices import Escl, Mdns, Sane, Scanner, Snmp, Usb
from bridge.config.fax import Fax
from bridge.config.meant import unknown
from bridge.config.scan_server import ScanServer
from bridge.config.section import Section, once
from bridge.config.serving import Access, Jobs, Log, Service, Tls
from bridge.errors import ConfigError

DEFAULT_FILE = Path("/etc/wsd-scan-bridge.toml")
SERVICE_STATE = Path("/var/lib/wsd-scan-bridge")  # StateDirectory in udev/wsd-scan-bridge.service


# What is wrong with a value, in TOML's words; the rest is said well enough by pydantic.
_WORDS: Final = {
    "missing": "is missing",
    "tuple_type": "is not a list",
    "dict_type": "is not a table",
    "model_type": "is not a table",
    "string_type": "is not text",
    "string_too_short": "is empty",
    "bool_type": "is neither true nor false",
    "int_type": "is not a whole number",
    "float_type": "is not a number",
}


class Config(Section):
    """The whole file."""

    service: Service = Service()
    access: Access = Access()
    tls: Tls = Tls()
    usb: Usb = Usb()
    sane: Sane = Sane()
    snmp: tuple[Snmp, ...] = ()
    escl: tuple[Escl, ...] = ()
    mdns: Mdns = Mdns()
    scanner: tuple[Scanner, ...] = ()
    button: tuple[Button, ...] = ()
    fax: Fax = Fax()
    smtp: Smtp = Smtp()
    account: tuple[Account, ...] = ()
    scan_server: ScanServer = ScanServer()
    jobs: Jobs = Jobs()
    log: Log = Log()

    @field_validator("scanner")
    @classmethod
    def _has_each_scanner_once(cls, value: tuple[Scanner, ...]) -> tuple[Scanner, ...]:
        once("the key", (each.key for each in value))
        return value

    @field_validator("snmp")
    @classmethod
    def _has_each_agent_once(cls, value: tuple[Snmp, ...]) -> tuple[Snmp, ...]:
        once("the agent", (f"{each.host}:{each.port}" for each in value))
        once("an agent for the scanner", (each.scanner for each in value if each.scanner))
        return value

    @field_validator("escl")
    @classmethod
    def _has_each_service_once(cls, value: tuple[Escl, ...]) -> tuple[Escl, ...]:
        places = (urlsplit(each.url) for each in value)
        once("the service", (f"{place.netloc.lower()}{place.path.rstrip('/') or '/eSCL'}" for place in places))
        return value

    @field_validator("account")
    @classmethod
    def _has_each_host_once(cls, value: tuple[Account, ...]) -> tuple[Account, ...]:
        once("the host", (each.host.casefold() for each in value))
        return value

    @field_validator("button")
    @classmethod
    def _has_each_button_once(cls, value: tuple[Button, ...]) -> tuple[Button, ...]:
        once("the button", (f"'{each.button}' of '{each.scanner}'" for each in value))
        return value

    @model_validator(mode="after")
    def _can_mail(self) -> Self:
        if any(each.mail for each in self.button) and not self.smtp.host:
            raise ValueError("button.mail needs [smtp]")
        return self

    def pressed(self, key: str, button: str) -> Button | None:
        """What that button of that scanner does here; the entry that says most about it. None: it invites a PC."""
        fitting = [each for each in self.button if each.scanner in ("", key) and each.button in ("", button)]
        return max(fitting, key=lambda each: (bool(each.scanner), bool(each.button)), default=None)

    def at(self, host: str) -> Account:
        """How to log in there; nameless where nothing is said."""
        return next((each for each in self.account if each.host.casefold() == host.casefold()), Account(host=host))

    def of(self, key: str) -> Scanner:
        """What the operator said of the scanner with that key."""
        return next((entry for entry in self.scanner if entry.key == key), Scanner(key=key))

    @property
    def state_dir(self) -> Path:
        """The configured one, systemd's, or the user's own."""
        return self.service.state_dir or _directory("STATE_DIRECTORY", "XDG_STATE_HOME", ".local/state")

    @property
    def service_dir(self) -> Path:
        """The state directory that a command works on: the service's, where root works on it by hand."""
        told = self.service.state_dir is not None or {"STATE_DIRECTORY", "XDG_STATE_HOME"} & os.environ.keys()
        return self.state_dir if told or os.geteuid() else SERVICE_STATE

    @property
    def firmware_dir(self) -> Path:
        """Where the operator's firmware files are kept."""
        return self.service_dir / "firmware"

    @property
    def cache_dir(self) -> Path:
        """Where pages that cannot stream are spooled."""
        return self.service.cache_dir or _directory("CACHE_DIRECTORY", "XDG_CACHE_HOME", ".cache")


def load(path: Path | None) -> Config:
    """The file at `path`; without one the default file, or defaults when that does not exist. Raises ConfigError."""
    if path is None:
        if not DEFAULT_FILE.exists():
            return Config()
        path = DEFAULT_FILE
    try:
        text = path.read_bytes().decode("utf-8")
        values = tomllib.loads(text)
    except PermissionError as err:  # the sample is installed for root and the service alone: it may hold passwords
        raise ConfigError(str(path), "", f"{err.strerror}: use sudo, or name another file with --config") from err
    except OSError as err:
        raise ConfigError(str(path), "", err.strerror or str(err)) from err
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
        hint = r"; a backslash stands between '…'" if "\\" in str(err) else ""
        raise ConfigError(str(path), "", f"is not TOML: {err}{hint}") from err
    return validate(values, str(path))


def validate(values: dict[str, Any], where: str) -> Config:
    """A Config from plain values. Raises ConfigError naming the first key that is wrong."""
    try:
        return Config.model_validate(values)
    except ValidationError as err:
        first = err.errors(include_url=False, include_context=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(where, _one_line(key), _one_line(_reason(first, key))) from err


def _reason(error: Mapping[str, Any], key: str) -> str:
    if error["type"] == "extra_forbidden":
        return unknown(Config, error["loc"])
    if error["type"] == "tuple_type" and isinstance(error["input"], dict):
        return f"there may be several: write [[{key}]]"
    if error["type"] == "model_type" and isinstance(error["input"], list):
        return f"there is one only: write [{key}]"
    if error["type"] == "string_pattern_mismatch":
        return f"'{error['input']}' is not well-formed"
    said = error["msg"].removeprefix("Value error, ").replace("Input should", "must").replace("String should", "must")
    return _WORDS.get(error["type"]) or said


def _one_line(text: str) -> str:
    """Keys and values of TOML may hold line breaks."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _directory(systemd: str, xdg: str, home: str) -> Path:
    if from_systemd := os.environ.get(systemd):
        return Path(from_systemd.split(":")[0])
    base = os.environ.get(xdg)
    return (Path(base) if base else Path.home() / home) / "wsd-scan-bridge"
