"""What every section of the file is, and the kinds of values that several have."""

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_serializer


class Section(BaseModel):
    # The whole file is built once; no section alone needs a validator of its own.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Endpoint(Section):
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


def network(text: str) -> str:
    try:
        ipaddress.ip_network(text)
    except ValueError as err:
        reason = str(err) if "host bits" in str(err) else f"'{text}' is no address and no network"
        raise ValueError(reason) from err
    return text


Network = Annotated[str, AfterValidator(network)]
Place = Annotated[str, AfterValidator(lambda text: text if text in ("local", "any") else network(text))]


def endpoint(value: object) -> object:
    if isinstance(value, Endpoint):
        return value
    if not isinstance(value, str):
        raise ValueError(f"'{value}' is not ADDRESS:PORT")
    return Endpoint.parse(value)


def named(value: object) -> object:
    """An empty path would be the directory we happen to be in."""
    if isinstance(value, str) and (not value or "\0" in value):
        raise ValueError("is not a path")
    if not isinstance(value, str | Path):
        raise ValueError("is not a path")
    if str(value).startswith("~"):
        raise ValueError("begins with ~, which is no directory here: write the whole path")
    return value


Named = Annotated[Path, BeforeValidator(named)]


def host(text: str) -> str:
    """A name or an address, and nothing else; a port has a key of its own."""
    if not re.fullmatch(r"[\w.-]+", text):
        try:
            ipaddress.ip_address(text)
        except ValueError as err:
            raise ValueError(f"'{text}' is not a host's name or address alone") from err
    return text


Host = Annotated[str, Field(min_length=1), AfterValidator(host)]


def once(what: str, names: Iterable[str]) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            raise ValueError(f"{what} {name} is there {times} times")


def web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.username or parts.query or parts.fragment or not value.isprintable() or " " in value:
        raise ValueError(f"'{value}' is not http[s]://HOST[:PORT][/PATH]")
    return value
