"""The scan server of Distributed Scan Management."""

from typing import Self

from pydantic import Field, field_validator, model_validator

from bridge.config.section import Endpoint, Named, Place, Section, endpoint


class ScanServer(Section):
    """A scan server (Distributed Scan Management) beside the scanners."""

    processes: Named | None = None  # the folder with a TOML file for each scan process; without one there is no server
    listen: Endpoint = Endpoint(address="0.0.0.0", port=5362)  # noqa: S104 - a network service
    certificate: Named | None = None  # PEM, with the chain behind it; with one there is HTTPS, and no plain HTTP
    key: Named | None = None  # None: in the same file
    client_authority: Named | None = None  # PEM of whoever signs the certificates of devices' users
    devices: tuple[Place, ...] = ("local",)  # who may send scans
    most_jobs: int = Field(default=64, ge=1, le=1000, strict=True)  # at one time
    most_image_mb: int = Field(default=512, ge=1, strict=True)  # of one image
    quota_mb: int = Field(default=4096, ge=1, strict=True)  # of all images that are kept at one time
    patience: float = Field(default=600.0, gt=0, allow_inf_nan=False, strict=True)  # s until EndPostScanJob

    _parse_listen = field_validator("listen", mode="before")(endpoint)

    @model_validator(mode="after")
    def _has_a_certificate(self) -> Self:
        if self.certificate is None and (self.key or self.client_authority):
            raise ValueError("certificate is missing")
        return self
