"""A real Linux kernel with USB: a virtual machine that sees this machine's files, with simulated scanners plugged in.

    def test_epson2_scans(machine):                                         # the fixture: one guest for all tests
        with machine.scanner("esci", "adf=2,speed=0,warmup=0") as scanner:  # served here, plugged in there
            machine.check(f"{machine.sane('epson2')} scanimage -d epson2 --format=pnm > $SHARE/page.pnm")
            page = (machine.share / "page.pnm").read_bytes()
            scanner.say("jam")                                              # any event of `wsd-scan-hil serve`
            done = machine.run(f"{machine.sane('epson2')} scanimage -d epson2 --source=…")
            assert "jammed" in done.err
            running = machine.python("-m", "bridge.cli", "run")             # goes on; running.out, running.stop()

Scripts are run by the guest's bash as root (or as `user`), in this project's directory, with `python` being this
interpreter. Paths are the same on both sides: the guest's root is this machine's, read-only, with the packages asked
for laid over it as if they were installed and a layer of memory above, so a guest may write (or chmod) anything and
nothing stays. `machine.share` ($SHARE) alone is the same directory on both sides: what is written there is there.
A file of the host that was changed after the boot may be seen in its old state; new names and the share are right.

`machine.sane("epson2")` is the environment in which SANE tries that backend alone, wherever its device is on USB (all
backends cost a second each). `SANE_DEBUG_EPSON2=15` before scanimage tells on standard error what the backend dislikes.

The machine is software-emulated (20 times slower than the host: small pages, no Python but by `python`), has no network
but what `forward` opens, and ends with its context, or with the process that booted it. By hand:

    with guest.boot("sane-utils", "libsane1") as machine: …                 # 4 s, the first time a minute
"""

import itertools
import json
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from tests.system import debian, qemu
from tests.system.kernel import kernel_of
from tests.system.usb_scanner import Scanner

PROJECT = Path(__file__).resolve().parents[2]
BOOT_SECONDS = 240  # 4 s on a machine that does nothing else; two cores with much to do may take a hundred
SCRIPT_SECONDS = 100
STOP_SECONDS = 10
USB_ALONE = {"epson2": ("usb",), "epsonds": ("usb",)}  # as shipped they look into the network, too, for a second or two
ALWAYS = ("busybox-static", "kmod", "udev", "libusb-1.0-0")  # in every guest

# Process 1 begins with this.
RUN = """\
#!/bin/busybox sh
export PATH={path}
chmod o+rx {closed}
busybox ip link set lo up
busybox ip addr add {address}/24 dev eth0
busybox ip link set eth0 up
{then}
"""
PLAIN = """\
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs shm /dev/shm
exec busybox sh {share}/agent
"""
# systemd boots what its own packages bring, and of the host's configuration nothing.
SYSTEMD = """\
: > /etc/fstab
mount -t tmpfs -o mode=755 systemd /etc/systemd
mkdir -p /etc/systemd/system /run/systemd/system
cp {share}/lab.target {share}/lab.service /run/systemd/system
for each in {idle}; do ln -s /dev/null /run/systemd/system/systemd-$each.service; done
. {share}/prepare
exec /lib/systemd/systemd --unit=lab.target
"""
# What tidies a system that stays: /tmp is this machine's and may be large.
IDLE = "tmpfiles-setup tmpfiles-setup-dev hwdb-update journal-catalog-update update-done machine-id-commit sysusers"
UNITS = {
    "lab.target": "[Unit]\nRequires=sysinit.target lab.service\nAfter=sysinit.target\nAllowIsolate=yes\n",
    "lab.service": "[Unit]\nDefaultDependencies=no\nRequires=sysinit.target\nAfter=sysinit.target\n"
    "[Service]\nExecStart=/bin/busybox sh {share}/agent\n",
}
# Scripts are told by number on a virtio port, and their exit codes told back.
AGENT = """\
export PATH={path} HOME=/root LC_ALL=C.UTF-8 SHARE={share} PYTHONDONTWRITEBYTECODE=1
cd {project}
exec 3<>"/dev/$(grep -lx lab /sys/class/virtio-ports/*/name | cut -d/ -f5)"
echo "0 0" >&3
{warm}
while read -r number; do
    case $number in python*) echo "${{number#python}}" >&4; continue ;; esac
    (
        busybox setsid bash "$SHARE/$number.sh" < /dev/null > "$SHARE/$number.out" 2> "$SHARE/$number.err" 3<&- 4<&- &
        echo $! > "$SHARE/$number.pid"
        wait $!
        echo "$number $?" >&3
    ) &
done <&3
busybox poweroff -f
"""


