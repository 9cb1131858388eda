"""A SANE child as the bridge sees it: started, asked with a deadline, killed when it does not answer.

Blocking; one thread at a time. Whatever happens to the child is a DriverError here, and after one the child is gone:
the next use starts another, so a child that ended is a time-out, worth a retry. Nothing is believed beyond its form.
"""

import json
import os
import select
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import drivers
from drivers.contract.errors import DeviceGarbled, DeviceGone, DeviceTimeout
from drivers.contract.handover import ScanCanceled
from drivers.sane import protocol
from drivers.sane.protocol import CHILD_BROKE, Status
from drivers.sane.slots import AHEAD, Slots

SLICE: Final = 0.1  # s between looks at a cancel
CANCEL_SECONDS: Final = 15.0  # for the hardware to stop; a carriage may have to go all its way back
QUIT_SECONDS: Final = 3.0
START_SECONDS: Final = 10.0
_MESSAGE: Final = 300

_ROOT: Final = Path(drivers.__file__).resolve().parents[1]
# Behind the standard library, so that nothing that lies beside us is taken for a part of that.
_PROGRAM: Final = "import sys; sys.path.append(sys.argv.pop()); from drivers.sane.child import main; main()"


class Refused(Exception):
    """The child's answer to a request that SANE did not carry out."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class LibraryMissing(DeviceGone):
    """There is no libsane to be loaded."""


class Child:
    """One running child."""

    def __init__(self, library: str, config_dir: Path, name: str) -> None:
        """Start it and wait until libsane is loaded. Raises LibraryMissing, DeviceTimeout, DeviceGone."""
        self._name, self._slots = name, Slots()
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            # without `site`: a third of the time and the memory, and nothing of it is needed
            [sys.executable, "-P", "-s", "-S", "-E", "-c", _PROGRAM, library, str(self._slots.fd), str(_ROOT)],
            cwd="/",
            env={**os.environ, "SANE_CONFIG_DIR": str(config_dir)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            pass_fds=(self._slots.fd,),
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._out, False)
        self._owed = True  # it has not answered yet
        self._asked = 0  # number of the last request
        try:
            self._answer(time.monotonic() + START_SECONDS)
        except Refused as err:
            self.kill()
            if err.status == CHILD_BROKE:
                raise LibraryMissing(str(err)) from err
            raise DeviceGone(f"SANE does not start: {err}") from err

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can be asked. One that says something, or closes its end, without being asked cannot."""
        if self._process.poll() is None and not self._owed and select.select([self._out], [], [], 0)[0]:
            self.kill()
        return self._process.poll() is None

    def ask(
        self, do: str, seconds: float, canceled: Callable[[], bool] | None = None, **more: object
    ) -> Mapping[str, Any]:
        """The answer to one request. Raises Refused, ScanCanceled, DeviceTimeout, DeviceGarbled."""
        self._request({"do": do, **more})
        return self._answer(time.monotonic() + seconds, canceled)

    def read(self, silence: float, canceled: Callable[[], bool]) -> Iterator[bytes | memoryview]:
        """The bytes of the frame that was started, until its end; its slot has room again when a piece is let go of.

        `silence`: seconds without any byte after which the child is taken for hung. Raises as `ask`.
        """
        self._request({"do": "read", "slots": [self._slots.grant() for _ in range(AHEAD)]})
        while True:
            kind, payload = self._frame(time.monotonic() + silence, canceled)
            if kind == protocol.JSON:
                self._slots.withdraw()
                self._checked(payload)
                return
            piece = self._piece(payload)
            self._send({"do": "grant", "slot": self._slots.grant()})
            yield piece
            del piece

    def stop(self) -> None:
        """End the scan, in the middle of a read too. Raises DriverError."""
        if self._owed:
            deadline = time.monotonic() + CANCEL_SECONDS
            self._send({"do": "cancel"})
            while self._frame(deadline, None)[0] != protocol.JSON:
                pass
        with suppress(Refused):
            self.ask("stop", CANCEL_SECONDS)
        self._slots.withdraw()

    def give_back(self) -> None:
        """The memory of scans that are over; from any thread. Until then it is there for the next one."""
        self._slots.give_back()

    def quit(self) -> None:
        """Let it close its device, but not for long."""
        try:
            self.ask("quit", QUIT_SECONDS)
            self._process.wait(QUIT_SECONDS)
        except (Refused, DeviceGone, DeviceTimeout, DeviceGarbled, subprocess.TimeoutExpired):
            pass
        self.kill()

    def kill(self) -> None:
        """At once; may be called twice."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._slots.close()

    def _piece(self, payload: bytes) -> bytes | memoryview:
        try:
            return self._slots.filled(*protocol.FILLED.unpack(payload))
        except (ValueError, struct.error) as err:
            self.kill()
            raise DeviceGarbled(f"{self._name}: the SANE process filled what it may not ({err})") from err

    def _request(self, request: Mapping[str, object]) -> None:
        self._asked += 1
        self._send({**request, "asked": self._asked})

    def _send(self, request: Mapping[str, object]) -> None:
        try:
            if self._process.poll() is None:
                os.write(self._in, json.dumps(request).encode() + b"\n")
                self._owed = True
                return
        except OSError:
            pass
        self.kill()
        raise DeviceTimeout(self._how_it_ended())

    def _answer(self, deadline: float, canceled: Callable[[], bool] | None = None) -> Mapping[str, Any]:
        kind, payload = self._frame(deadline, canceled)
        if kind != protocol.JSON:
            self.kill()
            raise DeviceGarbled(f"{self._name}: image data where an answer was expected")
        return self._checked(payload)

    def _checked(self, text: bytes) -> Mapping[str, Any]:
        """What was answered. An answer to something else shows a child that has lost count, and ends it."""
        try:
            answer = json.loads(text)
            status = answer["status"]
            if isinstance(status, int) and answer["asked"] == self._asked:
                if status == Status.GOOD:
                    return dict(answer)
                raise Refused(status, str(answer.get("error", ""))[:_MESSAGE])
        except (ValueError, KeyError, TypeError, RecursionError) as err:
            self.kill()
            raise DeviceGarbled(f"{self._name}: the SANE process sent {text[:32]!r}") from err
        self.kill()
        raise DeviceGarbled(f"{self._name}: the SANE process sent {text[:32]!r}")

    def _frame(self, deadline: float, canceled: Callable[[], bool] | None) -> tuple[bytes, bytes]:
        kind, length = protocol.HEAD.unpack(self._bytes(protocol.HEAD.size, deadline, canceled))
        if kind not in (protocol.JSON, protocol.DATA) or length > protocol.MAX_PAYLOAD:
            self.kill()
            raise DeviceGarbled(f"{self._name}: the SANE process sent {kind.hex()} and {length} bytes")
        payload = self._bytes(length, deadline, None)  # a cancel waits for the end of the frame
        self._owed = kind != protocol.JSON
        return kind, payload

    def _bytes(self, count: int, deadline: float, canceled: Callable[[], bool] | None) -> bytes:
        read = bytearray()
        while len(read) < count:
            if canceled is not None and canceled():
                raise ScanCanceled
            try:
                got = os.read(self._out, count - len(read))
            except BlockingIOError:
                self._wait(deadline, canceled)
                continue
            if not got:
                self.kill()
                raise DeviceTimeout(self._how_it_ended())
            read += got
        return bytes(read)

    def _wait(self, deadline: float, canceled: Callable[[], bool] | None) -> None:
        """Until something arrives, or it is time to look at `canceled`."""
        left = deadline - time.monotonic()
        if left <= 0:
            self.kill()
            raise DeviceTimeout(f"{self._name}: SANE did not answer in time, its process was ended")
        select.select([self._out], [], [], left if canceled is None else min(left, SLICE))

    def _how_it_ended(self) -> str:
        code = self._process.returncode
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        return f"{self._name}: the SANE process ended ({how})"
