"""The process in which libsane runs: started by drivers.sane.process; requests on stdin, frames on stdout.

One thread makes all calls, one listens, so that a cancel is heard while a call blocks. It ends when stdin does, which
is how it learns that the bridge is no more. A backend that prints prints to stderr.
"""

import ctypes
import json
import mmap
import os
import queue
import signal
import sys
import threading
import time
from typing import Any, Final

from drivers.sane import protocol, threads
from drivers.sane.binding import Sane, SaneError
from drivers.sane.protocol import CHILD_BROKE, Status

# A call that began before the cancel gets so long to come back by itself; then sane_cancel is called beside it,
# as scanimage does from its signal handler.
_CALL_ENDS: Final = 0.25
_LAST_SECONDS: Final = 3.0  # for a call that still blocks when the bridge is gone


class Child:
    """What one child does for the bridge."""

    def __init__(self, source: int, target: int, memory: mmap.mmap) -> None:
        """`memory`: the slots."""
        self._source, self._target, self._memory = source, target, memory
        self._granted: queue.SimpleQueue[int | None] = queue.SimpleQueue()  # slots; None: there was a cancel
        self._requests: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._canceled = threading.Event()
        self._calling = threading.Lock()  # held while a call that scans is under way
        self._sane: Sane | None = None
        self._line = 1  # bytes of one of the frame's
        self._asked = 0  # number of the request that is answered

    def run(self, library: str) -> None:
        """Until stdin ends or `quit`."""
        threading.Thread(target=self._listen, daemon=True).start()
        threads.load_unwinder()
        try:
            self._sane = Sane(library)
        except OSError as err:
            self._say({"status": CHILD_BROKE, "error": f"{library} cannot be used: {err}"})
            return
        except SaneError as err:
            self._say({"status": err.status, "error": str(err)})
            return
        self._say({"status": Status.GOOD})
        while (request := self._requests.get()) is not None and request["do"] != "quit":
            self._asked = request["asked"]
            self._say(self._answer(self._sane, request))
        self._sane.close()
        self._sane.exit()
        if request is not None:
            self._asked = request["asked"]
            self._say({"status": Status.GOOD})

    def _answer(self, sane: Sane, request: dict[str, Any]) -> dict[str, Any]:
        try:
            return {"status": Status.GOOD, **self._done(sane, request)}
        except SaneError as err:
            return {"status": err.status, "error": str(err)}
        except (KeyError, TypeError, ValueError) as err:
            return {"status": CHILD_BROKE, "error": f"{request.get('do')}: {err!r}"}

    def _done(self, sane: Sane, request: dict[str, Any]) -> dict[str, Any]:
        match request["do"]:
            case "list":
                return {"devices": sane.devices(local=request["local"])}
            case "open":
                sane.open(request["name"])
                return {"options": sane.options()}
            case "options":
                return {"options": sane.options(), "parameters": sane.parameters()}
            case "set":
                if sane.set(request["number"], request["value"]) & protocol.RELOAD_OPTIONS:
                    return {}
                return {"value": sane.value(request["number"])}
            case "values":
                return {"values": [sane.value(number) for number in request["numbers"]]}
            case "start":
                with self._calling:
                    sane.start()
                parameters = sane.parameters()
                self._line = max(1, parameters["bytes_per_line"])
                return {"parameters": parameters}
            case "read":
                self._granted = queue.SimpleQueue()
                for slot in request["slots"]:
                    self._granted.put(slot)
                self._read(sane)
                return {}
            case "stop":
                threads.rest()
                sane.cancel()
                self._canceled.clear()
                threads.tried()
                return {}
        raise ValueError("there is no such request")

    def _read(self, sane: Sane) -> None:
        """The rest of the frame: whole rows where there are any; nothing, now and then, where there is none yet.

        Pieces end where a number of rows ends that is a power of two, as the strips of a coder do.
        """
        rest, since, rows = b"", 0.0, 0  # of a row; s; of the frame
        most = protocol.SLOT // self._line
        step = 1 << max(0, most.bit_length() - 1)
        memory = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        while True:
            slot = self._slot()
            at, held = slot * protocol.SLOT, len(rest)
            room = (step - rows % step) * self._line if most else protocol.SLOT
            self._memory[at : at + held] = rest
            try:
                while True:
                    held += self._more(sane, memory + at + held, room - held)
                    if held == room or time.monotonic() - since >= protocol.GATHER_SECONDS:
                        break
            except SaneError as err:
                self._filled(slot, held)
                if err.status == Status.EOF and not self._canceled.is_set():
                    return
                raise
            whole = held if held == room else held - held % self._line
            rest = self._memory[at + whole : at + held]
            self._filled(slot, whole)
            rows += whole // self._line
            since = time.monotonic()

    def _slot(self) -> int:
        """The next that may be filled. Waits for it; raises SaneError when the scan is canceled."""
        slot = None if self._canceled.is_set() else self._granted.get()
        if slot is None:
            raise SaneError("sane_read", Status.CANCELLED, "canceled")
        return slot

    def _more(self, sane: Sane, address: int, most: int) -> int:
        """One call: how many bytes came. Raises SaneError."""
        with self._calling:
            count = sane.read(address, most)
        if self._canceled.is_set():
            raise SaneError("sane_read", Status.CANCELLED, "canceled")
        return count

    def _filled(self, slot: int, size: int) -> None:
        self._frame(protocol.DATA, protocol.FILLED.pack(slot, size))

    # The thread that listens.

    def _listen(self) -> None:
        with os.fdopen(self._source, "rb", closefd=False) as source:
            while (line := source.readline(protocol.MAX_REQUEST)).endswith(b"\n"):
                request = json.loads(line)
                match request["do"]:
                    case "cancel":
                        self._cancel()
                    case "grant":
                        self._granted.put(request["slot"])
                    case _:
                        self._requests.put(request)
        self._requests.put(None)
        self._cancel()
        threading.Event().wait(_LAST_SECONDS)
        os._exit(1)

    def _cancel(self) -> None:
        self._canceled.set()
        self._granted.put(None)
        if self._calling.acquire(timeout=_CALL_ENDS):
            self._calling.release()
        elif self._sane is not None:
            threads.rest()
            self._sane.cancel()

    def _say(self, answer: dict[str, Any]) -> None:
        self._frame(protocol.JSON, json.dumps({**answer, "asked": self._asked}).encode())

    def _frame(self, kind: bytes, payload: bytes) -> None:
        try:
            left = memoryview(protocol.HEAD.pack(kind, len(payload)) + payload)
            while left:
                left = left[os.write(self._target, left) :]
        except BrokenPipeError:
            os._exit(1)  # the bridge is gone; the kernel gives the device back


def main() -> None:
    """Serve the bridge that started us."""
    source, target = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # what a backend prints must not get between the frames
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the bridge, which ends us in order
    memory = int(sys.argv[2])
    Child(source, target, mmap.mmap(memory, protocol.SLOTS * protocol.SLOT)).run(sys.argv[1])


if __name__ == "__main__":
    main()
