"""Scans by e-mail, as attachments: at least once, under a Message-ID that is the same at each try.

What a server took is noted, so a retry sends the rest. An attachment goes from the disk to the socket in pieces. What
is more than one mail may hold goes in several.
Spec: RFC 5321, RFC 5322, RFC 1870 (SIZE), RFC 3207 (STARTTLS), RFC 2045 and 2183 (attachments).
"""

import base64
import hashlib
import re
import secrets
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import format_datetime, formatdate
from pathlib import Path
from typing import Final

from bridge.config import MAIL_ADDRESS, Smtp
from bridge.dsm.job import FilterStateReason
from bridge.filters.apart import apart
from bridge.filters.filter import FilterFailed, StoredImage, Work
from bridge.filters.names import FileNames, media_type, suffix
from bridge.filters.notes import Notes
from bridge.filters.web import trusting

SILENCE: Final = 60.0  # seconds that a server may say nothing
_MEGABYTE: Final = 1_000_000
_LINE: Final = 57  # bytes that make 76 characters of base64
_PIECE: Final = _LINE * 1024
_CODED: Final = 78 / _LINE  # what a byte of a file is in a mail, line ends included
_DONE: Final = "done"


class Mail:
    """Files to mail addresses."""

    def __init__(self, dialect: str, server: Smtp, to: Sequence[str], names: FileNames | None = None) -> None:
        self.dialect = dialect
        self._server = server
        self._to = tuple(dict.fromkeys(to))
        self._names = names or FileNames()

    async def process(self, work: Work) -> tuple[FilterStateReason, ...]:
        """Raises FilterFailed."""
        if not self._server.host:
            raise FilterFailed(FilterStateReason.INVALID_SMTP_SERVER, "[smtp] names no host")
        if not self._to:
            raise FilterFailed(FilterStateReason.INVALID_ARGS, "there is nobody to send the mail to")
        for address in self._to:  # a scan process may let its users name them
            if not re.fullmatch(MAIL_ADDRESS, address):
                raise FilterFailed(FilterStateReason.INVALID_ARGS, f"{address!r:.80} is no mail address")
        await apart(lambda: self._send_all(work))
        return ()

    def _send_all(self, work: Work) -> None:
        notes = Notes(work.notes, f"mail {self._server.host} {' '.join(self._to)}")
        with self._login() as server:
            parcels = self._parcels(work, _limit(server, self._server))
            for number, images in enumerate(parcels, 1):
                left = [image for image in images if notes.get(str(image.document_id)) != _DONE]
                if not left:
                    continue
                self._send(server, work, left, (number, len(parcels)))
                # In one step: a part of it sent again would be another mail, under another Message-ID.
                notes.put_all((str(image.document_id) for image in left), _DONE)

    def _parcels(self, work: Work, limit: int) -> list[list[StoredImage]]:
        parcels: list[list[StoredImage]] = []
        room = 0.0
        for image in work.images:
            size = image.path.stat().st_size * _CODED
            if size > limit:
                text = f"{image.path.name} is {size / _MEGABYTE:.1f} MB as an attachment, more than a mail may hold"
                raise FilterFailed(FilterStateReason.UNABLE_TO_SEND_EMAIL, text)
            if not parcels or size > room:
                parcels.append([])
                room = limit
            parcels[-1].append(image)
            room -= size
        return parcels

    @contextmanager
    def _login(self) -> Iterator[smtplib.SMTP]:
        """A server that takes mail from us. Raises FilterFailed, also for what goes wrong within the block."""
        said = self._server
        where = f"{said.host}:{said.port}"
        try:
            tls = trusting(said.certificate) if said.tls != "none" else None
            if said.tls == "tls":
                server: smtplib.SMTP = smtplib.SMTP_SSL(said.host, said.port, timeout=SILENCE, context=tls)
            else:
                server = smtplib.SMTP(said.host, said.port, timeout=SILENCE)
        except (OSError, smtplib.SMTPException) as err:
            raise _no_server(where, err) from err
        try:
            if said.tls == "starttls":
                server.starttls(context=tls)
            server.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException) as err:
            server.close()
            raise _no_server(where, err) from err
        try:
            if said.user:
                server.login(said.user, said.password.get_secret_value())
            yield server
        except (OSError, smtplib.SMTPException) as err:
            raise _unable(where, err) from err
        finally:
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
            server.close()

    def _send(self, server: smtplib.SMTP, work: Work, images: Sequence[StoredImage], part: tuple[int, int]) -> None:
        """Raises FilterFailed, OSError and SMTPException."""
        names = [f"{self._names.of(work, image)[-1]}{suffix(image)}" for image in images]
        mark = f"=_{secrets.token_hex(16)}"
        _expect(250, server.mail(self._server.sender))
        refused = []
        for address in self._to:
            code, why = server.rcpt(address)
            if code not in (250, 251):
                refused.append(f"{address}: {code} {_words(why)}")
        if refused:  # to some and not to others would be twice to the first at the next try
            with suppress(OSError, smtplib.SMTPException):  # some hang up on whom they refuse
                server.rset()
            passing = all(each.partition(": ")[2].startswith("4") for each in refused)
            raise FilterFailed(FilterStateReason.UNABLE_TO_SEND_EMAIL, "; ".join(refused)[:500], passing=passing)
        _expect(354, server.docmd("DATA"))
        server.send(_head((self._server.sender, self._to), _subject(work, part), work, names, mark))
        for image, name in zip(images, names, strict=True):
            server.send(_attachment_head(mark, name, media_type(image)))
            for piece in _coded(image.path):
                server.send(piece)
        server.send(f"--{mark}--\r\n.\r\n".encode())
        _expect(250, server.getreply())


