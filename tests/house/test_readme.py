"""What the pages tell people to type exists."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from bridge.translate.capabilities import FORMATS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
CODE = re.compile(r"^```\w*\n(.*?)^```|`([^`\n]+)`", re.MULTILINE | re.DOTALL)
PROGRAMS = {"wsd-scan-bridge": "bridge.cli", "wsd-scan-hil": "hil.cli"}


def typed() -> list[str]:
    """Every line of code in the pages that begins with a program of ours or with make."""
    lines = []
    for page in PAGES:
        for block, inline in CODE.findall(page.read_text("utf-8")):
            for line in (block or inline).replace("\\\n", " ").splitlines():
                command = re.sub(r"^(\$ |sudo )*(\S*/)?", "", line.partition(" #")[0].strip())
                if command.split(" ")[0] in {"make", *PROGRAMS}:
                    lines.append(command.strip())
    return sorted(set(lines))


@cache
def help_of(module: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *words, "--help"], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("line", typed())
def test_a_command_in_the_pages_exists(line: str):
    program, *words = line.split()
    if program == "make":
        targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
        assert {word for word in words if "=" not in word} <= targets
        return
    command = [word for word in words[:1] if not word.startswith("-")]
    done = help_of(PROGRAMS[program], *command)
    assert done.returncode == 0, done.stderr
    for option in re.findall(r"--[a-z-]+", line):
        assert option in done.stdout, f"{option} is no option of {program} {' '.join(command)}"


def test_the_two_commands_stand_on_top():
    top = "\n".join((ROOT / "README.md").read_text("utf-8").splitlines()[:20])
    assert "make demo" in top
    assert "make test" in top


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_is_given(program: str):
    done = help_of(PROGRAMS[program])
    assert done.returncode == 0
    assert done.stdout.startswith(f"usage: {program}")


def test_every_command_is_in_the_readme():
    readme = (ROOT / "README.md").read_text("utf-8")
    listed = re.findall(r"^    ([a-z-]+) ", help_of("bridge.cli").stdout, re.MULTILINE)
    assert listed
    assert [name for name in listed if f"`{name}" not in readme and f"wsd-scan-bridge {name}" not in readme] == []


def test_the_formats_in_the_readme_are_those_that_are_offered():
    row = next(line for line in (ROOT / "README.md").read_text("utf-8").splitlines() if line.startswith("| formats |"))
    assert {name.strip() for name in row.split("|")[2].split(",")} == {str(name) for name in FORMATS}
