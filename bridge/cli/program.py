"""A program of several commands: the one that was named is imported and run, and whatever it says becomes an exit code.

0 done; 1 it could not be done (the reason stands on standard error, one line); 2 wrong arguments or configuration;
130 interrupted before it could end in order.
"""

import argparse
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module, metadata

from bridge.errors import BridgeError, ConfigError
from drivers.contract.errors import DriverError


def run(program: str, about: str, commands: Mapping[str, str], arguments: Sequence[str] | None) -> int:
    """The exit code. `commands`: for each name `MODULE` or `MODULE:FUNCTION`; the function, else `add`, adds a parser
    whose `run` takes the parsed arguments and returns the exit code."""
    try:
        try:
            return _run(program, about, commands, list(sys.argv[1:] if arguments is None else arguments))
        finally:
            _flush()
    except ConfigError as err:
        return _failed(program, str(err), 2)
    except (BridgeError, DriverError) as err:
        return _failed(program, str(err), 1)
    except BrokenPipeError:
        return 1
    except OSError as err:
        return _failed(program, said(err), 1)
    except KeyboardInterrupt:
        return 130  # as shells say it


def said(err: OSError) -> str:
    """What the system refused, for people."""
    return f"{err.filename}: {err.strerror}" if err.filename and err.strerror else err.strerror or str(err)


def _run(program: str, about: str, commands: Mapping[str, str], asked: list[str]) -> int:
    parser = argparse.ArgumentParser(prog=program, description=about)
    parser.add_argument("--version", action="version", version=f"%(prog)s {metadata.version('wsd-scan-bridge')}")
    subcommands = parser.add_subparsers(required=True, metavar="COMMAND")
    # The service stays for months and keeps no memory for what the others need; on a small board imports take seconds.
    with _deadly_interrupt():
        for place in (commands[asked[0]],) if asked and asked[0] in commands else commands.values():
            module, _, function = place.partition(":")
            getattr(import_module(module), function or "add")(subcommands)
    parsed = parser.parse_args(asked)
    code: int = parsed.run(parsed)
    return code


@contextmanager
def _deadly_interrupt() -> Iterator[None]:
    """Ctrl-C just ends us: what is written in other languages may swallow KeyboardInterrupt while it is imported."""
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with suppress(ValueError):  # only the first thread may
        if ours:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        with suppress(ValueError):
            if ours:
                signal.signal(signal.SIGINT, signal.default_int_handler)


def _failed(program: str, why: str, code: int) -> int:
    print(f"{program}: {why}", file=sys.stderr)
    return code


def _flush() -> None:
    """What cannot be written is said now; while Python ends it would say so in its own way."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise
