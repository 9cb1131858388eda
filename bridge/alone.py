"""One bridge for a state directory: two with one state would be the same scanners, and give the same job ids to
different jobs.
"""

import fcntl
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bridge.errors import ConfigError
from bridge.net.wiretap import SOCKET

_log = logging.getLogger(__name__)


@contextmanager
def alone_with(directory: Path) -> Iterator[None]:
    """Nobody else changes what is there meanwhile. Raises ConfigError."""
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o750)
        place = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as err:
        raise ConfigError(str(directory), "state_dir", err.strerror or str(err)) from err
    try:
        try:
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            why = "another bridge is running with it: stop that one, or give this one a directory of its own"
            raise ConfigError(str(directory), "state_dir", why) from err
        except OSError as err:
            _log.info("%s: this file system has no locks: %s", directory, err.strerror)
        yield
    finally:
        os.close(place)


def is_running(directory: Path) -> bool:
    """Whether a bridge is running with it, as far as anybody may know: it listens there for recorders. To look at the
    lock would keep one from starting in that moment."""
    try:
        place = os.open(directory, os.O_PATH | os.O_DIRECTORY)
    except OSError:
        return False
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(f"/proc/self/fd/{place}/{SOCKET}")  # the path of a socket may have no more than 107 bytes
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    except PermissionError:
        return True  # somebody else's
    finally:
        os.close(place)
    return True
