"""What the guest's agent keeps running: a Python that has imported the product once, and is forked for each program.

Under emulation importing takes ten seconds, and forking a hundredth. A program is told by its number on standard input
and by a file NUMBER.json beside this one's share; its output goes to NUMBER.out and NUMBER.err, its process id (which
is that of its group) to NUMBER.pid, its exit code to file descriptor 3 as "NUMBER CODE": the agent's words.
"""

import gc
import grp
import json
import os
import pwd
import runpy
import selectors
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

PRELOADED = ("bridge.cli.run", "bridge.watch", "drivers.catalog", "drivers.usb.printer_class.look")
TOLD = 3


def main(share: Path) -> None:
    """Fork for each program that is told; in a child this returns when the program has ended."""
    for name in PRELOADED:
        import_module(name)
    gc.freeze()  # what is shared stays shared
    awake, wake = os.pipe()
    for each in (awake, wake):
        os.set_blocking(each, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    numbers: dict[int, str] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(0, selectors.EVENT_READ)
        selector.register(awake, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                said = os.read(key.fd, 4096)
                if key.fd == awake:
                    _tell(numbers)
                    continue
                for number in said.decode().split():
                    if (pid := os.fork()) == 0:
                        for each in (awake, wake):
                            os.close(each)
                        return _run(share, number)
                    numbers[pid] = number


def _tell(numbers: dict[int, str]) -> None:
    """Which children have ended, and how."""
    while numbers:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        code = os.waitstatus_to_exitcode(status)
        os.write(TOLD, f"{numbers.pop(pid)} {code if code >= 0 else 128 - code}\n".encode())


def _run(share: Path, number: str) -> None:
    """The child: become the program."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.close(TOLD)
    os.setsid()
    for descriptor, name in enumerate((os.devnull, share / f"{number}.out", share / f"{number}.err")):
        opened = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC if descriptor else os.O_RDONLY, 0o644)
        os.dup2(opened, descriptor)
        os.close(opened)
    (share / f"{number}.pid").write_text(str(os.getpid()))
    told = json.loads((share / f"{number}.json").read_text())
    os.environ.update(told["environment"])
    if told["user"]:
        _become(told["user"], told["groups"])
    _program(told["arguments"])


def _become(user: str, groups: list[str]) -> None:
    whose = pwd.getpwnam(user)
    os.setgroups([grp.getgrnam(each).gr_gid for each in groups])
    os.setgid(whose.pw_gid)
    os.setuid(whose.pw_uid)


def _program(arguments: list[str]) -> Any:
    """As `python` takes them: -m MODULE …, or -c CODE …"""
    how, what, *rest = arguments
    sys.argv = [what if how == "-m" else how, *rest]
    if how == "-m":
        return runpy.run_module(what, run_name="__main__", alter_sys=True)
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(what, "<told>", "exec"), names)
    return names


if __name__ == "__main__":
    main(Path(sys.argv[1]))
