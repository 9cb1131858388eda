"""`wsd-scan-bridge`: the operator's commands, one module each."""

from bridge.cli.main import main

__all__ = ["main"]
