"""What goes back to the system when nobody scans: heaps that threads left, and the pages of programs at rest."""

import subprocess
import sys

HEAPS = """
import ctypes, threading
from bridge import memory

def held():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("RssAnon"))

def strips():
    del [bytearray(b"x") * 2**21][0]  # one of that size tells glibc to keep as much from then on
    ready.wait()
    del [bytearray(b"x") * 60_000 for _ in range(50)][:]

memory.keep_one()
before = held()
ready = threading.Barrier(4)
threads = [threading.Thread(target=strips) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
memory.give_back()
print(held() - before)
"""

PROGRAMS = """
import hashlib, re, ssl, zlib
from lxml import etree
from bridge import memory

def mapped():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("RssFile"))

def at_work():
    tree = etree.tostring(etree.fromstring("<a><b>c</b></a>"))
    packed = zlib.compress(tree * 1000)
    ciphers = len(ssl.create_default_context().get_ciphers())
    return hashlib.sha256(packed).hexdigest(), re.sub("[a-c]", "x", str(tree)), ciphers

did = at_work()
before = mapped()
memory.give_back()
after = mapped()
assert at_work() == did
print(before - after)
"""


def what(program: str) -> int:
    run = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=300)
    return int(run.stdout)


def test_what_threads_took_for_their_strips_goes_back_to_the_system() -> None:
    assert what(HEAPS) < 1024  # KiB; 12 MB without the first call, 3 MB without the second


def test_pages_of_programs_that_nobody_runs_are_not_mapped_and_come_back_when_they_are_run() -> None:
    assert what(PROGRAMS) > 3 * 1024  # KiB
