"""What is done about the threads of a backend: they come to rest first, and a process that lost its locks ends."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from drivers.sane import threads

ROOT = Path(__file__).resolve().parents[3]
FOREIGN = """
import _thread, sys, time
from drivers.sane import threads

def work(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
    time.sleep(60)

began = time.monotonic()
_thread.start_new_thread(work, (float(sys.argv[1]),))  # threading does not know of it
threads.rest()
print(time.monotonic() - began)
"""
STUCK = """
import threading, time
from drivers.sane import threads

threading.Thread.start = lambda self: time.sleep(60)
threads.tried(1)
"""


LOADED = """
from pathlib import Path
from drivers.sane import threads

def there():
    return "libgcc_s" in Path("/proc/self/maps").read_text()

before = there()
threads.load_unwinder()
print(before, there())
"""


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=30
    )


def test_the_unwinder_is_there_before_any_thread_ends() -> None:
    assert run(LOADED).stdout.split()[1] == "True"


def test_a_thread_that_works_is_waited_for_but_not_for_long() -> None:
    assert float(run(FOREIGN, "0.2").stdout) >= 0.2
    assert 0.4 <= float(run(FOREIGN, "20").stdout) < 5


def test_threads_of_ours_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_REST_SECONDS", 60)
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            pass

    busy = threading.Thread(target=work)
    busy.start()
    began = time.monotonic()
    threads.rest()
    took = time.monotonic() - began
    over.set()
    busy.join()
    assert took < 30


def test_a_process_that_cannot_start_a_thread_any_more_ends() -> None:
    assert run(STUCK).returncode == -signal.SIGALRM


def test_one_that_can_goes_on() -> None:
    before = threading.active_count()
    threads.tried()
    assert threading.active_count() == before
    assert signal.alarm(0) == 0
