"""A port for a server of a test that must know its port before it starts."""

import random
import socket
from contextlib import suppress
from pathlib import Path


def kept_port() -> int:
    """Free for TCP and UDP, and one that no connection is given, be it before the server has it or while it is away."""
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.randrange(min(10_000, first - 1000), first)
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp, suppress(OSError):
            tcp.bind(("127.0.0.1", port))
            udp.bind(("127.0.0.1", port))
            return port
