"""Which scanners there are, how they are reached, and what is said of single ones."""

import re
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, StrictBool, field_validator, model_validator

from bridge.config.section import Host, Named, Section, web_address


class Usb(Section):
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


class Sane(Section):
    """Scanners that no driver of ours knows, through SANE. Not looked for while `usb` is off, unless one is named."""

    enabled: bool = True
    library: str = Field(default="libsane.so.1", min_length=1)
    backends: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")], ...] = ()  # else left out: airscan, test …
    network: bool = False  # let all backends look for scanners in the network


class Snmp(Section):
    """One MFP that is watched over SNMP."""

    host: Host
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


class Escl(Section):
    """One scanner that speaks eSCL, as AirPrint and Mopria scanners do."""

    url: str
    certificate: str = ""  # SHA-256 of its certificate, in hex; empty: any is accepted

    @field_validator("url")
    @classmethod
    def _is_a_place(cls, value: str) -> str:
        return web_address(value)

    @field_validator("certificate")
    @classmethod
    def _is_a_digest(cls, value: str) -> str:
        digest = value.replace(":", "").lower()
        if digest and not re.fullmatch("[0-9a-f]{64}", digest):
            raise ValueError("is not a SHA-256 in hexadecimal")
        return digest


class Mdns(Section):
    """Scanners that announce themselves by multicast DNS."""

    escl: StrictBool = False  # serve those that speak eSCL; some are bridges themselves


class Scanner(Section):
    """What the operator says of one scanner, named by the key that `devices` prints."""

    key: str = Field(min_length=1)
    name: str | None = Field(default=None, max_length=127)
    location: str | None = Field(default=None, max_length=127)
    enabled: StrictBool = True
    destination: str = Field(default="last", min_length=1)  # whom its buttons invite: `last`, a PC's name, a context
    buttons: dict[str, str] = Field(default_factory=dict)  # the same for single buttons
    processes: dict[str, Named] = Field(default_factory=dict)  # by button: the file of a scan process to run; "": any
    share: StrictBool = (
        False  # claim it only while it is looked at or scans, so that other programs can use it in between
    )
