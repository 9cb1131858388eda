"""Foreign servers that files are brought to, on loopback, stopped at the end: Debian's Samba and lighttpd, aiosmtpd."""

import asyncio
import hashlib
import signal
import socket
import ssl
import subprocess
import time
import warnings
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.ports import kept_port
from tests.system import debian

HERE = "127.0.0.1"
USER, PASSWORD = "nobody", "correct horse"
START = 20.0
STOP = 10.0


@dataclass(frozen=True, slots=True)
class Served:
    """A server and the directory that it serves."""

    port: int
    files: Path


def certificate(place: Path) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, in one PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a server of a test")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HERE))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = place / "server.pem"
    file.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return file


def on_disk_of(megabytes: int, folder: Path, more: str = "true") -> list[str]:
    """The words before a command for which `folder` is a file system of that size, and for nobody else. `more`: what
    else is done to its file systems."""
    script = f'{more} && mount -t tmpfs -o size={megabytes}m,mode=777 scans "$0" && exec "$@"'
    return ["unshare", "-m", "--propagation", "private", "sh", "-c", script, str(folder)]


@contextmanager
def running(command: list[str], port: int, log: Path, env: dict[str, str]) -> Iterator[None]:
    """A program that serves on that port, until the block ends."""
    with log.open("ab") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=env, start_new_session=True)
    try:
        _answers(port, process, log)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            socket.create_connection((HERE, port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"no answer on port {port}: {log.read_text()}")


@contextmanager
def samba(place: Path, share: Path, prefix: Sequence[str] = ()) -> Iterator[Served]:
    """Samba with the shares `scans` and `archive` (read only), for USER. `share` is used as user nobody."""
    root = debian.packages("samba")
    port = kept_port()
    for each in ("private", "lock", "state", "cache", "pid", "ncalrpc"):
        (place / each).mkdir(parents=True)
    config = place / "smb.conf"
    config.write_text(
        f"""[global]
server role = standalone server
server min protocol = SMB2_10
interfaces = 127.0.0.1/8
bind interfaces only = yes
smb ports = {port}
private dir = {place}/private
lock directory = {place}/lock
state directory = {place}/state
cache directory = {place}/cache
pid directory = {place}/pid
ncalrpc dir = {place}/ncalrpc
passdb backend = tdbsam:{place}/private/passdb.tdb
load printers = no
disable spoolss = yes
map to guest = never
[scans]
path = {share}
read only = no
force user = {USER}
[archive]
path = {share}
read only = yes
""",
        encoding="utf-8",
    )
    env = root.env()
    command = [root.program("pdbedit"), "-s", str(config), "-a", "-u", USER, "-t"]
    said = f"{PASSWORD}\n{PASSWORD}\n"
    done = subprocess.run(command, input=said, capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    serve = [*prefix, root.program("smbd"), "--foreground", "--no-process-group", "--debug-stdout", "-s", str(config)]
    with running(serve, port, place / "smbd.log", env):
        yield Served(port, share)


@contextmanager
def web(place: Path, *, tls: Path | None = None, login: str = "digest", dav: bool = True) -> Iterator[Served]:
    """lighttpd with WebDAV under /scans, for USER. `login`: digest, basic or none. Without `dav` it only reads."""
    root = debian.packages("lighttpd", "lighttpd-mod-webdav", "lighttpd-mod-openssl")
    port = kept_port()
    files = place / "www"
    (files / "scans").mkdir(parents=True)
    (place / "users").write_text(f"{USER}:library:{_ha1('library')}\n{USER}:{PASSWORD}\n", encoding="utf-8")
    (place / "plain").write_text(f"{USER}:{PASSWORD}\n", encoding="utf-8")
    modules = ["mod_access", "mod_auth", "mod_authn_file", "mod_webdav", *(["mod_openssl"] if tls else [])]
    (library,) = {each.parent for each in root.path.glob("usr/lib/**/mod_webdav.so")}
    (place / "locks").mkdir()
    config = place / "lighttpd.conf"
    rules = [
        "server.modules = (" + ", ".join(f'"{each}"' for each in modules) + ")",
        f'server.document-root = "{files}"',
        f'server.bind = "{HERE}"',
        f"server.port = {port}",
        f'server.errorlog = "{place}/lighttpd-error.log"',
        f'server.upload-dirs = ("{place}/locks")',
    ]
    if tls:
        rules += ['ssl.engine = "enable"', f'ssl.pemfile = "{tls}"']
    if login != "none":
        backend = "htdigest" if login == "digest" else "plain"
        users = place / ("users" if login == "digest" else "plain")
        rules += [
            f'auth.backend = "{backend}"',
            f'auth.backend.{backend}.userfile = "{users}"',
            f'auth.require = ("/" => ("method" => "{login}", "realm" => "library", "require" => "valid-user"))',
        ]
    if dav:
        rules.append('$HTTP["url"] =~ "^/scans($|/)" { webdav.activate = "enable" }')
    config.write_text("\n".join(rules) + "\n", encoding="utf-8")
    command = [root.program("lighttpd"), "-D", "-f", str(config), "-m", str(library)]
    with running(command, port, place / "lighttpd.log", root.env()):
        yield Served(port, files / "scans")


@contextmanager
def apache(place: Path, disk: int) -> Iterator[Served]:
    """Apache with WebDAV and no login, on a disk of so many megabytes. (lighttpd says 500 where a disk is full.)"""
    root = debian.packages("apache2-bin")
    port = kept_port()
    files = place / "apache"
    for each in (files, place / "dav"):
        each.mkdir()
        each.chmod(0o777)
    (modules,) = {each.parent for each in root.path.glob("usr/lib/apache2/modules/mod_dav.so")}
    wanted = ("mpm_event", "authz_core", "dav", "dav_fs")
    loaded = "\n".join(f"LoadModule {each}_module {modules}/mod_{each}.so" for each in wanted)
    config = place / "apache.conf"
    config.write_text(
        f"""{loaded}
ServerName {HERE}
ServerRoot {place}
DefaultRuntimeDir {place}
PidFile {place}/apache.pid
Mutex file:{place}
Listen {HERE}:{port}
ErrorLog {place}/apache-error.log
User {USER}
Group nogroup
DavLockDB {place}/dav/lock
DocumentRoot {files}
<Directory {files}>
  Dav On
  Require all granted
</Directory>
""",
        encoding="utf-8",
    )
    # libaprutil looks for its databases where Debian would have installed them, and nowhere else.
    (own,) = {each.parent.parent for each in root.path.glob("usr/lib/*/apr-util-1/apr_dbm_db.so")}
    seen = f"mount -t overlay libraries -o lowerdir={own}:/{own.relative_to(root.path)} /{own.relative_to(root.path)}"
    command = [*on_disk_of(disk, files, seen), root.program("apache2"), "-D", "FOREGROUND", "-f", str(config)]
    with running(command, port, place / "apache.log", root.env()):
        yield Served(port, files)


def _ha1(realm: str) -> str:
    return hashlib.md5(f"{USER}:{realm}:{PASSWORD}".encode()).hexdigest()


@dataclass
class MailServer:
    """What a mail server took."""

    port: int = 0
    taken: list[Envelope] = field(default_factory=list)
    refuse: str = ""  # an answer to every recipient
    refused: dict[str, str] = field(default_factory=dict)  # answers to these alone
    then: str = "250 OK"  # the answer to a mail
    begun: list[Envelope] = field(default_factory=list)  # mails that were neither sent nor taken back, at QUIT

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Envelope, address: str, options: Any
    ) -> str:
        if no := self.refused.get(address, self.refuse):
            return no
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Envelope
    ) -> str:
        if self.then.startswith("250"):
            self.taken.append(envelope)
        return self.then

    async def handle_QUIT(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if envelope.mail_from is not None:
            self.begun.append(envelope)
        return "221 Bye"


@asynccontextmanager
async def mail(pem: Path | None, *, implicit: bool = False, size: int = 33_554_432) -> AsyncIterator[MailServer]:
    """aiosmtpd, which wants a login over TLS where there is a certificate."""
    server = MailServer()
    context = None
    if pem is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pem)

    def protocol() -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that a login needs TLS, which implicit TLS is to it not
            return made()

    def made() -> SMTP:
        return SMTP(
            server,
            hostname="mail.test",
            data_size_limit=size,
            tls_context=None if implicit else context,
            require_starttls=context is not None and not implicit,
            auth_required=context is not None,
            auth_require_tls=not implicit,
            authenticator=lambda _s, _session, _e, _m, data: AuthResult(
                success=data.login == USER.encode() and data.password == PASSWORD.encode(), handled=False
            ),
        )

    listening = await asyncio.get_running_loop().create_server(protocol, HERE, 0, ssl=context if implicit else None)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
