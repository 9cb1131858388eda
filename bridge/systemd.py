"""What systemd (Type=notify) is told. Without systemd this does nothing."""

import os
import socket


def notify(state: str) -> None:
    """Send one line of sd_notify(3), such as READY=1 or STOPPING=1."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        # A leading @ stands for the abstract namespace.
        sock.connect("\0" + address[1:] if address.startswith("@") else address)
        sock.sendall(state.encode())
