"""One web server that files are brought to: requests with a log-in, over TLS that is checked, from a filter's thread.

http.client streams a file as it lies on the disk. Digest is preferred; Basic is answered where a server asks for it.
Nothing is followed: a server that sends us elsewhere is an error.
Spec: RFC 9110, RFC 7616 (Digest; MD5 and SHA-256, qop auth), RFC 7617 (Basic).
"""

import base64
import hashlib
import http.client
import secrets
import ssl
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import quote, urlsplit
from urllib.request import parse_keqv_list

from bridge.config import Account
from bridge.dsm.job import FilterStateReason
from bridge.filters.filter import FilterFailed

SILENCE: Final = 60.0  # seconds that a server may say nothing
MOST_ANSWER: Final = 64 * 1024
_AGENT: Final = "wsd-scan-bridge"
_HASHES: Final[Mapping[str, Callable[[bytes], "hashlib._Hash"]]] = {"sha-256": hashlib.sha256, "md5": hashlib.md5}
_NONE: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Said:
    """An answer, its body cut at MOST_ANSWER."""

    status: int
    body: bytes

    @property
    def text(self) -> str:
        """The first words of it, one line."""
        return " ".join(self.body[:2000].decode(errors="replace").split())[:200]


class Body(Protocol):
    """A file that is sent."""

    def read(self, size: int = -1, /) -> bytes:
        """As of a file."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """As of a file."""

    def tell(self) -> int:
        """As of a file."""


class WebServer:
    """The place of a URL, and who we are there. Blocking, of one thread."""

    def __init__(self, url: str, account: Account) -> None:
        """Raises FilterFailed for a certificate file that cannot be used."""
        parts = urlsplit(url)
        self.url = url.rstrip("/")
        self._secure, self._host, self._port = parts.scheme == "https", parts.hostname or "", parts.port
        self.path = quote(parts.path.rstrip("/"), safe="/%~")
        self._account = account
        self._tls: ssl.SSLContext | None = trusting(account.certificate) if self._secure else None
        self._challenge: Mapping[str, str] | None = None  # of Digest
        self._basic = False
        self._used = count(1)

    def ask(self, method: str, path: str, headers: Mapping[str, str] = _NONE, body: Body | None = None) -> Said:
        """`path`: quoted. A file is sent from where it stands. Raises FilterFailed where no answer comes."""
        start = 0 if body is None else body.tell()
        said, asked = self._once(method, path, headers, body)
        if said.status == http.HTTPStatus.UNAUTHORIZED and asked is not None and self._learn(asked):
            if body is not None:
                body.seek(start)
            said, _ = self._once(method, path, headers, body)
        return said

    def _once(
        self, method: str, path: str, headers: Mapping[str, str], body: Body | None
    ) -> tuple[Said, list[str] | None]:
        """The answer, and what log-in it asks for."""
        sent = {"User-Agent": _AGENT, **headers, **self._login(method, path)}
        if body is not None:
            at = body.tell()
            sent["Content-Length"] = str(body.seek(0, 2) - at)
            body.seek(at)
        where = f"{self._host}:{self._port}" if self._port else self._host
        try:
            with closing(self._connection()) as connection:
                with suppress(BrokenPipeError, ConnectionResetError):  # it has said enough already
                    connection.request(method, path, body=body, headers=sent)
                response = connection.getresponse()
                asked = response.headers.get_all("WWW-Authenticate")
                return Said(response.status, response.read(MOST_ANSWER)), asked
        except ssl.SSLCertVerificationError as err:
            text = f"{where}: its certificate is not trusted: {err.verify_message}"
            raise FilterFailed(FilterStateReason.UNKNOWN_ERROR, text) from err
        except (OSError, http.client.HTTPException) as err:
            text = f"{where}: {getattr(err, 'strerror', None) or err or type(err).__name__}"
            raise FilterFailed(FilterStateReason.UNKNOWN_ERROR, text, passing=True) from err

    def _connection(self) -> http.client.HTTPConnection:
        if self._tls is not None:
            return http.client.HTTPSConnection(self._host, self._port, timeout=SILENCE, context=self._tls)
        return http.client.HTTPConnection(self._host, self._port, timeout=SILENCE)

    def _learn(self, asked: list[str]) -> bool:
        """Whether it is worth trying again with the log-in that is asked for."""
        if not self._account.user:
            return False
        before = self._challenge
        for each in asked:
            scheme, _, rest = each.strip().partition(" ")
            if scheme.lower() == "digest":
                said = {name.strip().lower(): text for name, text in parse_keqv_list(_listed(rest)).items()}
                usable = said.get("algorithm", "MD5").lower() in _HASHES and "auth" in said.get("qop", "auth")
                stale = said.get("stale", "").lower() == "true"
                if usable and "nonce" in said and (before is None or stale):
                    self._challenge, self._used = said, count(1)
                    return True
        if before is None and not self._basic and any(each.strip().lower().startswith("basic") for each in asked):
            self._basic = True
            return True
        return False

    def _login(self, method: str, path: str) -> dict[str, str]:
        user, password = self._account.user, self._account.password.get_secret_value()
        if self._basic:
            word = base64.b64encode(f"{user}:{password}".encode()).decode()
            return {"Authorization": f"Basic {word}"}
        if self._challenge is None:
            return {}
        return {
            "Authorization": digest(
                self._challenge, (user, password), (method, path), next(self._used), secrets.token_hex(8)
            )
        }


def digest(challenge: Mapping[str, str], who: tuple[str, str], request: tuple[str, str], used: int, fresh: str) -> str:
    """The Authorization for a Digest challenge. `who`: user and password; `request`: method and path; `used`: how often
    the nonce was, from 1; `fresh`: nobody can foretell it."""
    user, password = who
    hashed = _HASHES[challenge.get("algorithm", "MD5").lower()]

    def of(*parts: str) -> str:
        return hashed(":".join(parts).encode()).hexdigest()

    realm, nonce = challenge.get("realm", ""), challenge["nonce"]
    secret, asked, path = of(user, realm, password), of(*request), request[1]
    said = {"username": user, "realm": realm, "nonce": nonce, "uri": path}
    plain = {"algorithm": challenge["algorithm"]} if "algorithm" in challenge else {}
    if "qop" in challenge:
        times = f"{used:08x}"
        said |= {"response": of(secret, nonce, times, fresh, "auth", asked), "cnonce": fresh}
        plain |= {"qop": "auth", "nc": times}
    else:
        said["response"] = of(secret, nonce, asked)
    if "opaque" in challenge:
        said["opaque"] = challenge["opaque"]
    quoted = [f"{name}={_quoted(text)}" for name, text in said.items()]
    return "Digest " + ", ".join(quoted + [f"{name}={text}" for name, text in plain.items()])


def _quoted(text: str) -> str:
    escaped = "".join(char for char in text if char.isprintable()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _listed(text: str) -> list[str]:
    """name=value pairs, commas within quotes left alone."""
    parts, quoted = [""], False
    for char in text[:4096]:
        quoted ^= char == '"'
        if char == "," and not quoted:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts if "=" in part]


def trusting(certificate: Path | None) -> ssl.SSLContext:
    """Whom the system trusts, or who signed with that certificate alone. Raises FilterFailed."""
    try:
        return ssl.create_default_context(cafile=certificate)
    except OSError as err:  # ssl.SSLError is one
        text = f"{certificate}: cannot be used as a certificate: {err.strerror or err}"
        raise FilterFailed(FilterStateReason.UNKNOWN_ERROR, text) from err
