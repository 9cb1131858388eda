"""How we show an agent who we are. SNMPv3 users (RFC 3414) will stand here beside `Community`."""

from dataclasses import dataclass, field
from enum import StrEnum


class Version(StrEnum):
    """The community-based versions, spelled as operators do."""

    V1 = "1"
    V2C = "2c"


@dataclass(frozen=True, slots=True)
class Community:
    """RFC 1901. The name is a password in all but strength, so it stays out of logs and reprs."""

    name: str = field(default="public", repr=False)
    version: Version = Version.V2C


Credentials = Community
