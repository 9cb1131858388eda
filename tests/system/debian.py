"""Debian packages unpacked into a private root, so that a test can run foreign programs and no daemon is ever started.

    root = debian.packages("sane-utils", "libsane1", "sane-airscan")
    subprocess.run([root.program("scanimage"), "-L"], env=root.env(SANE_CONFIG_DIR=...))

Packages come through apt's own client, with whatever they depend on that this machine lacks, and are unpacked, never
installed: no maintainer script runs. Roots are kept in the temporary directory and used again.
"""

import fcntl
import os
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

SECONDS = 300


@dataclass(frozen=True, slots=True)
class Root:
    """An unpacked root; nothing in it is running."""

    path: Path

    def program(self, name: str) -> str:
        """The path of a program, from the root or else from the system."""
        found = shutil.which(name, path=self.env()["PATH"])
        assert found is not None, f"{name} is neither in {self.path} nor on the system"
        return found

    def env(self, **more: str | os.PathLike[str]) -> dict[str, str]:
        """An environment in which the root's programs find their libraries (and SANE its backends)."""
        libraries = [
            *sorted(self.path.glob("usr/lib/*-linux-gnu*")),
            *sorted(self.path.glob("lib/*-linux-gnu*")),
            *sorted(self.path.glob("usr/lib/*-linux-gnu*/sane")),
        ]
        programs = [self.path / each for each in ("usr/bin", "usr/sbin", "bin", "sbin")]
        system = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"
        return {
            "PATH": ":".join([*map(str, programs), system]),
            "LD_LIBRARY_PATH": ":".join(map(str, libraries)),
            "HOME": os.environ.get("HOME", "/"),
            "LC_ALL": "C.UTF-8",
            **{key: os.fspath(value) for key, value in more.items()},
        }


class Missing(Exception):
    """The packages cannot be had here; the text says why."""


def packages(*names: str) -> Root:
    """The root with these packages; where they cannot be had the test fails in CI and is skipped elsewhere."""
    try:
        return unpacked(*names)
    except Missing as err:
        if os.environ.get("CI") == "true":
            pytest.fail(f"Debian packages: {err}")
        pytest.skip(f"Debian packages: {err}")


def unpacked(*names: str) -> Root:
    """Download and unpack, or find what an earlier run unpacked. Raises Missing."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise Missing("this is no Debian")
    key = sha256("\0".join(sorted(names)).encode()).hexdigest()[:12]
    return Root(made(f"{min(names)}-{key}", lambda root: _unpack(names, root)))


def made(name: str, make: Callable[[Path], None]) -> Path:
    """The directory of that name, filled by `make` now or by an earlier run; one process at a time makes it."""
    place = _cache() / name
    with _locked(place.with_name(f"{name}.lock")):
        if not place.is_dir():
            work = Path(tempfile.mkdtemp(dir=place.parent, prefix="making-"))
            try:
                (work / "root").mkdir()
                make(work / "root")
                (work / "root").rename(place)
            finally:
                shutil.rmtree(work, ignore_errors=True)
    return place


def downloaded(names: Iterable[str], place: Path) -> list[Path]:
    """Their .deb files, without what they depend on. Raises Missing."""
    sandbox = ["-o", "APT::Sandbox::User=root"] if os.geteuid() == 0 else []
    run(["apt-get", "-qq", *sandbox, "download", *names], cwd=place)
    return sorted(place.glob("*.deb"))


def _unpack(names: tuple[str, ...], root: Path) -> None:
    with tempfile.TemporaryDirectory(dir=root.parent) as debs:
        for deb in downloaded(_closure(names), Path(debs)):
            run(["dpkg-deb", "-x", str(deb), str(root)])


def _closure(names: tuple[str, ...]) -> list[str]:
    """The packages named, and those which apt would have to install with them."""
    simulate = ["apt-get", "-s", "-o", "Debug::NoLocking=1", "--no-install-recommends", "install", *names]
    try:
        plan = run(simulate)
    except Missing:
        if os.geteuid() != 0:
            raise
        run(["apt-get", "-qq", "update"])
        plan = run(simulate)
    # "Inst NAME (VERSION …)" is new; "Inst NAME [OLD] (…)" would be an upgrade, and the system's own is good enough
    new = re.findall(r"^Inst (\S+) \(", plan, re.MULTILINE)
    return sorted({*names, *new})


def run(command: list[str], cwd: Path | None = None) -> str:
    """What it prints. Raises Missing when it fails."""
    done = subprocess.run(
        command,
        check=False,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    if done.returncode:
        raise Missing(f"{' '.join(command[:4])} …: {(done.stderr or done.stdout).strip().splitlines()[-1:]}")
    return done.stdout


def _cache() -> Path:
    """A directory of this user alone."""
    place = Path(tempfile.gettempdir()) / f"wsd-scan-debian-{os.geteuid()}"
    place.mkdir(mode=0o700, exist_ok=True)
    info = place.lstat()
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.geteuid() or info.st_mode & 0o022:
        raise Missing(f"{place} belongs to somebody else")
    return place


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process at a time unpacks."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
