"""Debian's stock kernel for this machine's architecture, with an initramfs that starts a guest from the host's files.

    kernel = kernel_of(tools)
    kernel.image, kernel.initramfs, kernel.modules   # the last: a root with /usr/lib/modules, for modprobe in the guest

The package is unpacked in part and never installed. The initramfs loads what is needed to reach the host's file system
over 9p, lays a writable layer over it and hands over to the program that the boot file names (tests.system.guest).
"""

import lzma
import re
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.system import debian

# Of the whole package the directories that a machine with USB scanners and nothing else needs.
WANTED = (
    "./boot/vmlinuz*",
    "./lib/modules/*/modules.*",
    *(
        f"./lib/modules/*/kernel/{each}*"
        for each in (
            "drivers/usb/",
            "drivers/virtio/",
            "drivers/char/virtio_console",
            "drivers/net/virtio_net",
            "drivers/net/net_failover",
            "net/core/failover",
            "net/9p/",
            "fs/9p/",
            "fs/netfs/",
            "fs/fscache/",
            "fs/overlayfs/",
        )
    ),
)
XZ = b"\xfd7zXZ\0"
EARLY = ("virtio_pci", "9pnet_virtio", "9p", "overlay", "virtio_console", "virtio_net", "xhci-pci")
INIT = """\
#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /host /packages /modules /share /over /root
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do insmod "$module"; done < /early
OPTIONS=trans=virtio,version=9p2000.L,msize=524288
for each in packages modules host; do mount -t 9p -o $OPTIONS,cache=loose,ro $each /$each || poweroff -f; done
mount -t 9p -o $OPTIONS,cache=none share /share || poweroff -f
. /share/boot    # SHARE, RUN
mount -t tmpfs -o mode=755 over /over
mkdir /over/upper /over/work
mount -t overlay -o lowerdir=/packages:/modules:/host,upperdir=/over/upper,workdir=/over/work over /root || poweroff -f
for each in proc sys dev; do mount --move /$each /root/$each; done
mount -t tmpfs -o mode=755 run /root/run
mkdir -p /root$SHARE
mount --move /share /root$SHARE
exec switch_root /root $RUN
"""


@dataclass(frozen=True, slots=True)
class Kernel:
    """Files to boot from."""

    image: Path
    initramfs: Path
    modules: Path


def architecture() -> str:
    """What Debian calls this machine's."""
    return debian.run(["dpkg", "--print-architecture"]).strip()


def kernel_of(tools: debian.Root) -> Kernel:
    """The kernel that Debian has today; `tools` has busybox-static and kmod. Raises Missing."""
    depends = debian.run(["apt-cache", "depends", f"linux-image-{architecture()}"])
    found = re.search(r"Depends: (linux-image-(\d\S+))", depends)
    if found is None:
        raise debian.Missing(f"which package is the kernel? {depends}")
    package, version = found.groups()
    root = debian.made(f"{package}-unpacked", lambda root: _make(package, version, tools, root))
    return Kernel(root / "vmlinuz", root / "initramfs", root / "modules")


def _make(package: str, version: str, tools: debian.Root, root: Path) -> None:
    modules, stage = root / "modules", root / "stage"
    (modules / "usr").mkdir(parents=True)
    (modules / "lib").symlink_to("usr/lib")
    (modules / "usr/lib").mkdir()
    with tempfile.TemporaryDirectory(dir=root.parent) as place:
        (deb,) = debian.downloaded([package], Path(place))
        unpack = 'dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink --wildcards -C "$2" "${@:3}"'
        debian.run(["bash", "-o", "pipefail", "-c", unpack, "unpack", str(deb), str(modules), *WANTED])
    (image,) = modules.glob("boot/vmlinuz*")
    (root / "vmlinuz").write_bytes(_unpacked(image.read_bytes()))
    image.unlink()
    _kmod(tools, "depmod", "-b", str(modules), version)
    _stage(modules, version, tools, stage)
    pack = 'find . -print | "$1" cpio -o -H newc > "$2" 2>/dev/null'
    command = ["bash", "-o", "pipefail", "-c", pack, "pack", tools.program("busybox"), str(root / "initramfs")]
    subprocess.run(command, cwd=stage, check=True, timeout=60)


def _unpacked(image: bytes) -> bytes:
    """The kernel itself, which QEMU can start (PVH); unpacking its image under emulation takes seconds. One that is
    packed otherwise stays as it is."""
    for found in re.finditer(re.escape(XZ), image):
        with suppress(lzma.LZMAError):
            kernel = lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(image[found.start() :])
            if kernel.startswith(b"\x7fELF"):
                return kernel
    return image


def _stage(modules: Path, version: str, tools: debian.Root, stage: Path) -> None:
    """What the initramfs holds: busybox, the init above, and the early modules in the order of their loading."""
    (stage / "bin").mkdir(parents=True)
    (stage / "bin/busybox").write_bytes(Path(tools.program("busybox")).read_bytes())
    (stage / "init").write_text(INIT)
    for each in ("bin/busybox", "init"):
        (stage / each).chmod(0o755)
    order: dict[str, None] = {}
    for module in EARLY:
        said = _kmod(tools, "modprobe", "-d", str(modules), "-S", version, "--show-depends", module)
        order |= dict.fromkeys(re.findall(r"^insmod (\S+)", said, re.MULTILINE))
    for path in order:
        (stage / Path(path).name).write_bytes(Path(path).read_bytes())
    (stage / "early").write_text("".join(f"/{Path(path).name}\n" for path in order))


def _kmod(tools: debian.Root, name: str, *arguments: str) -> str:
    """Run kmod under one of its names, whose links are right in an installed system only."""
    done = subprocess.run(
        [name, *arguments],
        executable=tools.program("kmod"),
        env=tools.env(),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout
