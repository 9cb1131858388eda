"""libsane through ctypes: the twelve calls of it that a scan needs, and sane_read a piece at a time.

Only a child of the bridge imports this: what happens in there may hang, crash and exit as it likes.
Source: SANE standard 1.06, chapter 4.
"""

import ctypes
from ctypes import POINTER, Structure, Union, byref, c_char_p, c_int, c_void_p
from typing import Any, Final

from drivers.sane import protocol
from drivers.sane.protocol import Constraint, Status, Type

_MAX_OPTIONS: Final = 1000
_MAX_ENTRIES: Final = 1000  # of a list that should end with NULL
_MAX_TEXT: Final = 1000
_SET_VALUE, _GET_VALUE = 1, 0  # SANE_Action


class SaneError(Exception):
    """A call was answered with something else than GOOD."""

    def __init__(self, call: str, status: int, text: str) -> None:
        super().__init__(f"{call}: {text}")
        self.call, self.status = call, status


class _Range(Structure):
    _fields_ = (("min", c_int), ("max", c_int), ("quant", c_int))


class _Constraint(Union):
    _fields_ = (("strings", POINTER(c_char_p)), ("words", POINTER(c_int)), ("range", POINTER(_Range)))


class _Descriptor(Structure):
    _fields_ = (
        ("name", c_char_p),
        ("title", c_char_p),
        ("desc", c_char_p),
        ("type", c_int),
        ("unit", c_int),
        ("size", c_int),
        ("cap", c_int),
        ("constraint_type", c_int),
        ("constraint", _Constraint),
    )


class _Device(Structure):
    _fields_ = (("name", c_char_p), ("vendor", c_char_p), ("model", c_char_p), ("type", c_char_p))


class _Parameters(Structure):
    _fields_ = (
        ("format", c_int),
        ("last_frame", c_int),
        ("bytes_per_line", c_int),
        ("pixels_per_line", c_int),
        ("lines", c_int),
        ("depth", c_int),
    )


