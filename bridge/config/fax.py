"""Fax jobs: the systems that are followed, and who may listen."""

import ipaddress
import re
from typing import Literal, Self

from pydantic import Field, SecretStr, StrictBool, field_validator, model_validator

from bridge.config.section import Endpoint, Host, Named, Section, endpoint, once

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


class FaxToken(Section):
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


class Hylafax(Section):
    """One HylaFAX server that is followed."""

    host: Host
    port: int = Field(default=4559, ge=1, le=65535, strict=True)
    user: str = Field(default="fax", min_length=1, max_length=64)
    password: SecretStr = SecretStr("")
    log: Named | None = None  # its xferfaxlog, where this machine can read it; tells what happened while we were away


class Fax(Section):
    """Fax jobs, told to those who listen."""

    enabled: StrictBool = False
    listen: Endpoint = Endpoint(address="127.0.0.1", port=5382)
    token: tuple[FaxToken, ...] = ()  # empty: one is made in the state directory
    hylafax: tuple[Hylafax, ...] = ()

    _parse_listen = field_validator("listen", mode="before")(endpoint)

    @field_validator("hylafax")
    @classmethod
    def _has_each_server_once(cls, value: tuple[Hylafax, ...]) -> tuple[Hylafax, ...]:
        once("the server", (f"{each.host}:{each.port}" for each in value))
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
