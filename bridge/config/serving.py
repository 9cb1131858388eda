"""Where the bridge serves, for whom, how patiently, and what it logs."""

from typing import Annotated, Literal, Self

from pydantic import Field, StrictBool, field_validator, model_validator

from bridge.config.section import Endpoint, Named, Network, Place, Section, endpoint

# wsdd owns 5357, which is why we do not (docs/decisions).
DEFAULT_PORT = 5380


class Service(Section):
    """Where and how the bridge serves."""

    listen: Endpoint = Endpoint(address="0.0.0.0", port=DEFAULT_PORT)  # noqa: S104 - a network scanner serves the network
    interfaces: tuple[Annotated[str, Field(min_length=1)], ...] = ()  # by name; empty: all that are up
    multicast: StrictBool = True
    ipv6: StrictBool = True  # false: IPv4 only, for discovery and HTTP
    state_dir: Named | None = None
    cache_dir: Named | None = None
    cache_quota_mb: int = Field(default=1024, ge=1, strict=True)
    allow_notify: tuple[Network, ...] = ()  # in which a subscriber may name another machine for its events

    _parse_listen = field_validator("listen", mode="before")(endpoint)


class Access(Section):
    """Who may do what: `local` (this machine and the networks it is on), `any`, addresses, networks."""

    scan: tuple[Place, ...] = ("local",)
    subscribe: tuple[Place, ...] = ("local",)
    jobs: tuple[Place, ...] = ("local",)  # see jobs of others
    cancel: tuple[Place, ...] = ()  # end jobs of others
    private_names: StrictBool = False  # what a job is called, and whose it is, is told to its creator alone


class Tls(Section):
    """HTTPS beside plain HTTP, or instead of it."""

    certificate: Named | None = None  # PEM, with the chain behind it; without one there is no HTTPS
    key: Named | None = None  # None: in the same file
    port: int = Field(default=5381, ge=0, le=65535, strict=True)
    plain: StrictBool = True  # false: no plain HTTP

    @model_validator(mode="after")
    def _has_a_certificate(self) -> Self:
        if self.certificate is None and not (self.plain and self.key is None):
            raise ValueError("certificate is missing")
        return self


class Jobs(Section):
    """How patient the bridge is."""

    queue: int = Field(default=8, ge=1, le=64, strict=True)
    retrieve_timeout: float = Field(
        default=60.0, gt=0, allow_inf_nan=False, strict=True
    )  # seconds; the specification's 60
    retrieve_wait: float = Field(default=50.0, gt=0, allow_inf_nan=False, strict=True)  # s for its first bytes


class Log(Section):
    """What is logged."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    traffic: StrictBool = False
