"""How we show an agent who we are: a community (v1, v2c) or a user (v3).

Spec: RFC 1901; RFC 3414 (USM), RFC 7860 (SHA-2), RFC 3826 (AES). Names of communities and all passwords stay out of
logs and reprs.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Version(StrEnum):
    """The community-based versions, spelled as operators do."""

    V1 = "1"
    V2C = "2c"


@dataclass(frozen=True, slots=True)
class Community:
    """RFC 1901. The name is a password in all but strength."""

    name: str = field(default="public", repr=False)
    version: Version = Version.V2C


class Auth(StrEnum):
    """What signs messages; MD5 is not offered."""

    SHA = "sha"
    SHA224 = "sha224"
    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"


class Privacy(StrEnum):
    """What encrypts messages. The longer keys are those that Blumenthal's draft derives, as net-snmp does."""

    AES = "aes"
    AES192 = "aes192"
    AES256 = "aes256"


LEAST_PASSWORD = 8  # characters, RFC 3414 §11.2


@dataclass(frozen=True, slots=True)
class User:
    """A user of SNMPv3. Without `auth_password` nothing is signed, without `privacy_password` nothing encrypted."""

    name: str
    auth: Auth = Auth.SHA
    auth_password: str | None = field(default=None, repr=False)
    privacy: Privacy = Privacy.AES
    privacy_password: str | None = field(default=None, repr=False)
    context: str = ""

    def __post_init__(self) -> None:
        """Raises ValueError for what USM does not allow."""
        if not 0 < len(self.name.encode()) <= 32:
            raise ValueError("the user's name is not 1 to 32 octets long")
        if self.privacy_password is not None and self.auth_password is None:
            raise ValueError("there is no encryption without authentication")
        for word, password in (("auth", self.auth_password), ("privacy", self.privacy_password)):
            if password is not None and len(password) < LEAST_PASSWORD:
                raise ValueError(f"the {word} password has fewer than {LEAST_PASSWORD} characters")


Credentials = Community | User


def credentials(
    version: str,
    community: str,
    *,
    user: str,
    auth: str,
    auth_password: str,
    privacy: str,
    privacy_password: str,
    context: str,
) -> Credentials:
    """From plain words, as a configuration has them; an empty password is none. Raises ValueError."""
    if version != "3":
        return Community(community, Version(version))
    return User(user, Auth(auth), auth_password or None, Privacy(privacy), privacy_password or None, context)


def version_of(credentials: Credentials) -> str:
    """`1`, `2c` or `3`."""
    return "3" if isinstance(credentials, User) else str(credentials.version)
