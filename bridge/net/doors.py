"""Where HTTP is served: plain, over TLS with the operator's certificate, or both, each on a port of its own.

TLS is 1.2 or newer; the suites that DPWS 2006 names (RC4, CBC) are not offered, whatever it recommends
(docs/decisions/0029).
"""

import socket
import ssl
from contextlib import ExitStack
from pathlib import Path

from bridge.config import Service, Tls
from bridge.errors import ConfigError
from bridge.net.listening import listen

Door = tuple[socket.socket, ssl.SSLContext | None]
"""A listening socket, and how to speak TLS behind it."""


def doors(service: Service, tls: Tls) -> tuple[Door, ...]:
    """The first is the one to be announced: the plain one, which is all that Windows speaks, as long as there is one.
    Raises ConfigError."""
    secured = None if tls.certificate is None else context(tls.certificate, tls.key)
    address = service.listen.address
    made: list[Door] = []
    with ExitStack() as stack:
        if tls.plain:
            made += (
                (stack.enter_context(sock), None) for sock in listen(address, service.listen.port, ipv6=service.ipv6)
            )
        if secured is not None:
            secure = listen(address, tls.port, ipv6=service.ipv6, said=("tls", "port"))
            made += ((stack.enter_context(sock), secured) for sock in secure)
        stack.pop_all()
    return tuple(made)


def port(door: Door) -> int:
    """Its number, chosen by the system where the configuration leaves it open."""
    return int(door[0].getsockname()[1])


def context(certificate: Path, key: Path | None) -> ssl.SSLContext:
    """To serve with. `certificate` is PEM, the chain behind it; `key` None: it is in the same file. Raises
    ConfigError."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    for name, path in (("certificate", certificate), ("key", key or certificate)):
        try:
            path.read_bytes()
        except OSError as err:
            raise ConfigError("tls", name, f"{path}: {err.strerror or err}") from err
    try:
        # Without a password of ours OpenSSL would ask for one at the terminal.
        made.load_cert_chain(certificate, key, lambda: "")
    except ssl.SSLError as err:
        why = (err.reason or "not PEM").lower().replace("_", " ")
        reason = f"{certificate}: {why}: a certificate in PEM and its own key, unencrypted, are needed"
        raise ConfigError("tls", "certificate", reason) from err
    return made