def _limit(server: smtplib.SMTP, said: Smtp) -> int:
    """Bytes that attachments may have in one mail: ours, and what the server says of itself less the rest of a mail."""
    ours = said.most_mb * _MEGABYTE
    theirs = server.esmtp_features.get("size", "")
    most = int(theirs) if theirs.isascii() and theirs.isdecimal() else 0
    return min(ours, most - 16_384) if most else ours


def _subject(work: Work, part: tuple[int, int]) -> str:
    name = "".join(char if char.isprintable() else " " for char in work.name)[:200] or "Scan"
    return f"{name} ({part[0]}/{part[1]})" if part[1] > 1 else name


def _head(ends: tuple[str, Sequence[str]], subject: str, work: Work, names: Sequence[str], mark: str) -> bytes:
    """Everything before the first attachment. `ends`: from whom and to whom."""
    sender, to = ends
    digest = hashlib.sha256("\0".join((work.token, *to, "", *names)).encode()).hexdigest()[:32]
    message = EmailMessage(policy=WIRE)
    message["From"] = Address("Scanner", addr_spec=sender)
    message["To"] = ", ".join(to)
    message["Subject"] = subject
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{digest}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["MIME-Version"] = "1.0"
    message["Content-Type"] = f'multipart/mixed; boundary="{mark}"'
    text = EmailMessage(policy=WIRE)
    when = format_datetime(work.created.astimezone())
    text.set_content(f"Scanned {when}\n" + "".join(f"  {name}\n" for name in names), cte="base64")
    return _headers(message) + f"--{mark}\r\n".encode() + bytes(text)


def _attachment_head(mark: str, name: str, kind: str) -> bytes:
    part = EmailMessage(policy=WIRE)
    part["Content-Type"] = kind
    part["Content-Transfer-Encoding"] = "base64"
    part.add_header("Content-Disposition", "attachment", filename=name)
    return f"--{mark}\r\n".encode() + _headers(part)


def _headers(message: EmailMessage) -> bytes:
    """Its fields alone, and the empty line behind them: the rest is written while it is read from the disk."""
    return b"".join(WIRE.fold_binary(name, value) for name, value in message.items()) + b"\r\n"


def _coded(path: Path) -> Iterator[bytes]:
    """In lines of base64, none of which begins with a dot."""
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                yield base64.encodebytes(piece).replace(b"\n", b"\r\n")
    except OSError as err:
        raise FilterFailed(FilterStateReason.UNKNOWN_ERROR, f"{path}: {err.strerror or err}") from err


def _expect(code: int, reply: tuple[int, bytes]) -> None:
    if reply[0] != code:
        raise smtplib.SMTPResponseException(*reply)


def _words(said: bytes | str) -> str:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:200]


def _no_server(where: str, err: Exception) -> FilterFailed:
    """It cannot be reached, is none, or is not whom it says it is."""
    if isinstance(err, ssl.SSLCertVerificationError):
        text = f"{where}: its certificate is not trusted: {err.verify_message}"
        return FilterFailed(FilterStateReason.INVALID_SMTP_SERVER, text)
    if isinstance(err, smtplib.SMTPNotSupportedError):
        return FilterFailed(FilterStateReason.INVALID_SMTP_SERVER, f"{where}: it offers no STARTTLS")
    text = f"{where}: {_words(getattr(err, 'strerror', None) or str(err)) or type(err).__name__}"
    return FilterFailed(FilterStateReason.INVALID_SMTP_SERVER, text, passing=True)


def _unable(where: str, err: Exception) -> FilterFailed:
    """It speaks with us, and does not take the mail."""
    reason = FilterStateReason.UNABLE_TO_SEND_EMAIL
    if isinstance(err, smtplib.SMTPResponseException):
        login = "the login is refused: " if isinstance(err, smtplib.SMTPAuthenticationError) else ""
        text = f"{where}: {login}{err.smtp_code} {_words(err.smtp_error)}"
        return FilterFailed(reason, text, passing=400 <= err.smtp_code < 500)
    if isinstance(err, smtplib.SMTPNotSupportedError):
        return FilterFailed(reason, f"{where}: it offers no login")
    return FilterFailed(reason, f"{where}: {_words(str(err)) or type(err).__name__}", passing=True)
