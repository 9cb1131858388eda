"""systemd's and udev's own programs judge the files in udev/: the unit is sound and hardened, every rule is understood.

The programs come from Debian's packages where the machine has none; nothing is installed, and udev's parser runs in a
mount namespace of its own.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system import debian

UDEV = Path(__file__).parents[2] / "udev"
UNIT = UDEV / "wsd-scan-bridge.service"
RULES = UDEV / "60-wsd-scan-bridge.rules"
EXPOSURE = 20  # tenths; a unit without any hardening has 96


@pytest.fixture(scope="module")
def root() -> debian.Root:
    return debian.packages("systemd", "udev", "util-linux")


def run(root: debian.Root, program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    env = root.env(SYSTEMD_COLORS="0", SYSTEMD_PAGER="")
    private = [str(path) for path in root.path.glob("usr/lib/*-linux-gnu*/systemd")]  # libsystemd-shared
    env["LD_LIBRARY_PATH"] = ":".join([*private, env["LD_LIBRARY_PATH"]])
    return subprocess.run(
        [root.program(program), *arguments], env=env, capture_output=True, text=True, check=False, timeout=60
    )


def installed(tmp_path: Path) -> Path:
    """The unit as it would be if the program were where it belongs."""
    program = tmp_path / "wsd-scan-bridge"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / UNIT.name
    text = UNIT.read_text("utf-8")
    assert "ExecStart=/opt/wsd-scan-bridge/bin/wsd-scan-bridge run\n" in text
    unit.write_text(text.replace("/opt/wsd-scan-bridge/bin/wsd-scan-bridge", str(program)))
    return unit


def test_systemd_finds_nothing_wrong_with_the_unit(root: debian.Root, tmp_path: Path) -> None:
    done = run(root, "systemd-analyze", "verify", installed(tmp_path))
    told = [line for line in done.stderr.splitlines() if UNIT.name in line]
    assert told == []
    assert done.returncode == 0, done.stderr


def test_systemd_would_have_found_a_wrong_word(root: debian.Root, tmp_path: Path) -> None:
    unit = installed(tmp_path)
    unit.write_text(unit.read_text().replace("ProtectHome=", "ProtectHouse="))
    done = run(root, "systemd-analyze", "verify", unit)
    assert "ProtectHouse" in done.stderr


def test_the_service_is_exposed_no_more_than_it_must_be(root: debian.Root) -> None:
    done = run(root, "systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE}", "--no-pager", UNIT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Overall exposure level for wsd-scan-bridge\.service: [01]\.\d", done.stdout + done.stderr)


def test_systemd_sysusers_understands_the_groups(root: debian.Root, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    done = run(root, "systemd-sysusers", f"--root={tmp_path}", UDEV / "wsd-scan-bridge.sysusers.conf")
    assert done.returncode == 0, done.stderr
    groups = {line.split(":")[0] for line in (tmp_path / "etc" / "group").read_text().splitlines()}
    assert groups == {"scanner", "lp"}


def udev_reads(root: debian.Root, rules: str, tmp_path: Path) -> str:
    """What udev says when it reads these rules, and no others, for an event of the loopback device."""
    if os.geteuid() != 0:
        pytest.fail("root is needed for a mount namespace") if os.environ.get("CI") == "true" else pytest.skip("root")
    folder = tmp_path / "rules.d"
    folder.mkdir()
    (folder / RULES.name).write_text(rules)
    udevadm = root.program("udevadm")
    script = (
        "mount -t tmpfs none /run && mkdir -p /run/udev/rules.d && "
        f'cp "{folder}"/* /run/udev/rules.d/ && exec "{udevadm}" --debug test --action=change /sys/class/net/lo'
    )
    done = run(root, "unshare", "--mount", "--propagation", "private", "sh", "-c", script)
    return done.stdout + done.stderr


def test_udev_understands_every_rule(root: debian.Root, tmp_path: Path) -> None:
    told = udev_reads(root, RULES.read_text("utf-8"), tmp_path)
    about_ours = [line for line in told.splitlines() if RULES.name in line]
    assert any("Reading rules file" in line for line in about_ours), told
    unknown = ("Unknown group",)  # "scanner" is made by the sysusers file, "lp" is Debian's
    assert [
        line for line in about_ours if "Reading rules file" not in line and not any(u in line for u in unknown)
    ] == []


def test_udev_would_have_found_a_wrong_rule(root: debian.Root, tmp_path: Path) -> None:
    told = udev_reads(root, RULES.read_text("utf-8").replace("SUBSYSTEM!=", "SUBSYSTEN!="), tmp_path)
    assert any(RULES.name in line and "SUBSYSTEN" in line for line in told.splitlines()), told


def allowed_calls(root: debian.Root) -> set[str]:
    """The system calls that are left to the unit."""

    def of(group: str) -> set[str]:
        lines = run(root, "systemd-analyze", "syscall-filter", group).stdout.splitlines()
        words = {line.strip() for line in lines[1:] if line.startswith("    ") and "#" not in line}
        inner = [of(word) for word in words if word.startswith("@")]
        return {word for word in words if not word.startswith("@")}.union(*inner)

    unit = UNIT.read_text("utf-8")
    granted: set[str] = of("@default")
    for said in re.findall(r"^SystemCallFilter=(.+)$", unit, re.MULTILINE):
        groups = [of(group) for group in said.removeprefix("~").split()]
        granted = granted - set().union(*groups) if said.startswith("~") else granted.union(*groups)
    return granted


def test_the_whole_demo_makes_only_calls_that_the_unit_allows(root: debian.Root, tmp_path: Path) -> None:
    strace = debian.packages("strace")
    trace = tmp_path / "trace"
    command: list[str | Path] = [
        strace.program("strace"),
        "-f",
        "-qq",
        "-o",
        trace,
        sys.executable,
        "-m",
        "bridge.cli",
        "demo",
    ]
    done = subprocess.run(
        [*command, "--output", tmp_path / "pages"], env=_ours(tmp_path), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    made = set(re.findall(r"^\d+ +(\w+)\(", trace.read_text("utf-8", "replace"), re.MULTILINE))
    assert {"bind", "memfd_create"} <= made
    assert made - allowed_calls(root) == set()


def test_the_whole_demo_runs_where_no_memory_may_be_both_written_and_executed(tmp_path: Path) -> None:
    # What MemoryDenyWriteExecute does is near to PR_SET_MDWE, and is inherited as well.
    code = (
        "import ctypes, os, sys\n"
        "refused = ctypes.CDLL(None, use_errno=True).prctl(65, 1, 0, 0, 0)\n"
        "sys.exit(77) if refused else os.execv(sys.executable, [sys.executable, '-m', 'bridge.cli', *sys.argv[1:]])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "demo", "--output", tmp_path / "pages"],
        env=_ours(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip("this kernel (before 6.3) cannot forbid it")
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "pages").iterdir())) == 3


def _ours(home: Path) -> dict[str, str]:
    """An environment for the product: this test's own, so that its mark is inherited, and a home of its own."""
    return {**os.environ, "HOME": str(home), "PYTHONPATH": str(UDEV.parent)}
