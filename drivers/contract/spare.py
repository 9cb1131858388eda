"""How aiohttp is imported without what it would keep in memory for nothing, 4 MB of an idle bridge."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final

# It reads all certificates that the system trusts, for those who ask over HTTPS and do not say whom they trust: ours
# do (SSL_CTX_set_default_verify_paths(3)). Its lists that are frozen once would bring the library of C++ along.
_MEANWHILE: Final = MappingProxyType(
    {"SSL_CERT_FILE": os.devnull, "SSL_CERT_DIR": os.devnull, "FROZENLIST_NO_EXTENSIONS": "1"}
)


@contextmanager
def sparing() -> Iterator[None]:
    """While aiohttp is imported for the first time; before there is a second thread, for it changes the environment."""
    before = {name: os.environ.get(name) for name in _MEANWHILE}
    os.environ.update(_MEANWHILE)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
