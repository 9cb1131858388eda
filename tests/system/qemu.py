"""QEMU, emulating this machine's architecture in software, with a kernel, this machine's files and its own network.

Never with KVM: where a machine offers it, it may be a kind that does not boot a stock kernel. Nothing leaves the
machine: the guest reaches no address but the one that leads to `share`/usbip.port of 127.0.0.1, and is reached through
the ports of 127.0.0.1 that a test forwards.
"""

import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.system import debian
from tests.system.kernel import Kernel, architecture

ADDRESS = "10.0.2.15"  # the guest's
USBIP = "10.0.2.100"  # where it finds a USB/IP server
START_SECONDS = 30
STOP_SECONDS = 10
# The one connection that the guest may open: it is carried on to the port that is written down there.
RELAY = """\
exec 3<>"/dev/tcp/127.0.0.1/$(< {share}/usbip.port)" 4<&0
cat <&4 >&3 &
cat <&3
kill $!
"""


@dataclass(frozen=True, slots=True)
class Machine:
    """How one architecture is emulated."""

    package: str
    program: str
    board: tuple[str, ...]
    console: str


MACHINES = {  # by Debian's name of the architecture
    "amd64": Machine("qemu-system-x86", "qemu-system-x86_64", ("-M", "pc"), "ttyS0"),
    "arm64": Machine("qemu-system-arm", "qemu-system-aarch64", ("-M", "virt", "-cpu", "cortex-a72"), "ttyAMA0"),
}


def machine() -> Machine:
    """This machine's architecture. Raises Missing."""
    name = architecture()
    if name not in MACHINES:
        raise debian.Missing(f"no guest of architecture {name}")
    return MACHINES[name]


class Monitor:
    """QEMU's own control connection (QMP)."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._one_at_a_time = threading.Lock()
        self._file = connection.makefile("rw")
        self._file.readline()  # the greeting
        self.do("qmp_capabilities")

    def do(self, command: str, **arguments: Any) -> Any:
        """What the command returns. Raises AssertionError with QEMU's reason."""
        with self._one_at_a_time:
            self._file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
            self._file.flush()
            while "event" in (told := json.loads(self._file.readline())):
                pass
        assert "error" not in told, f"{command}: {told['error']}"
        return told["return"]

    def close(self) -> None:
        with suppress(BrokenPipeError):
            self._file.close()
        self._socket.close()


@contextmanager
def running(
    tools: debian.Root, kernel: Kernel, layer: Path, share: Path
) -> Iterator[tuple[subprocess.Popen[bytes], socket.socket, Monitor]]:
    """Start it; the process, the port `lab` of the guest, the monitor. It waits for nobody's end but is ended."""
    (share / "relay").write_text(RELAY.format(share=share))
    env = tools.env()
    (modules,) = tools.path.glob("usr/lib/*-linux-gnu*/qemu")
    with (share / "console").open("wb") as console:
        process = subprocess.Popen(
            [tools.program(machine().program), *_options(tools, kernel, layer, share)],
            env={**env, "QEMU_MODULE_DIR": str(modules)},
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
        )
    port = monitor = None
    try:
        port = _connected(share / "lab.sock", process, share)
        monitor = _connected(share / "qmp.sock", process, share)
        monitor.settimeout(STOP_SECONDS)
        yield process, port, Monitor(monitor)
    finally:
        for each in (port, monitor):
            if each is not None:
                each.close()
        process.kill()
        process.wait()


def _options(tools: debian.Root, kernel: Kernel, layer: Path, share: Path) -> list[str]:
    board = machine()
    firmware = [f for name in ("qemu", "seabios") for f in ("-L", str(tools.path / "usr/share" / name))]
    read_only = {"host": Path("/"), "packages": layer, "modules": kernel.modules}
    files = {tag: f"{path},readonly=on" for tag, path in read_only.items()} | {"share": str(share)}
    shared = [
        word
        for tag, path in files.items()
        for word in (
            "-fsdev",
            f"local,id={tag},security_model=none,multidevs=remap,path={path}",
            "-device",
            f"virtio-9p-pci,fsdev={tag},mount_tag={tag}",
        )
    ]
    network = f"user,id=net0,restrict=on,guestfwd=tcp:{USBIP}:3240-cmd:bash {share}/relay"
    return [
        *firmware,
        *board.board,
        *("-accel", "tcg,thread=multi,tb-size=256", "-smp", "1", "-m", "1024"),
        *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio"),
        *("-kernel", str(kernel.image), "-initrd", str(kernel.initramfs)),
        *("-append", f"console={board.console} panic=-1 quiet mitigations=off"),
        *shared,
        *("-netdev", network, "-device", "virtio-net-pci,netdev=net0,romfile="),
        *("-device", "virtio-serial-pci", "-device", "virtserialport,chardev=lab,name=lab"),
        *("-chardev", f"socket,id=lab,path={share}/lab.sock,server=on,wait=on"),
        *("-chardev", f"socket,id=qmp,path={share}/qmp.sock,server=on,wait=off", "-mon", "chardev=qmp,mode=control"),
        *("-device", "qemu-xhci,id=xhci,p2=8,p3=4"),
    ]


def _connected(path: Path, process: subprocess.Popen[bytes], share: Path) -> socket.socket:
    deadline = time.monotonic() + START_SECONDS
    while True:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(path))
        except OSError:
            connection.close()
            assert process.poll() is None, f"QEMU: {(share / 'console').read_text(errors='replace')}"
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return connection
