"""A telephone exchange with two subscribers: Class 1 fax modems on pseudo-terminals, joined by their samples.

    python fax_line.py LIBSPANDSP SPEED LINK LINK

The modems are spandsp's (t31.h, at_interpreter.h of 0.0.6, the public API); the wire between them is a buffer of 16 bit
samples, 8000 a second, SPEED times as fast as the clock. LINK becomes a link to each pseudo-terminal. Who dials 2 (1)
reaches the second (first) modem, others hear what `REFUSED` says. Runs until it is ended.
"""

import contextlib
import ctypes
import os
import select
import sys
import time
import tty
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_int16, c_size_t, c_ubyte, c_void_p
from pathlib import Path

RATE = 8000
FRAME = 160  # samples: 20 ms
RING_EVERY = 4.0  # seconds of the line's time
CALL, ANSWER, HANGUP, OFFHOOK, ONHOOK, CTS = 0, 1, 2, 3, 4, 7  # enum at_modem_control_operation_e
ALERTING, CONNECTED, ANSWERED, BUSY, NO_DIALTONE, NO_ANSWER, ENDED = range(1, 8)  # enum at_call_event_e
REFUSED = {"7": BUSY, "8": NO_ANSWER, "9": NO_DIALTONE}  # any other number: nobody answers

AT_TX = CFUNCTYPE(c_int, c_void_p, c_void_p, POINTER(c_ubyte), c_size_t)
CONTROL = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_void_p)


class Modem:
    """One subscriber."""

    def __init__(self, library: ctypes.CDLL, number: str, link: Path) -> None:
        self.library, self.number = library, number
        self.terminal, other = os.openpty()
        tty.setraw(other)
        link.unlink(missing_ok=True)
        link.symlink_to(os.ttyname(other))
        os.set_blocking(self.terminal, False)
        self._keeps_it_open = other
        self.dialed: str | None = None
        self.rings_for: Modem | None = None  # who calls
        self.partner: Modem | None = None
        self.answered = self.left = False
        self.clear_to_send = True
        self.next_ring = 0
        self._handlers = AT_TX(self._said), CONTROL(self._controlled)  # they must outlive the modem
        self.t31 = c_void_p(library.t31_init(None, self._handlers[0], None, self._handlers[1], None, None, None))

    def _said(self, _at: int, _user: int, data: "ctypes._Pointer[c_ubyte]", length: int) -> int:
        with contextlib.suppress(BlockingIOError):  # nobody reads
            os.write(self.terminal, bytes(data[:length]))
        return 0

    def _controlled(self, _t31: int, _user: int, operation: int, value: int | None) -> int:
        if operation == CALL:
            self.dialed = (ctypes.string_at(value) if value else b"").decode("ascii", "replace").strip(",;")
        elif operation == ANSWER:
            self.answered = True
        elif operation in (HANGUP, ONHOOK):
            self.left = True
        elif operation == CTS:
            self.clear_to_send = bool(value)
        return 0

    def event(self, event: int) -> None:
        self.library.t31_call_event(self.t31, event)

    def ring(self, caller: str) -> None:
        self.library.at_reset_call_info(self.t31)  # the AT interpreter is a modem's first part
        for field in ((b"NMBR", caller.encode()), (b"NAME", b"Subscriber " + caller.encode())):
            self.library.at_set_call_info(self.t31, *field)
        self.event(ALERTING)

    def take_commands(self) -> None:
        while self.clear_to_send:
            try:
                data = os.read(self.terminal, 256)
            except (BlockingIOError, OSError):
                return
            if not data:
                return
            self.library.t31_at_rx(self.t31, data, len(data))


def exchange(modems: dict[str, Modem], frame: int) -> None:
    """Set up and take down calls."""
    for modem in modems.values():
        if modem.left:
            modem.left = modem.answered = False
            for other in (modem.partner, *(each for each in modems.values() if each.rings_for is modem)):
                if other is not None:
                    other.rings_for = other.partner = None
                    if other.partner is not None or other is modem.partner:
                        other.event(ENDED)
            modem.partner = modem.rings_for = None
            modem.dialed = None
        if modem.dialed is not None:
            number, modem.dialed = modem.dialed, None
            called = modems.get(number)
            if called is None or called is modem:
                modem.event(REFUSED.get(number, NO_ANSWER))
            elif called.partner or called.rings_for:
                modem.event(BUSY)
            else:
                called.rings_for, called.next_ring, called.answered = modem, frame, False
        caller = modem.rings_for
        if caller is not None and modem.answered:
            modem.rings_for = None
            modem.partner, caller.partner = caller, modem
            modem.event(ANSWERED)
            caller.event(CONNECTED)
        elif caller is not None and frame >= modem.next_ring:
            modem.next_ring = frame + int(RING_EVERY * RATE / FRAME)
            modem.ring(caller.number)
        modem.answered = modem.answered and modem.partner is not None


def main(library_path: str, speed: str, *links: str) -> None:
    library = ctypes.CDLL(library_path)
    library.t31_init.restype = c_void_p
    library.t31_init.argtypes = [c_void_p, AT_TX, c_void_p, CONTROL, c_void_p, c_void_p, c_void_p]
    for name in ("t31_tx", "t31_rx"):
        getattr(library, name).argtypes = [c_void_p, POINTER(c_int16), c_int]
    library.t31_call_event.argtypes = [c_void_p, c_int]
    library.t31_at_rx.argtypes = [c_void_p, c_char_p, c_int]
    library.at_set_call_info.argtypes = [c_void_p, c_char_p, c_char_p]
    library.at_reset_call_info.argtypes = [c_void_p]
    modems = {str(at): Modem(library, str(at), Path(link)) for at, link in enumerate(links, 1)}
    print("ready", flush=True)
    buffers = {each: (c_int16 * FRAME)() for each in modems.values()}
    began, frame, step = time.monotonic(), 0, FRAME / RATE / float(speed)
    while True:
        frame += 1
        wait = began + frame * step - time.monotonic()
        if wait < -1:
            began -= wait  # this machine was busy: the line's time stood still
        while wait > 0:
            waiting = [each for each in modems.values() if each.clear_to_send]
            readable, _, _ = select.select([each.terminal for each in waiting], [], [], wait)
            for each in waiting:
                if each.terminal in readable:
                    each.take_commands()
            wait = began + frame * step - time.monotonic()
        exchange(modems, frame)
        for each in modems.values():
            each.take_commands()
            made = library.t31_tx(each.t31, buffers[each], FRAME)
            ctypes.memset(ctypes.byref(buffers[each], 2 * made), 0, 2 * (FRAME - made))
        for each in modems.values():
            heard = buffers[each.partner] if each.partner else (c_int16 * FRAME)()
            library.t31_rx(each.t31, heard, FRAME)


if __name__ == "__main__":
    main(*sys.argv[1:])