class Sane:
    """The library, and the one device that is open."""

    def __init__(self, library: str) -> None:
        """Load and initialise it. Raises OSError, SaneError."""
        self._lib = lib = ctypes.CDLL(library)
        lib.sane_strstatus.restype = c_char_p
        lib.sane_get_option_descriptor.restype = POINTER(_Descriptor)
        lib.sane_get_option_descriptor.argtypes = (c_void_p, c_int)
        lib.sane_control_option.argtypes = (c_void_p, c_int, c_int, c_void_p, POINTER(c_int))
        lib.sane_read.argtypes = (c_void_p, c_void_p, c_int, POINTER(c_int))
        for name in ("start", "cancel", "close"):
            getattr(lib, f"sane_{name}").argtypes = (c_void_p,)
        for name in ("cancel", "close", "exit"):
            getattr(lib, f"sane_{name}").restype = None
        lib.sane_get_parameters.argtypes = (c_void_p, POINTER(_Parameters))
        self._handle = c_void_p()
        self._length = c_int()
        self._length_at = byref(self._length)
        version = c_int()
        self._check("sane_init", lib.sane_init(byref(version), None))

    def devices(self, *, local: bool) -> list[list[str]]:
        """Name, vendor, model and type of each."""
        found = POINTER(POINTER(_Device))()
        self._check("sane_get_devices", self._lib.sane_get_devices(byref(found), int(local)))
        devices = []
        for place in range(_MAX_ENTRIES):
            if not found or not found[place]:
                break
            device = found[place].contents
            devices.append([_text(each) for each in (device.name, device.vendor, device.model, device.type)])
        return devices

    def open(self, name: str) -> None:
        self._check("sane_open", self._lib.sane_open(name.encode(), byref(self._handle)))

    def options(self) -> list[dict[str, Any]]:
        """Every option as it is now, with the value of those that are single."""
        count = c_int()
        self._control(0, _GET_VALUE, ctypes.byref(count))
        options = []
        for number in range(1, min(count.value, _MAX_OPTIONS)):
            found = self._lib.sane_get_option_descriptor(self._handle, number)
            if found and found.contents.name and found.contents.type != Type.GROUP:
                options.append(self._described(number, found.contents))
        return options

    def value(self, number: int) -> bool | int | float | str | None:
        """The value of a single option; None of one that has none to read."""
        found = self._lib.sane_get_option_descriptor(self._handle, number)
        return self._value(number, found.contents) if found else None

    def set(self, number: int, value: bool | float | str) -> int:
        """What it led to: bits of SANE_Info."""
        descriptor = self._lib.sane_get_option_descriptor(self._handle, number).contents
        if descriptor.type == Type.STRING:
            text = str(value).encode()[: max(0, descriptor.size - 1)]
            place: Any = ctypes.create_string_buffer(text, max(descriptor.size, len(text) + 1))
        elif descriptor.type == Type.FIXED:
            place = c_int(round(float(value) * protocol.FIXED_ONE))
        else:
            place = c_int(int(value))
        return self._control(number, _SET_VALUE, byref(place))

    def start(self) -> None:
        self._check("sane_start", self._lib.sane_start(self._handle))

    def parameters(self) -> dict[str, int]:
        """Of the frame that was started, or of what would come."""
        told = _Parameters()
        self._check("sane_get_parameters", self._lib.sane_get_parameters(self._handle, byref(told)))
        return {name: getattr(told, name) for name, _ in _Parameters._fields_}

    def read(self, address: int, most: int) -> int:
        """How many bytes came to that address, none too. Raises SaneError, EOF at the end of the frame."""
        self._check("sane_read", self._lib.sane_read(self._handle, address, most, self._length_at))
        return max(0, min(self._length.value, most))

    def cancel(self) -> None:
        """Ends a scan well or in the middle; may be called from another thread than the one that reads."""
        if self._handle:
            self._lib.sane_cancel(self._handle)

    def close(self) -> None:
        if self._handle:
            self._lib.sane_close(self._handle)
            self._handle = c_void_p()

    def exit(self) -> None:
        self._lib.sane_exit()

    def _described(self, number: int, descriptor: _Descriptor) -> dict[str, Any]:
        return {
            "number": number,
            "name": _text(descriptor.name),
            "type": descriptor.type,
            "unit": descriptor.unit,
            "cap": descriptor.cap,
            "value": self._value(number, descriptor),
            **_constraint(descriptor),
        }

    def _value(self, number: int, descriptor: _Descriptor) -> bool | int | float | str | None:
        readable = descriptor.cap & protocol.SOFT_DETECT and not descriptor.cap & protocol.INACTIVE
        if not readable or descriptor.type in (Type.BUTTON, Type.GROUP):
            return None
        if descriptor.type == Type.STRING:
            text = ctypes.create_string_buffer(max(1, descriptor.size) + 1)
            self._control(number, _GET_VALUE, text)
            return _text(text.value)
        if descriptor.size != ctypes.sizeof(c_int):
            return None  # a table, such as gamma
        word = c_int()
        self._control(number, _GET_VALUE, byref(word))
        return _word(descriptor.type, word.value)

    def _control(self, number: int, action: int, place: Any) -> int:
        info = c_int()
        status = self._lib.sane_control_option(self._handle, number, action, place, byref(info))
        self._check("sane_control_option", status)
        return info.value

    def _check(self, call: str, status: int) -> None:
        if status != Status.GOOD:
            raise SaneError(call, status, _text(self._lib.sane_strstatus(status)))


def _constraint(descriptor: _Descriptor) -> dict[str, Any]:
    kind, told = descriptor.constraint_type, descriptor.constraint
    if kind == Constraint.RANGE and told.range:
        span = told.range.contents
        return {"range": [_word(descriptor.type, each) for each in (span.min, span.max, span.quant)]}
    if kind == Constraint.WORD_LIST and told.words:
        count = max(0, min(told.words[0], _MAX_ENTRIES))
        return {"words": [_word(descriptor.type, told.words[place + 1]) for place in range(count)]}
    if kind == Constraint.STRING_LIST and told.strings:
        texts = []
        for place in range(_MAX_ENTRIES):
            if told.strings[place] is None:
                break
            texts.append(_text(told.strings[place]))
        return {"strings": texts}
    return {}


def _word(kind: int, word: int) -> bool | int | float:
    if kind == Type.FIXED:
        return word / protocol.FIXED_ONE
    return bool(word) if kind == Type.BOOL else word


def _text(data: bytes | None) -> str:
    return (data or b"")[:_MAX_TEXT].decode("utf-8", errors="replace")
