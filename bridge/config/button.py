"""What a press of a scanner's own button does here, and how to log in where its pages go."""

from string import Formatter
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, StrictBool, model_validator

from bridge.config.section import Host, Named, Section, web_address

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


NameTemplate = Annotated[str, Field(max_length=200), AfterValidator(_template)]
Languages = Annotated[str, Field(pattern=r"^([A-Za-z0-9_]{1,20}(\+[A-Za-z0-9_]{1,20}){0,9})?$")]  # tesseract's


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


class Smtp(Section):
    """The server that takes mail."""

    host: str = ""
    port: int = Field(default=587, ge=1, le=65535, strict=True)
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""  # empty: no login
    password: SecretStr = SecretStr("")
    sender: _MailAddress | Literal[""] = ""
    certificate: Named | None = None  # PEM of whoever signed the server's; None: whom the system trusts
    most_mb: int = Field(default=20, ge=1, le=1024, strict=True)  # of one mail; more goes in several

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.host and not self.sender:
            raise ValueError("sender is missing")
        if self.password and self.tls == "none":
            raise ValueError("a password is not sent without TLS")
        return self


class Account(Section):
    """How to log in at one server: shares, libraries, paperless."""

    host: Host
    user: str = ""  # DOMAIN\\user for shares, where there is a domain
    password: SecretStr = SecretStr("")
    token: SecretStr = SecretStr("")  # of paperless
    port: int | None = Field(default=None, ge=1, le=65535, strict=True)  # of a share; None: 445
    certificate: Named | None = None  # PEM of whoever signed the server's; None: whom the system trusts


class Button(Section):
    """What a press of a scanner's button does here, without any PC: scan, and bring the pages somewhere."""

    scanner: str = ""  # key; empty: every scanner
    button: str = ""  # the name that `devices` prints; empty: every button
    source: Literal["auto", "glass", "feeder"] = "auto"  # auto: the feeder when paper is in it
    duplex: StrictBool = False
    resolution: int = Field(default=300, ge=50, le=2400, strict=True)
    mode: Literal["color", "gray", "bw"] = "color"
    format: Literal["pdf", "jpeg", "png", "tiff"] = "pdf"
    ocr: Languages = ""
    name: NameTemplate = "{date} {time}"
    user: str = Field(default="", max_length=127)  # whose scans these are
    folder: Named | None = None
    share: Unc | Literal[""] = ""
    mail: tuple[_MailAddress, ...] = Field(default=(), max_length=64)
    library: Annotated[str, AfterValidator(lambda url: url and web_address(url))] = ""  # a WebDAV folder
    paperless: Annotated[str, AfterValidator(lambda url: url and web_address(url))] = ""

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
