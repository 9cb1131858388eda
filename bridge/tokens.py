"""The token by which programs on this machine hear fax events, where the operator has given none.

It lies in the state directory, for its owner alone: whoever may read that may listen. Made once, and kept.
"""

import os
import secrets
from pathlib import Path
from typing import Final

from bridge.errors import ConfigError

FILE: Final = "fax-token"
_BYTES: Final = 32
_MOST: Final = 200  # characters that are read


def own_token(directory: Path) -> str:
    """The token kept there, made where there is none. Raises ConfigError."""
    if (directory / FILE).exists():
        return kept_token(directory)
    made = secrets.token_urlsafe(_BYTES)
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o750)
        new = directory / f"{FILE}.new"
        new.unlink(missing_ok=True)
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "w", encoding="ascii") as file:
            file.write(f"{made}\n")
        new.replace(directory / FILE)
    except OSError as err:
        raise ConfigError(str(directory / FILE), "", f"cannot be written: {err.strerror or err}") from err
    return made


def kept_token(directory: Path) -> str:
    """The token kept there. Raises ConfigError."""
    path = directory / FILE
    try:
        with open(path, encoding="ascii") as file:
            token = file.read(_MOST).strip()
    except (OSError, UnicodeDecodeError) as err:
        why = f"{getattr(err, 'strerror', None) or err}; a bridge with [fax] makes it, for its own user and root"
        raise ConfigError(str(path), "", f"cannot be read: {why}") from err
    if len(token) < 16 or not token.isprintable() or " " in token:
        raise ConfigError(str(path), "", "holds no token; remove it, and another one is made at the next start")
    return token
