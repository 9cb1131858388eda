"""The one TOML file: frozen models, every unknown key or wrong value an error that names file, key and reason."""

import ipaddress
import os
import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StrictBool,
    ValidationError,
    field_validator,
    model_serializer,
    model_validator,
)

from bridge.errors import ConfigError

DEFAULT_FILE = Path("/etc/wsd-scan-bridge.toml")
SERVICE_STATE = Path("/var/lib/wsd-scan-bridge")  # StateDirectory in udev/wsd-scan-bridge.service
# wsdd owns 5357, which is why we do not (docs/decisions).
DEFAULT_PORT = 5380


# What is wrong with a value, in TOML's words; the rest is said well enough by pydantic.
_WORDS: Final = {
    "extra_forbidden": "there is no such key",
    "missing": "is missing",
    "tuple_type": "is not a list",
    "dict_type": "is not a table",
    "model_type": "is not a table",
    "string_type": "is not text",
    "bool_type": "is neither true nor false",
    "int_type": "is not a whole number",
    "float_type": "is not a number",
}


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Endpoint(_Section):
    """A numeric address and a port."""

    address: str
    port: int = Field(ge=0, le=65535)

    @classmethod
    def parse(cls, text: str) -> "Endpoint":
        """`ADDRESS:PORT` or `[IPV6]:PORT`. Raises ValueError."""
        address, colon, port = text.rpartition(":")
        address = address.strip("[]")
        if not colon or not port.isdecimal() or int(port) > 65535:
            raise ValueError(f"'{text}' is not ADDRESS:PORT")
        try:
            ipaddress.ip_address(address)
        except ValueError as err:
            raise ValueError(f"'{address}' is not a numeric address") from err
        return cls(address=address, port=int(port))

    def __str__(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    @model_serializer
    def _as_written(self) -> str:
        return str(self)


def _network(text: str) -> str:
    try:
        ipaddress.ip_network(text)
    except ValueError as err:
        reason = str(err) if "host bits" in str(err) else f"'{text}' is no address and no network"
        raise ValueError(reason) from err
    return text


_Network = Annotated[str, AfterValidator(_network)]
_Place = Annotated[str, AfterValidator(lambda text: text if text in ("local", "any") else _network(text))]


def _endpoint(value: object) -> object:
    if isinstance(value, Endpoint):
        return value
    if not isinstance(value, str):
        raise ValueError(f"'{value}' is not ADDRESS:PORT")
    return Endpoint.parse(value)


def _named(value: object) -> object:
    """An empty path would be the directory we happen to be in."""
    if isinstance(value, str) and (not value or "\0" in value):
        raise ValueError("is not a path")
    if not isinstance(value, str | Path):
        raise ValueError("is not a path")
    return value


_Named = Annotated[Path, BeforeValidator(_named)]


def _once(what: str, names: Iterable[str]) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            raise ValueError(f"{what} {name} is there {times} times")


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.username or parts.query or parts.fragment or not value.isprintable() or " " in value:
        raise ValueError(f"'{value}' is not http[s]://HOST[:PORT][/PATH]")
    return value


class Service(_Section):
    """Where and how the bridge serves."""

    listen: Endpoint = Endpoint(address="0.0.0.0", port=DEFAULT_PORT)  # noqa: S104 - a network scanner serves the network
    interfaces: tuple[str, ...] = ()  # by name; empty: all that are up
    multicast: StrictBool = True
    ipv6: StrictBool = True  # false: IPv4 only, for discovery and HTTP
    state_dir: _Named | None = None
    cache_dir: _Named | None = None
    cache_quota_mb: int = Field(default=1024, ge=1, strict=True)
    allow_notify: tuple[_Network, ...] = ()  # in which a subscriber may name another machine for its events

    _parse_listen = field_validator("listen", mode="before")(_endpoint)


class Access(_Section):
    """Who may do what: `local` (this machine and the networks it is on), `any`, addresses, networks."""

    scan: tuple[_Place, ...] = ("local",)
    subscribe: tuple[_Place, ...] = ("local",)
    jobs: tuple[_Place, ...] = ("local",)  # see jobs of others
    cancel: tuple[_Place, ...] = ()  # end jobs of others
    private_names: StrictBool = False  # what a job is called, and whose it is, is told to its creator alone


class Tls(_Section):
    """HTTPS beside plain HTTP, or instead of it."""

    certificate: _Named | None = None  # PEM, with the chain behind it; without one there is no HTTPS
    key: _Named | None = None  # None: in the same file
    port: int = Field(default=5381, ge=0, le=65535, strict=True)
    plain: StrictBool = True  # false: no plain HTTP

    @model_validator(mode="after")
    def _has_a_certificate(self) -> Self:
        if self.certificate is None and not (self.plain and self.key is None):
            raise ValueError("certificate is missing")
        return self


class Usb(_Section):
    """Scanners on USB."""

    enabled: StrictBool = True
    usbip: tuple[str, ...] = ()  # HOST:PORT of other machines that export scanners

    @field_validator("usbip")
    @classmethod
    def _has_port(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for place in value:
            host, _, port = place.rpartition(":")
            if not host or not port.isdecimal() or not 0 < int(port) <= 65535:
                raise ValueError(f"'{place}' is not HOST:PORT")
        return value


class Sane(_Section):
    """Scanners that no driver of ours knows, through SANE. Not looked for while `usb` is off, unless one is named."""

    enabled: bool = True
    library: str = Field(default="libsane.so.1", min_length=1)
    backends: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")], ...] = ()  # else left out: airscan, test …
    network: bool = False  # let all backends look for scanners in the network


class Snmp(_Section):
    """One MFP that is watched over SNMP."""

    host: str = Field(min_length=1)
    port: int = Field(default=161, ge=1, le=65535, strict=True)
    version: Literal["1", "2c", "3"] = "2c"
    community: SecretStr = SecretStr("public")  # of versions 1 and 2c; the rest is of version 3
    user: str = Field(default="", max_length=32)
    auth: Literal["sha", "sha224", "sha256", "sha384", "sha512"] = "sha"
    auth_password: SecretStr = SecretStr("")  # empty: nothing is signed
    privacy: Literal["aes", "aes192", "aes256"] = "aes"
    privacy_password: SecretStr = SecretStr("")  # empty: nothing is encrypted
    context: str = ""
    fax: StrictBool = True  # its fax jobs are told where [fax] is enabled
    scanner: str = ""  # key of the scanner that it is a part of: of one MFP over eSCL, USB or SANE

    def credentials(self) -> dict[str, str]:
        """Who we are to it, secrets in plain: for `drivers.snmp.credentials` and nobody else."""
        said = self.model_dump(exclude={"host", "port", "fax", "scanner"})
        return {key: value.get_secret_value() if isinstance(value, SecretStr) else value for key, value in said.items()}

    @field_validator("community")
    @classmethod
    def _is_sendable(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().isascii():
            raise ValueError("has characters that are not ASCII")
        return value

    @field_validator("auth_password", "privacy_password")
    @classmethod
    def _is_long_enough(cls, value: SecretStr) -> SecretStr:
        if value and len(value) < 8:
            raise ValueError("has fewer than 8 characters")
        return value

    @model_validator(mode="after")
    def _has_a_user(self) -> Self:
        if self.version == "3" and not self.user:
            raise ValueError("version 3 needs a user")
        if self.privacy_password and not self.auth_password:
            raise ValueError("there is no privacy_password without an auth_password")
        return self


class Escl(_Section):
    """One scanner that speaks eSCL, as AirPrint and Mopria scanners do."""

    url: str
    certificate: str = ""  # SHA-256 of its certificate, in hex; empty: any is accepted

    @field_validator("url")
    @classmethod
    def _is_a_place(cls, value: str) -> str:
        return _web_address(value)

    @field_validator("certificate")
    @classmethod
    def _is_a_digest(cls, value: str) -> str:
        digest = value.replace(":", "").lower()
        if digest and not re.fullmatch("[0-9a-f]{64}", digest):
            raise ValueError("is not a SHA-256 in hexadecimal")
        return digest


class Mdns(_Section):
    """Scanners that announce themselves by multicast DNS."""

    escl: StrictBool = False  # serve those that speak eSCL; some are bridges themselves


class Scanner(_Section):
    """What the operator says of one scanner, named by the key that `devices` prints."""

    key: str = Field(min_length=1)
    name: str | None = Field(default=None, max_length=127)
    location: str | None = Field(default=None, max_length=127)
    enabled: StrictBool = True
    destination: str = Field(default="last", min_length=1)  # whom its buttons invite: `last`, a PC's name, a context
    buttons: dict[str, str] = Field(default_factory=dict)  # the same for single buttons
    processes: dict[str, _Named] = Field(default_factory=dict)  # by button: the file of a scan process to run; "": any
    share: StrictBool = (
        False  # claim it only while it is looked at or scans, so that other programs can use it in between
    )


NAME_FIELDS: Final = frozenset({"name", "date", "time", "year", "month", "scanner", "button", "user", "page"})


def _template(value: str) -> str:
    """Plain fields only: a template can neither look into our objects nor leave its folder."""
    parts = list(Formatter().parse(value))
    for _, field, how, conversion in parts:
        if field is not None and (field not in NAME_FIELDS or how or conversion):
            raise ValueError(f"'{{{field}}}' is none of {', '.join(f'{{{each}}}' for each in sorted(NAME_FIELDS))}")
    if not value.strip("/ ") or any(part.strip() in ("", ".", "..") for part in value.split("/")):
        raise ValueError(f"'{value}' is not a name, nor a name in a folder such as {{year}}/{{date}}")
    return value


def _unc(value: str) -> str:
    r"""`\\SERVER\SHARE` with folders behind it."""
    parts = value.replace("/", "\\").removeprefix("\\\\").rstrip("\\").split("\\")
    if not value.startswith(("\\\\", "//")) or len(parts) < 2 or any(each in ("", ".", "..") for each in parts):
        raise ValueError(rf"'{value}' is not \\SERVER\SHARE with or without folders")
    return "\\\\" + "\\".join(parts)


# The dot-atoms of RFC 5322, in ASCII.
MAIL_ADDRESS: Final = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255}$"
_MailAddress = Annotated[str, Field(pattern=MAIL_ADDRESS)]
Unc = Annotated[str, AfterValidator(_unc)]


class Smtp(_Section):
    """The server that takes mail."""

    host: str = ""
    port: int = Field(default=587, ge=1, le=65535, strict=True)
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""  # empty: no login
    password: SecretStr = SecretStr("")
    sender: _MailAddress | Literal[""] = ""
    certificate: _Named | None = None  # PEM of whoever signed the server's; None: whom the system trusts
    most_mb: int = Field(default=20, ge=1, le=1024, strict=True)  # of one mail; more goes in several

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.host and not self.sender:
            raise ValueError("sender is missing")
        if self.password and self.tls == "none":
            raise ValueError("a password is not sent without TLS")
        return self


class Account(_Section):
    """How to log in at one server: shares, libraries, paperless."""

    host: str = Field(min_length=1)
    user: str = ""  # DOMAIN\\user for shares, where there is a domain
    password: SecretStr = SecretStr("")
    token: SecretStr = SecretStr("")  # of paperless
    port: int | None = Field(default=None, ge=1, le=65535, strict=True)  # of a share; None: 445
    certificate: _Named | None = None  # PEM of whoever signed the server's; None: whom the system trusts


class Button(_Section):
    """What a press of a scanner's button does here, without any PC: scan, and bring the pages somewhere."""

    scanner: str = ""  # key; empty: every scanner
    button: str = ""  # the name that `devices` prints; empty: every button
    source: Literal["auto", "glass", "feeder"] = "auto"  # auto: the feeder when paper is in it
    duplex: StrictBool = False
    resolution: int = Field(default=300, ge=50, le=2400, strict=True)
    mode: Literal["color", "gray", "bw"] = "color"
    format: Literal["pdf", "jpeg", "png", "tiff"] = "pdf"
    ocr: str = Field(default="", pattern=r"^([A-Za-z0-9_]{1,20}(\+[A-Za-z0-9_]{1,20}){0,9})?$")  # tesseract's languages
    name: Annotated[str, Field(max_length=200), AfterValidator(_template)] = "{date} {time}"
    user: str = Field(default="", max_length=127)  # whose scans these are
    folder: _Named | None = None
    share: Unc | Literal[""] = ""
    mail: tuple[_MailAddress, ...] = Field(default=(), max_length=64)
    library: Annotated[str, AfterValidator(lambda url: url and _web_address(url))] = ""  # a WebDAV folder
    paperless: Annotated[str, AfterValidator(lambda url: url and _web_address(url))] = ""

    @model_validator(mode="after")
    def _goes_somewhere(self) -> Self:
        if not (self.folder or self.share or self.mail or self.library or self.paperless):
            raise ValueError("has none of folder, share, mail, library, paperless")
        if self.folder is not None and not self.folder.is_absolute():
            raise ValueError("folder is not an absolute path")
        if self.mode == "bw" and self.format == "jpeg":
            raise ValueError("jpeg holds no black and white; take pdf, png or tiff")
        if self.ocr and self.format != "pdf":
            raise ValueError("text is found for pdf only")
        return self


Right = Literal[
    "submit_low",
    "submit_normal",
    "submit_high",
    "query_jobs",
    "manage_jobs",
    "query_config",
    "manage_config",
    "query_in_archive",
    "manage_in_archive",
    "query_out_archive",
    "manage_out_archive",
]
"""FAX_ACCESS_RIGHTS_ENUM without its prefix."""


class FaxToken(_Section):
    """Somebody who may listen to fax events, and to which."""

    name: str = Field(default="", max_length=40)  # for the log
    token: SecretStr
    rights: tuple[Right, ...] = ("query_jobs",)

    @field_validator("token")
    @classmethod
    def _is_sendable(cls, value: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[A-Za-z0-9._~+/-]{16,200}=*", value.get_secret_value()):
            raise ValueError("is not 16 to 200 letters, digits and -._~+/")  # RFC 6750 section 2.1
        return value


class Hylafax(_Section):
    """One HylaFAX server that is followed."""

    host: str = Field(min_length=1)
    port: int = Field(default=4559, ge=1, le=65535, strict=True)
    user: str = Field(default="fax", min_length=1, max_length=64)
    password: SecretStr = SecretStr("")
    log: _Named | None = None  # its xferfaxlog, where this machine can read it; tells what happened while we were away


class Fax(_Section):
    """Fax jobs, told to those who listen."""

    enabled: StrictBool = False
    listen: Endpoint = Endpoint(address="127.0.0.1", port=5382)
    token: tuple[FaxToken, ...] = ()  # empty: one is made in the state directory
    hylafax: tuple[Hylafax, ...] = ()

    _parse_listen = field_validator("listen", mode="before")(_endpoint)

    @field_validator("hylafax")
    @classmethod
    def _has_each_server_once(cls, value: tuple[Hylafax, ...]) -> tuple[Hylafax, ...]:
        _once("the server", (f"{each.host}:{each.port}" for each in value))
        return value

    @model_validator(mode="after")
    def _is_guarded(self) -> Self:
        secrets = [each.token.get_secret_value() for each in self.token]
        if len(set(secrets)) != len(secrets):
            raise ValueError("two tokens are the same")
        if not secrets and not self.local:
            raise ValueError(f"listen = '{self.listen}' is not this machine's loopback: that needs a [[fax.token]]")
        return self

    @property
    def local(self) -> bool:
        """Whether nobody but this machine can reach it."""
        return ipaddress.ip_address(self.listen.address).is_loopback


class ScanServer(_Section):
    """A scan server (Distributed Scan Management) beside the scanners."""

    processes: _Named | None = None  # the folder with a TOML file for each scan process; without one there is no server
    listen: Endpoint = Endpoint(address="0.0.0.0", port=5362)  # noqa: S104 - a network service
    certificate: _Named | None = None  # PEM, with the chain behind it; with one there is HTTPS, and no plain HTTP
    key: _Named | None = None  # None: in the same file
    client_authority: _Named | None = None  # PEM of whoever signs the certificates of devices' users
    devices: tuple[_Place, ...] = ("local",)  # who may send scans
    most_jobs: int = Field(default=64, ge=1, le=1000, strict=True)  # at one time
    most_image_mb: int = Field(default=512, ge=1, strict=True)  # of one image
    quota_mb: int = Field(default=4096, ge=1, strict=True)  # of all images that are kept at one time
    patience: float = Field(default=600.0, gt=0, allow_inf_nan=False, strict=True)  # s until EndPostScanJob

    _parse_listen = field_validator("listen", mode="before")(_endpoint)

    @model_validator(mode="after")
    def _has_a_certificate(self) -> Self:
        if self.certificate is None and (self.key or self.client_authority):
            raise ValueError("certificate is missing")
        return self


class Jobs(_Section):
    """How patient the bridge is."""

    queue: int = Field(default=8, ge=1, le=64, strict=True)
    retrieve_timeout: float = Field(
        default=60.0, gt=0, allow_inf_nan=False, strict=True
    )  # seconds; the specification's 60
    retrieve_wait: float = Field(default=50.0, gt=0, allow_inf_nan=False, strict=True)  # s for its first bytes


class Log(_Section):
    """What is logged."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    traffic: StrictBool = False


class Config(_Section):
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
        _once("the key", (each.key for each in value))
        return value

    @field_validator("snmp")
    @classmethod
    def _has_each_agent_once(cls, value: tuple[Snmp, ...]) -> tuple[Snmp, ...]:
        _once("the agent", (f"{each.host}:{each.port}" for each in value))
        _once("an agent for the scanner", (each.scanner for each in value if each.scanner))
        return value

    @field_validator("escl")
    @classmethod
    def _has_each_service_once(cls, value: tuple[Escl, ...]) -> tuple[Escl, ...]:
        places = (urlsplit(each.url) for each in value)
        _once("the service", (f"{place.netloc.lower()}{place.path.rstrip('/') or '/eSCL'}" for place in places))
        return value

    @field_validator("account")
    @classmethod
    def _has_each_host_once(cls, value: tuple[Account, ...]) -> tuple[Account, ...]:
        _once("the host", (each.host.casefold() for each in value))
        return value

    @field_validator("button")
    @classmethod
    def _has_each_button_once(cls, value: tuple[Button, ...]) -> tuple[Button, ...]:
        _once("the button", (f"'{each.button}' of '{each.scanner}'" for each in value))
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
    def firmware_dir(self) -> Path:
        """Where the operator's firmware files are kept. What root adds by hand is for the service."""
        told = self.service.state_dir is not None or {"STATE_DIRECTORY", "XDG_STATE_HOME"} & os.environ.keys()
        return (self.state_dir if told or os.geteuid() else SERVICE_STATE) / "firmware"

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
    except OSError as err:
        raise ConfigError(str(path), "", err.strerror or str(err)) from err
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
        raise ConfigError(str(path), "", f"is not TOML: {err}") from err
    return validate(values, str(path))


def validate(values: dict[str, Any], where: str) -> Config:
    """A Config from plain values. Raises ConfigError naming the first key that is wrong."""
    try:
        return Config.model_validate(values)
    except ValidationError as err:
        first = err.errors(include_url=False, include_context=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        reason = _WORDS.get(first["type"]) or first["msg"].removeprefix("Value error, ")
        raise ConfigError(where, _one_line(key), _one_line(reason)) from err


def _one_line(text: str) -> str:
    """Keys and values of TOML may hold line breaks."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _directory(systemd: str, xdg: str, home: str) -> Path:
    if from_systemd := os.environ.get(systemd):
        return Path(from_systemd.split(":")[0])
    base = os.environ.get(xdg)
    return (Path(base) if base else Path.home() / home) / "wsd-scan-bridge"
