"""`wsd-scan-hil serve` as a process: its lines, its events, its end."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

PATIENCE = 60  # seconds; it takes one, and ten of them where many programs start at once


@contextmanager
def serve(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "hil.cli", "serve", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE)
        for pipe in (process.stdin, process.stdout, process.stderr):
            pipe.close()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_it_says_ready_takes_events_and_ends_on_a_signal(end):
    with serve("esci=adf=3,warmup=0", "esci") as process:
        first, second = process.stdout.readline().split(), process.stdout.readline().split()
        assert first[0] == second[0] == "ready"
        assert first[1] == second[1]
        assert (first[2:], second[2:]) == (["1-1", "04b8:012b"], ["1-2", "04b8:012b"])
        port = int(first[1].rpartition(":")[2])
        socket.create_connection(("127.0.0.1", port), 5).close()
        process.stdin.write("press\n1-2 cover open\ndance\n\n")
        assert process.stdout.readline() == "ok press\n"
        assert process.stdout.readline() == "ok 1-2 cover open\n"
        assert process.stdout.readline().startswith("error event 'dance'")
        process.send_signal(end)
        assert process.wait(PATIENCE) == 0
        assert process.stderr.read() == ""


def test_a_network_mfp_is_served_too_and_hears_its_events_by_name():
    with serve("esci", "hp-mfp=adf=2") as process:
        assert process.stdout.readline().startswith("ready usbip://127.0.0.1:")
        word, url, name = process.stdout.readline().split()
        assert (word, name) == ("ready", "hp-mfp-1")
        assert url.startswith("snmp://127.0.0.1:")
        process.stdin.write("hp-mfp-1 press\n")
        assert process.stdout.readline() == "ok hp-mfp-1 press\n"


def test_the_end_of_its_input_ends_it_where_that_is_wanted():
    with serve("esci", "--end-with-input") as process:
        assert process.stdout.readline().startswith("ready ")
        process.stdin.close()
        assert process.wait(PATIENCE) == 0


def test_the_end_of_its_input_does_not_end_it():
    with serve("esci", "--format", "json") as process:
        ready = json.loads(process.stdout.readline())
        assert (ready["event"], ready["busid"], ready["ids"]) == ("ready", "1-1", "04b8:012b")
        process.stdin.close()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("nonsense",), "'nonsense' is not simulated; there are: esci"),
        (("esci=sheets=3",), "sheets: there is no such setting"),
        (("esci", "--listen", "here"), "'here' is not HOST:PORT"),
    ],
)
def test_wrong_arguments_are_named_and_end_with_2(arguments, reason):
    with serve(*arguments) as process:
        assert process.wait(PATIENCE) == 2
        assert reason in process.stderr.read()


def test_a_port_that_is_taken_ends_with_1():
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        serve("esci", "--listen", f"127.0.0.1:{taken.getsockname()[1]}") as process,
    ):
        assert process.wait(PATIENCE) == 1
        assert "cannot serve" in process.stderr.read()