# A Python that has imported the product before it is asked for (tests.system.warm_python).
WARM = """\
mkfifo -m 600 /run/warm
exec 4<>/run/warm
python -m tests.system.warm_python "$SHARE" <&4 4<&- > "$SHARE/warm.log" 2>&1 &
"""


@dataclass(frozen=True, slots=True)
class Done:
    """How a script ended, and what it said."""

    code: int
    out: str
    err: str

    def well(self) -> str:
        """What it said on standard output, if it succeeded. Raises AssertionError."""
        assert self.code == 0, f"code {self.code}\n{self.out}\n{self.err}"
        return self.out


class Running:
    """A script that has been started in the guest."""

    def __init__(self, guest: "Guest", number: int) -> None:
        self._guest, self.number = guest, number

    @property
    def out(self) -> str:
        """What it has said on standard output until now."""
        return self._read("out")

    @property
    def err(self) -> str:
        """What it has said on standard error until now."""
        return self._read("err")

    @property
    def ended(self) -> bool:
        """It runs no more."""
        return self.number in self._guest.codes

    def wait(self, seconds: float = SCRIPT_SECONDS) -> Done:
        """Until it ends. Raises TimeoutError with what it said, and kills it."""
        if not self._guest.told(lambda: self.ended, seconds):
            said = f"{self.out}\n{self.err}"[-3000:]
            self.signal(signal.SIGKILL)
            raise TimeoutError(f"the guest's script takes more than {seconds} s:\n{said}")
        return Done(self._guest.codes[self.number], self.out, self.err)

    def until(self, text: str, seconds: float = SCRIPT_SECONDS) -> str:
        """Wait until it has said `text` on standard output or error; all it said. Raises TimeoutError, or
        AssertionError when it ends without."""
        deadline = time.monotonic() + seconds
        while text not in (said := self.out + self.err):
            assert not self.ended or text in self.out + self.err, f"it ended without {text!r}:\n{said}"
            if time.monotonic() > deadline:
                raise TimeoutError(f"{text!r} not said within {seconds} s:\n{said[-3000:]}")
            time.sleep(0.05)
        return said

    def signal(self, number: signal.Signals) -> None:
        """To it and all that it started."""
        while not self.ended and not (pid := self._read("pid").strip()):
            time.sleep(0.02)
        if not self.ended:
            self._guest.run(f"kill -{int(number)} -- -{pid}")

    def stop(self, seconds: float = STOP_SECONDS) -> Done:
        """SIGTERM to all of it, and wait. What has ended is left alone."""
        self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def _read(self, kind: str) -> str:
        path = self._guest.share / f"{self.number}.{kind}"
        return path.read_text(errors="replace") if path.exists() else ""


