"""What is said at the start, because it would come out only when somebody pressed a button, or never.

A folder may be a disk that is mounted later: nothing of this keeps the bridge from running.
"""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from shutil import which

from bridge.config import Config


def remarks(config: Config) -> Iterator[str]:
    """A line for each."""
    for folder in dict.fromkeys(each.folder for each in config.button if each.folder is not None):
        if not folder.is_dir():
            yield f"button.folder: {folder} is not there: scans wait until it is"
        elif not os.access(folder, os.W_OK | os.X_OK):
            yield (
                f"button.folder: {folder} cannot be written to: scans wait until it can (its group, and in a service "
                "ReadWritePaths=, which the README tells of)"
            )
    if any(each.ocr for each in config.button) and which("tesseract") is None:
        yield "button.ocr: tesseract is not installed (apt-get install tesseract-ocr): PDFs cannot be searched"
    if any(each.share for each in config.button) and find_spec("smbprotocol") is None:
        yield "button.share: the Python package smbprotocol is not installed (pip install '.[smb]'): scans wait"
    if config.fax.hylafax and not config.fax.enabled:
        yield "fax.hylafax: is not followed: [fax] does not say enabled = true"
