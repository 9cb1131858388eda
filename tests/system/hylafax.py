"""A private HylaFAX: Debian's server and client in a mount and process namespace of their own, gone with it.

    with hylafax.server(tmp_path) as fax:
        fax.submit("-d", "555", document)
        async with hylafax.followed(fax) as seen:
            await seen.until(lambda: seen.phases("1")[-1] is FaxPhase.DONE)

Its spool is a directory of the test's; /usr, /etc, /dev and /run are layers that no one else sees. Two Class 1 modems
(tests/system/fax_line.py) can be had below it. Needs root.
"""

import asyncio
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageDraw

from bridge.fax.faxcomex import AccessRights, JobStatus, ServerEvents
from bridge.fax.notify import Callback
from bridge.service.fax import FaxService
from drivers.contract.clock import SystemClock
from drivers.contract.errors import DriverError
from drivers.contract.fax import FaxCall, FaxPhase, FaxReport, FaxSnapshot
from drivers.hylafax.open import open_observer
from tests.ports import kept_port
from tests.system import debian, product

PACKAGES = ("hylafax-server", "hylafax-client", "libtiff-tools", "libspandsp2")
SPOOL = "/var/spool/hylafax"
UUCP = 10  # Debian's static user and group
SECONDS = 60
LOST = "null or missing DIALSTRING parameter"
SETUP = """\
AWK=awk SED=sed GREP=grep CP=cp CAT=cat RM=rm MV=mv ECHO=echo MKDIR=mkdir CHMOD=chmod CHOWN=chown
SBIN=/usr/sbin LIBEXEC=/usr/sbin TIFFBIN=/usr/bin SPOOL=/var/spool/hylafax ENCODING=base64
SENDMAIL=/bin/true FUSER=true PS2FAX=true TTYCMD=true TIFF2PDF=bin/tiff2pdf UUENCODE=cat MIMENCODE=cat
"""
CONFIG = """\
LogFacility: daemon
CountryCode: 49
LongDistancePrefix: 0
InternationalPrefix: 00
AreaCode: 30
DialStringRules: etc/dialrules
ServerTracing: 0xFFF
MaxDials: 12
MaxTries: 3
"""
MODEM = """\
CountryCode: 49
AreaCode: 30
FAXNumber: +49.30.{number}
LongDistancePrefix: 0
InternationalPrefix: 00
DialStringRules: etc/dialrules
LocalIdentifier: "Modem {number}"
ServerTracing: 0xFFFFF
SessionTracing: 0xFFFFF
RecvFileMode: 0644
DeviceMode: 0660
RingsBeforeAnswer: {rings}
SpeakerVolume: off
ModemType: Class1
ModemResetCmds: "ATH1\\nAT+VCID=1"
ModemReadyCmds: ATH0
Class1AdaptRecvCmd: AT+FAR=1
Class1TMConnectDelay: 400
ModemResetDelay: 100
ModemSoftResetCmdDelay: 100
ModemDTRDropDelay: 10
CallIDPattern: "NMBR="
CallIDPattern: "NAME="
"""
MOUNTS = """\
set -e
mount --make-rprivate /
mount -t tmpfs -o mode=755 none "$PLACE/over"
for each in usr etc; do
    mkdir -p "$PLACE/over/$each/upper" "$PLACE/over/$each/work"
    mount -t overlay -o "lowerdir=$DEBS/$each:/$each,upperdir=$PLACE/over/$each/upper,workdir=$PLACE/over/$each/work" \
        none "/$each"
done
mount -t tmpfs -o mode=755 none /run
mkdir -p /run/lock
chmod 1777 /run/lock
mkdir -p "$PLACE/over/spool/upper" "$PLACE/over/spool/work" "$PLACE/over/dev"
LAYERS="lowerdir=$DEBS/var/spool:/var/spool,upperdir=$PLACE/over/spool/upper,workdir=$PLACE/over/spool/work"
mount -t overlay -o "$LAYERS" none /var/spool
mount --bind "$PLACE/spool" /var/spool/hylafax
for each in null zero full random urandom tty; do
    touch "$PLACE/over/dev/$each"
    mount --bind "/dev/$each" "$PLACE/over/dev/$each"
done
mkdir "$PLACE/over/dev/pts" "$PLACE/over/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666 none "$PLACE/over/dev/pts"
ln -s pts/ptmx "$PLACE/over/dev/ptmx"
ln -s "$PLACE/log.socket" "$PLACE/over/dev/log"
mount --rbind "$PLACE/over/dev" /dev
mount -t proc proc /proc
echo ready
exec cat
"""