class Guest:
    """A running machine. Its methods block; several threads may use it."""

    def __init__(
        self, share: Path, process: subprocess.Popen[bytes], port: socket.socket, monitor: qemu.Monitor
    ) -> None:
        self.share = share
        self.codes: dict[int, int] = {}
        self._process, self._port, self._monitor = process, port, monitor
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()
        self._plugs = itertools.count(1)
        self._plugged = 0
        threading.Thread(target=self._hear, daemon=True).start()

    def until_up(self) -> None:
        """Wait until it takes scripts. Raises AssertionError with what its console said."""
        assert self.told(lambda: 0 in self.codes, BOOT_SECONDS), (
            f"the guest does not boot:\n{(self.share / 'console').read_text(errors='replace')[-3000:]}"
        )

    # Scripts.

    def start(self, script: str, *, user: str = "", groups: tuple[str, ...] = ()) -> Running:
        """Run a bash script and go on. `user`: not root but that one, with these further `groups`."""
        number = next(self._numbers)
        path = self.share / f"{number}.sh"
        path.write_text(_as_user(script, user, groups))
        with self._changed:
            self._port.sendall(f"{number}\n".encode())
        return Running(self, number)

    def python(self, *arguments: str, user: str = "", groups: tuple[str, ...] = (), **environment: str) -> Running:
        """Start `python -m MODULE …` or `python -c CODE …`, in a process that need not import what most import: one
        that did was forked. `user` and `groups` as for `start`."""
        number = next(self._numbers)
        told = {"arguments": arguments, "user": user, "groups": groups, "environment": environment}
        (self.share / f"{number}.json").write_text(json.dumps(told))
        with self._changed:
            self._port.sendall(f"python{number}\n".encode())
        return Running(self, number)

    def run(
        self, script: str, *, user: str = "", groups: tuple[str, ...] = (), seconds: float = SCRIPT_SECONDS
    ) -> Done:
        """Run a bash script to its end. Raises TimeoutError."""
        return self.start(script, user=user, groups=groups).wait(seconds)

    def check(
        self, script: str, *, user: str = "", groups: tuple[str, ...] = (), seconds: float = SCRIPT_SECONDS
    ) -> str:
        """The same, for one that must succeed (`set -e` is on): what it said on standard output."""
        return self.run(f"set -e\n{script}", user=user, groups=groups, seconds=seconds).well()

    def until(self, condition: str, seconds: float = 60.0) -> None:
        """Wait in the guest until the shell's condition holds, looked at ten times a second. Raises AssertionError."""
        loop = f"while (( SECONDS <= {seconds:.0f} )); do {condition} && exit 0; sleep 0.1; done; exit 1"
        self.check(loop, seconds=seconds + 20)

    def sane(self, backend: str, *settings: str) -> str:
        """The words before `scanimage` that make SANE use this backend alone, on USB; `settings` are the lines of its
        .conf file in place of those that Debian ships."""
        settings = settings or USB_ALONE.get(backend, ())
        place = self.share / f"sane-{backend}-{next(self._numbers)}"
        place.mkdir()
        (place / "dll.conf").write_text(f"{backend}\n")
        if settings:
            (place / f"{backend}.conf").write_text("".join(f"{line}\n" for line in settings))
        return f"SANE_CONFIG_DIR={place}:/etc/sane.d"

    def with_udev(self) -> None:
        """Run udevd there, with our rules, our hardware database and the group `scanner`."""
        self.check(
            f"""
            groupadd --system scanner
            mkdir -p /etc/udev/rules.d /run/only-ours/etc/udev/hwdb.d
            cp {PROJECT}/udev/60-wsd-scan-bridge.rules /etc/udev/rules.d/
            cp {PROJECT}/udev/60-wsd-scan-bridge.hwdb /run/only-ours/etc/udev/hwdb.d/
            udevadm hwdb --update --root=/run/only-ours 2>/dev/null
            cp /run/only-ours/etc/udev/hwdb.bin /etc/udev/hwdb.bin
            /lib/systemd/systemd-udevd --daemon
            udevadm control --ping
            """
        )

    # USB.

    @contextmanager
    def scanner(self, family: str, script: str = "", *, plugged: bool = True) -> Iterator[Scanner]:
        """Serve a simulated scanner, plug it in and wait until the kernel has it; or serve it only."""
        path = self.share / f"usb{next(self._plugs)}.sock"
        scanner = Scanner(family, script, path)
        try:
            with self.plugged(path) if plugged else nullcontext():
                if plugged:
                    self.until_seen(scanner.ids)
                yield scanner
        finally:
            scanner.close()

    @contextmanager
    def plugged(self, path: Path, port: int | None = None) -> Iterator[None]:
        """Plug in what speaks usbredir on that socket, into that port (1 to 8) of the root hub or a free one. When it
        is pulled out, the kernel knows it."""
        name = f"{path.stem}-{next(self._plugs)}"
        address = {"type": "unix", "data": {"path": str(path)}}
        self._monitor.do("chardev-add", id=name, backend={"type": "socket", "data": {"addr": address, "server": False}})
        where = {} if port is None else {"bus": "xhci.0", "port": str(port)}
        self._monitor.do("device_add", driver="usb-redir", id=f"d{name}", chardev=name, **where)
        self._plugged += 1
        try:
            yield
        finally:
            self._plugged -= 1
            self._monitor.do("device_del", id=f"d{name}")
            with suppress(AssertionError):  # the device took it along
                self._monitor.do("chardev-remove", id=name)
            # The next one may have the same ids, and must not be thought to be there already.
            self.until(f"(( $(ls /sys/bus/usb/devices | grep -c '^[0-9]*-[0-9]*$') <= {self._plugged} ))")

    def until_seen(self, ids: str, *, present: bool = True) -> None:
        """Wait until the kernel has configured (or no longer has) a device "vvvv:pppp"."""
        vendor, product = (int(each, 16) for each in ids.split(":"))
        look = f'grep -qs "^PRODUCT={vendor:x}/{product:x}/" /sys/bus/usb/devices/*:*/uevent'
        self.until(look if present else f"! {look}")

    # The network.

    def forward(self, port: int) -> int:
        """Open a port of 127.0.0.1 here that leads to that port of the guest; its number."""
        self._human(f"hostfwd_add net0 tcp:127.0.0.1:0-{qemu.ADDRESS}:{port}")
        for line in self._human("info usernet").splitlines():
            words = line.split()
            if words[:1] == ["TCP[HOST_FORWARD]"] and words[4:6] == [qemu.ADDRESS, str(port)]:
                return int(words[3])
        raise AssertionError(self._human("info usernet"))

    def usbip(self, port: int) -> None:
        """From now on the guest finds the USB/IP server on this port of 127.0.0.1 at 10.0.2.100:3240."""
        (self.share / "usbip.port").write_text(f"{port}\n")

    def told(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Wait for the guest's word until it holds."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not holds() and self._process.poll() is None and time.monotonic() < deadline:
                self._changed.wait(0.2)  # QEMU's end is told by nobody
            return holds()

    def close(self) -> None:
        """Switch it off."""
        with suppress(OSError, AssertionError, ValueError):
            self._monitor.do("quit")
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._monitor.close()
        self._port.close()

    def _human(self, line: str) -> str:
        return str(self._monitor.do("human-monitor-command", **{"command-line": line}))

    def _hear(self) -> None:
        with suppress(OSError, ValueError), self._port.makefile() as lines:
            for line in lines:
                number, code = line.split()
                with self._changed:
                    self.codes[int(number)] = int(code)
                    self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()


@contextmanager
def boot(*packages: str, systemd: str | None = None, warm: bool = True) -> Iterator[Guest]:
    """A guest with these Debian packages. Where it cannot be had the test fails.

    `systemd`: boot Debian's systemd, with nothing of the host's configuration, after this shell script has put into
    /etc/systemd/system and elsewhere what it is to find. `warm`: where systemd is not, `python` can be used.
    """
    with booting(*packages, systemd=systemd, warm=warm) as machine:
        machine.until_up()
        yield machine


@contextmanager
def booting(*packages: str, systemd: str | None = None, warm: bool = True) -> Iterator[Guest]:
    """The same, that has been switched on; what it does before `until_up` is undefined."""
    try:
        tools = debian.unpacked(qemu.machine().package, "busybox-static", "kmod")
        kernel = kernel_of(tools)
        layer = _layer(*ALWAYS, *packages)
    except debian.Missing as err:
        pytest.fail(f"no guest: {err}")
    # What was never imported here would be compiled there.
    subprocess.run([sys.executable, "-m", "compileall", "-q", "bridge", "drivers"], cwd=PROJECT, check=True)
    share = Path(tempfile.mkdtemp(prefix="wsd-guest-"))
    share.chmod(0o755)
    (share / "boot").write_text(f"SHARE={share}\nRUN={share}/run\n")
    _write_scripts(share, systemd, WARM if warm and systemd is None else "")
    try:
        with qemu.running(tools, kernel, layer, share) as (process, port, monitor):
            guest = Guest(share, process, port, monitor)
            try:
                yield guest
            finally:
                guest.close()
    finally:
        shutil.rmtree(share)


def _write_scripts(share: Path, systemd: str | None, warm: str) -> None:
    interpreter = Path(sys.executable)
    ancestors = {*PROJECT.parents, PROJECT, *interpreter.parents, *interpreter.resolve().parents}
    closed = [str(each) for each in ancestors if each.stat().st_mode & 0o005 != 0o005]
    path = f"{interpreter.parent}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    then = (PLAIN if systemd is None else SYSTEMD).format(share=share, idle=IDLE)
    run = RUN.format(path=path, closed=shlex.join(closed or ["/"]), address=qemu.ADDRESS, then=then)
    agent = AGENT.format(path=path, share=share, project=shlex.quote(str(PROJECT)), warm=warm)
    units = {name: text.format(share=share) for name, text in UNITS.items()}
    for name, text in {"run": run, "agent": agent, "prepare": systemd or "", **units}.items():
        (share / name).write_text(text)
    (share / "run").chmod(0o755)


def _layer(*packages: str) -> Path:
    """The packages' files as they lie in an installed system, where /bin, /sbin and /lib are in /usr."""
    key = sha256("\0".join(sorted(packages)).encode()).hexdigest()[:12]

    def fill(place: Path) -> None:
        for each in debian.unpacked(*packages).path.iterdir():
            merged = each.name in ("bin", "sbin", "lib", "lib64")
            shutil.copytree(
                each, place / "usr" / each.name if merged else place / each.name, symlinks=True, dirs_exist_ok=True
            )

    return debian.made(f"guest-{key}", fill)


def _as_user(script: str, user: str, groups: tuple[str, ...]) -> str:
    if not user:
        return script
    further = f"--groups={','.join(groups)}" if groups else "--clear-groups"
    return f'exec setpriv --reuid={user} --regid="$(id -g {user})" {further} bash -c {shlex.quote(script)}\n'
