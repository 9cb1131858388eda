"""The words in a page, by tesseract where it is installed.

It runs as a child with a limit on its memory and its time, one page at a time. What goes wrong with it costs the page
its words, never the page.
"""

import logging
import os
import resource
import shutil
import signal
import subprocess
import threading
from contextlib import suppress
from itertools import islice
from typing import Final

from bridge.errors import BridgeError
from bridge.imaging.pdf_joined import StoredPage
from bridge.imaging.pdf_text import Word

_log = logging.getLogger(__name__)

PROGRAM: Final = "tesseract"
SECONDS: Final = 300.0  # for one page: a Raspberry Pi takes about 30
MEMORY: Final = 1536 * 1024 * 1024  # of addresses: a page of A4 at 600 ppi takes about half
_MOST_WORDS: Final = 20_000
_MOST_OUTPUT: Final = 8 * 1024 * 1024
_IS_WORD: Final = "5"  # level of a row
_ONE_AT_A_TIME: Final = threading.Lock()  # it takes all the memory and time that a small machine has


class NoText(BridgeError):
    """The text of a page could not be found; one line for the operator."""


def words(page: StoredPage, languages: str) -> tuple[Word, ...]:
    """Every word with its place. Blocking. Raises NoText."""
    program = shutil.which(PROGRAM)
    if program is None:
        raise NoText(f"{PROGRAM} is not installed; the PDF is not searchable (apt-get install tesseract-ocr)")
    command = [program, str(page.path), "stdout", "-l", languages, "--dpi", str(min(page.resolution)), "tsv"]
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1", "LC_ALL": "C.UTF-8"}
    with _ONE_AT_A_TIME:
        try:
            process = subprocess.Popen(  # noqa: S603  # the languages are letters, the path is ours
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                start_new_session=True,
            )
        except OSError as err:
            raise NoText(f"{program}: {err.strerror or err}") from err
        try:
            with suppress(OSError):  # it has ended already, which its status tells
                resource.prlimit(process.pid, resource.RLIMIT_AS, (MEMORY, MEMORY))
            said, complaint = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired as err:
            raise NoText(f"{PROGRAM} took more than {SECONDS:.0f} s for {page.path.name}") from err
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
    if process.returncode:
        lines = complaint.decode(errors="replace").strip().splitlines()
        raise NoText(f"{PROGRAM}: {lines[-1][:200] if lines else f'ended with status {process.returncode}'}")
    return read(said[:_MOST_OUTPUT].decode(errors="replace"))


def read(table: str) -> tuple[Word, ...]:
    """Words out of tesseract's TSV: level, page, block, paragraph, line, word, left, top, width, height, confidence,
    text."""
    found = []
    for line in islice(table.splitlines(), 1, None):
        cells = line.split("\t")
        if len(cells) != 12 or cells[0] != _IS_WORD or not cells[11].strip():
            continue
        numbers = cells[6:10]
        if all(number.isascii() and number.isdecimal() and len(number) < 7 for number in numbers):
            left, top, width, height = map(int, numbers)
            found.append(Word(cells[11].strip(), left, top, width, height))
        if len(found) == _MOST_WORDS:
            _log.warning("a page has more than %d words; the rest cannot be searched for", _MOST_WORDS)
            break
    return tuple(found)