@dataclass
class Server:
    """A HylaFAX that runs."""

    place: Path
    debs: Path
    port: int
    _keeper: int
    _running: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    listens: tuple[str, ...] = ("-l", "127.0.0.1")
    _hfaxd: "subprocess.Popen[bytes] | None" = None

    @property
    def spool(self) -> Path:
        return self.place / "spool"

    def command(self, *words: str | Path) -> list[str]:
        """The words of a command that runs beside the server."""
        inside = ["nsenter", "-t", str(self._keeper), "--mount", "--pid", "--"]
        inside += ["sh", "-c", f'cd {SPOOL} && exec "$@"', "sh"]
        return [*inside, *map(str, words)]

    def run(self, *words: str | Path, check: bool = True, user: str = "tester") -> str:
        """What the command says, both of its voices."""
        done = subprocess.run(
            self.command(*words), check=False, capture_output=True, text=True, timeout=SECONDS, env=self._env(user)
        )
        assert not check or done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def start(self, *words: str | Path) -> "subprocess.Popen[bytes]":
        """Start a daemon of the namespace."""
        with (self.place / "daemons.log").open("ab") as log:
            process = subprocess.Popen(
                self.command(*words), env=self._env("root"), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._running.append(process)
        return process

    def start_hfaxd(self) -> None:
        """Serve clients; until it answers."""
        self._hfaxd = self.start("hfaxd", "-d", *self.listens, "-i", str(self.port))
        self.until(lambda: _answers(self.port), self._hfaxd)

    def stop_hfaxd(self) -> None:
        """Serve nobody any more: it ends, and each of its sessions."""
        self.run("sh", "-c", "for each in $(pgrep -x hfaxd); do kill $each; done")
        assert self._hfaxd is not None
        self._hfaxd.wait(SECONDS)

    def say(self, *commands: str, user: str = "tester") -> list[str]:
        """Say commands to hfaxd as its clients do; its replies."""
        with socket.create_connection(("127.0.0.1", self.port), SECONDS) as connection:
            lines = connection.makefile("rw", newline="\r\n")
            replies = [lines.readline()]
            for command in (f"USER {user}", *commands):
                lines.write(f"{command}\n")
                lines.flush()
                replies.append(lines.readline())
        assert all(each < "4" for each in replies), replies
        return replies

    def submit(self, *options: str | Path, user: str = "tester") -> str:
        """What its own sendfax submits; the id of the job."""
        while not (found := self._sendfax(*options, user=user)):
            pass
        return found[0]

    def submit_to(self, numbers: Sequence[str], document: Path) -> list[str]:
        """The same to many numbers at once; the ids of the jobs."""
        found: list[str] = []
        while len(found) < len(numbers):
            found += self._sendfax(*(f"-d{each}" for each in numbers[len(found) :]), document)
        return found

    def _sendfax(self, *options: str | Path, user: str = "tester") -> list[str]:
        """The ids of the jobs; some are missing where hfaxd lost a number, as it does on a busy machine."""
        said = self.run("sendfax", "-h", f"127.0.0.1:{self.port}", "-n", *options, check=False, user=user)
        found = re.findall(r"request id is (\d+)", said)
        assert found or LOST in said, said
        return found

    def client(self, program: str, *options: str, user: str = "tester") -> str:
        """faxstat, faxalter, faxrm."""
        return self.run(program, "-h", f"127.0.0.1:{self.port}", *options, user=user)

    def _env(self, user: str) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if key.startswith("WSD_")}
        names = {"FAXUSER": user, "LOGNAME": user, "USER": user, "MAILADDR": f"{user}@localhost"}
        return {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C", "TZ": "UTC", "HOME": "/root", **names, **kept}

    def add_modem(self, name: str, number: int, rings: int = 0) -> None:
        """A configuration for /dev/NAME."""
        (self.spool / "etc" / f"config.{name}").write_text(MODEM.format(number=number, rings=rings))

    def connect_line(self, *names: str, speed: float = 1.0) -> None:
        """Two modems, joined."""
        library = next(Path("/usr/lib").joinpath(each.name) for each in self.debs.glob("usr/lib/*-linux-gnu"))
        script = self.place / "fax_line.py"
        shutil.copy(Path(__file__).with_name("fax_line.py"), script)
        links = [f"/dev/{name}" for name in names]
        line = self.start(sys.executable, script, library / "libspandsp.so.2", str(speed), *links)
        self.until(lambda: "ready" in (self.place / "daemons.log").read_text(), line)

    def until(
        self, holds: Callable[[], bool], process: "subprocess.Popen[bytes] | None" = None, seconds: float = 20
    ) -> None:
        """Wait until it holds."""
        deadline = time.monotonic() + seconds
        while not holds():
            assert process is None or process.poll() is None, (self.place / "daemons.log").read_text()
            assert time.monotonic() < deadline, (self.place / "daemons.log").read_text()
            time.sleep(0.05)


@dataclass
class Seen:
    """What an observer told of a server, look by look, and what the bridge makes of it."""

    service: FaxService
    reports: dict[str, list[FaxReport]] = field(default_factory=dict)
    looks: int = 0
    there: set[str] = field(default_factory=set)  # jobs of the last look
    calls: list[FaxCall] = field(default_factory=list)
    archived: list[tuple[str, bool]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def phases(self, job: str) -> list[FaxPhase]:
        """The phases of a job, each once as long as it lasts."""
        found: list[FaxPhase] = []
        for each in self.reports.get(job, []):
            if not found or found[-1] is not each.phase:
                found.append(each.phase)
        return found

    def last(self, job: str) -> FaxReport:
        return self.reports[job][-1]

    def statuses(self, job: str) -> list[JobStatus]:
        """The values of IFaxJobStatus.Status that a listener was told."""
        told = self.service.stream(ServerEvents.OUT_QUEUE | ServerEvents.IN_QUEUE, ALL_RIGHTS, after="1-0")
        found: list[JobStatus] = []
        for event in told.take():
            if event.name in CHANGED and event.data["job_id"].endswith(f":{job}"):
                status = JobStatus(event.data["job_status"]["Status"])
                if not found or found[-1] != status:
                    found.append(status)
        told.close()
        return found

    async def until(self, holds: Callable[[], bool], seconds: float = 60) -> None:
        """Wait until it holds."""
        try:
            await product.until(holds, seconds)
        except TimeoutError:
            raise AssertionError({job: self.phases(job) for job in self.reports} | {"": self.errors}) from None


ALL_RIGHTS = AccessRights(sum(AccessRights))
CHANGED = (Callback.INCOMING_JOB_CHANGED, Callback.OUTGOING_JOB_CHANGED)


@asynccontextmanager
async def followed(fax: Server, host: str = "127.0.0.1", *, far: bool = False) -> AsyncIterator[Seen]:
    """Follow a server as the bridge does, until the block ends. `far`: as one whose files are out of reach."""
    clock = SystemClock()
    log = None if far else fax.spool / "log" / "xferfaxlog"
    observer = await open_observer(host, fax.port, "wsd", "", clock, log=log)
    numbers: dict[str, int] = {}
    seen = Seen(FaxService(1, lambda _source, line: numbers.setdefault(line, len(numbers) + 1)))

    async def follow() -> None:
        told = FaxSnapshot("hylafax")
        while True:
            try:
                told = await observer.poll()
            except DriverError as err:
                seen.errors.append(f"{type(err).__name__}: {err}")
            else:
                seen.service.see(told)
                seen.looks += 1
                seen.there = {each.native_id for each in told.jobs}
                seen.calls += told.calls
                seen.archived += [(each.message_id, each.removed) for each in told.archived]
                for report in told.jobs:
                    reports = seen.reports.setdefault(report.native_id, [])
                    if not reports or reports[-1] != report:
                        reports.append(report)
            await observer.rest(told)

    following = asyncio.create_task(follow())
    try:
        yield seen
        if following.done():
            following.result()
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        await observer.close()


def document(path: Path, pages: int = 1, rows: int = 1100) -> Path:
    """A TIFF as a fax carries it, 204 by 98 dpi; the page numbers stand on it."""
    images = []
    for number in range(1, pages + 1):
        image = Image.new("1", (1728, rows), 1)
        ImageDraw.Draw(image).text((200, 200), f"page {number}", fill=0, font_size=90)
        images.append(image)
    as_it_goes = {262: 0, 278: rows}  # 0 is white, one strip: nothing needs to be converted
    images[0].save(
        path, save_all=True, append_images=images[1:], compression="group4", dpi=(204, 98), tiffinfo=as_it_goes
    )
    return path


@contextmanager
def server(place: Path, *, config: str = "") -> Iterator[Server]:
    """hfaxd and faxq, until the block ends."""
    debs = debian.made("hylafax", _unpack)
    for name in ("over", "spool"):
        (place / name).mkdir(parents=True)
    subprocess.run(["cp", "-a", f"{debs}{SPOOL}/.", place / "spool"], check=True)
    _configure(place / "spool", config)
    with (place / "mounts.log").open("wb") as log:
        keeper = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", MOUNTS],
            env={**os.environ, "PLACE": str(place), "DEBS": str(debs)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        )
    assert keeper.stdin is not None
    assert keeper.stdout is not None
    running: list[subprocess.Popen[bytes]] = []
    voice = _syslog(place)
    try:
        assert keeper.stdout.readline() == b"ready\n", (place / "mounts.log").read_text()
        inner = int(Path(f"/proc/{keeper.pid}/task/{keeper.pid}/children").read_text().split()[0])
        fax = Server(place, debs, kept_port(), inner, running)
        fax.run("chown", "-R", "uucp:uucp", SPOOL)
        faxq = fax.start("faxq", "-D")
        fax.until((place / "spool" / "FIFO").exists, faxq)
        fax.start_hfaxd()
        yield fax
    finally:
        keeper.stdin.close()
        keeper.wait(SECONDS)
        keeper.stdout.close()
        for process in running:
            process.wait(SECONDS)
        voice.shutdown(socket.SHUT_RD)
        voice.close()


def _configure(spool: Path, config: str) -> None:
    etc = spool / "etc"
    shutil.rmtree(etc)
    shutil.copytree(debian.made("hylafax", _unpack) / "etc" / "hylafax", etc)
    (etc / "setup.cache").write_text(SETUP)
    (etc / "config").write_text(CONFIG + config)
    (etc / "hosts.hfaxd").write_text("localhost:21::\n127.0.0.1:21::\n")
    (etc / "hosts.hfaxd").chmod(0o600)
    for each in ("ps2fax", "pdf2fax"):
        (spool / "bin" / each).symlink_to(f"{each}.gs")


def _unpack(root: Path) -> None:
    debs = root.parent / "debs"
    debs.mkdir()
    for deb in debian.downloaded(PACKAGES, debs):
        debian.run(["dpkg-deb", "-x", str(deb), str(root)])


def _syslog(place: Path) -> socket.socket:
    """Write to place/syslog what the daemons say to /dev/log."""
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    heard.bind(str(place / "log.socket"))
    (place / "log.socket").chmod(0o666)

    def write() -> None:
        with (place / "syslog").open("ab", buffering=0) as log:
            while said := heard.recv(65536):
                log.write(said.rstrip(b"\0\n") + b"\n")

    threading.Thread(target=write, daemon=True).start()
    return heard


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False
