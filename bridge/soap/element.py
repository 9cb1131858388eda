"""How a frozen pydantic model is read from XML and written to it.

A model's fields ARE the schema: their order is the order written, their alias the element's name, their type
its content. Reading takes children in any order, ignores unknown ones, and says with its path what is missing or
wrong. Three kinds of field:

* a child element: a scalar, an `Element`, `X | None` (optional) or `tuple[X, ...]` (repeated);
* an attribute: `Annotated[X, Attribute()]`, in no namespace or, with `qualified=True`, in the element's own;
* the element's own text: `Annotated[X, Text()]`.

A qualified name (`XsQName`) is `{namespace}Local` in the model; on the wire it has a prefix, whichever is in scope.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any, ClassVar, Final, Self, Union, get_args, get_origin

from lxml import etree
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic.alias_generators import to_pascal

from bridge.errors import WireError
from bridge.soap import tree

_CLARK: Final = re.compile(r"\{[^{}]{1,2048}\}[^{}:\s]{1,255}")


@dataclass(frozen=True, slots=True)
class Attribute:
    """Marks a field that is an XML attribute."""

    qualified: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """Marks the field that is the element's own text."""


@dataclass(frozen=True, slots=True)
class _Qualified:
    """Marks a text that is a qualified name."""


def _xs_qname(text: str) -> str:
    try:
        etree.QName(text)  # knows what XML lets a name be
    except ValueError as err:
        raise ValueError("is not a qualified name") from err
    if not _CLARK.fullmatch(text):
        raise ValueError("is not a qualified name")
    return text


def _xs_int(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"[+-]?[0-9]{1,10}", value):
        raise ValueError("is not an xs:int")
    return value


def _xs_boolean(value: object) -> object:
    if isinstance(value, str):
        spelt = value.lower()  # clients in Python write theirs with a capital letter (WSD-python)
        if spelt not in ("true", "false", "1", "0"):
            raise ValueError("is not an xs:boolean")
        return spelt in ("true", "1")
    return value


XsInt = Annotated[int, BeforeValidator(_xs_int)]
XsBoolean = Annotated[bool, BeforeValidator(_xs_boolean)]
XsQName = Annotated[str, AfterValidator(_xs_qname), _Qualified()]


class Element(BaseModel):
    """A model that is one XML element with its children in one namespace."""

    # Each is built when it is first read or written: one that only others contain needs no validator of its own.
    model_config = ConfigDict(
        frozen=True, alias_generator=to_pascal, populate_by_name=True, extra="ignore", defer_build=True
    )

    namespace: ClassVar[str]
    named_in: ClassVar[str | None] = None  # the namespace of its own name where that is not its content's
    tag: ClassVar[str | None] = None  # the element's name where it is not the class's

    @classmethod
    def qname(cls) -> str:
        """The element's qualified name, `{namespace}Local`."""
        return f"{{{cls.named_in or cls.namespace}}}{cls.tag or cls.__name__}"

    @classmethod
    def from_xml(cls, element: etree._Element) -> Self:
        """Read the element; its own name is the caller's business. Raises WireError with the path."""
        where = etree.QName(element).localname
        try:
            return cls.model_validate(_collect(cls, element, where))
        except ValidationError as err:
            first = err.errors(include_url=False, include_context=False)[0]
            path = "/".join([where, *(str(part) for part in first["loc"] if not _is_noise(part))])
            reason = "is missing" if first["type"] == "missing" else first["msg"].removeprefix("Value error, ")
            raise WireError(path, reason) from err

    def to_xml(self, parent: etree._Element | None = None, tag: str | None = None) -> etree._Element:
        """Write the element, under `parent` where there is one, as `tag` where its name is not its own."""
        name = self.qname() if tag is None else tag
        element = etree.Element(name) if parent is None else etree.SubElement(parent, name)
        for shape in _shapes(type(self)):
            value = getattr(self, shape.field)
            if value is None:
                continue
            if shape.kind == "attribute":
                element.set(shape.tag, shape.written(value))
            elif shape.kind == "text":
                element.text = shape.written(value)
            else:
                for item in value if shape.repeated else (value,):
                    if isinstance(item, Element):
                        item.to_xml(element, shape.tag)
                    else:
                        etree.SubElement(element, shape.tag).text = shape.written(item)
        return element


def write_scalar(value: object) -> str:
    """A value as XML Schema spells it; times in UTC with milliseconds, and the digits after them that are there."""
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            utc = value.astimezone(UTC).replace(tzinfo=None)
            whole, _, fraction = utc.isoformat(timespec="microseconds").partition(".")
            return f"{whole}.{fraction.rstrip('0'):0<3}Z"
        case Enum():
            return str(value.value)
        case _:
            return str(value)


@dataclass(frozen=True, slots=True)
class _Shape:
    field: str
    alias: str
    kind: str  # "child", "attribute", "text"
    tag: str
    repeated: bool
    model: type[Element] | None
    qualified: bool  # its text is a qualified name

    def written(self, value: object) -> str | etree.QName:
        """A name gets the prefix in scope where it is put; lxml declares one where there is none."""
        return etree.QName(str(value)) if self.qualified else write_scalar(value)

    def read(self, element: etree._Element, text: str) -> str:
        """Raises WireError for a prefix that is not declared at `element`. A name without one, where nothing is
        declared for it, is taken for one of the element's own namespace."""
        if not self.qualified:
            return text
        name = tree.resolve_qname(element, text)
        return name if name.startswith("{") else f"{{{etree.QName(element).namespace}}}{name}"


_NOISE: Final = re.compile(r"is-instance|function-|union|enum|str$|int$|lax|strict")
_cache: dict[type[Element], tuple[_Shape, ...]] = {}


def _is_noise(part: object) -> bool:
    """Whether a part of pydantic's location names a branch of its validation and not an element."""
    return isinstance(part, str) and (not part[:1].isupper() or _NOISE.search(part) is not None)


def _shapes(cls: type[Element]) -> tuple[_Shape, ...]:
    if cls not in _cache:
        _cache[cls] = tuple(_shape(cls, name) for name in cls.model_fields)
    return _cache[cls]


def _shape(cls: type[Element], name: str) -> _Shape:
    info = cls.model_fields[name]
    alias = info.alias or name
    repeated, model = _content(info.annotation)
    qualified = _Qualified() in info.metadata or _is_qualified(info.annotation)
    for mark in info.metadata:
        if isinstance(mark, Attribute):
            tag = f"{{{cls.namespace}}}{alias}" if mark.qualified else alias
            return _Shape(name, alias, "attribute", tag, False, None, qualified)
        if isinstance(mark, Text):
            return _Shape(name, alias, "text", "", False, None, qualified)
    namespace = cls.namespace if model is None else model.named_in or model.namespace
    return _Shape(name, alias, "child", f"{{{namespace}}}{alias}", repeated, model, qualified)


def _content(annotation: Any) -> tuple[bool, type[Element] | None]:
    """Whether the annotation is a tuple of things, and the Element class in it if there is one."""
    origin = get_origin(annotation)
    if origin is tuple:
        return True, _content(get_args(annotation)[0])[1]
    if origin is Annotated:
        return _content(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        found = [_content(arm) for arm in get_args(annotation) if arm is not type(None)]
        models = [model for _, model in found if model is not None]
        return any(repeated for repeated, _ in found), models[0] if models else None
    if isinstance(annotation, type) and issubclass(annotation, Element):
        return False, annotation
    return False, None


def _is_qualified(annotation: Any) -> bool:
    """Whether the scalar in the annotation is an XsQName."""
    parts = get_args(annotation)
    return _Qualified() in parts or any(_is_qualified(part) for part in parts)


def _collect(cls: type[Element], element: etree._Element, path: str) -> dict[str, Any]:
    """The element as nested dictionaries keyed by the names that pydantic will report."""
    data: dict[str, Any] = {}
    children: dict[str, _Shape] = {}
    for shape in _shapes(cls):
        if shape.kind == "attribute":
            value = _attribute(element, cls.namespace, shape.alias)
            if value is not None:
                data[shape.alias] = shape.read(element, value)
        elif shape.kind == "text":
            data[shape.alias] = shape.read(element, _text(element))
        else:
            children[shape.tag] = shape
    for child in element:
        known = children.get(str(child.tag))
        if known is None:
            continue
        here = f"{path}/{known.alias}"
        read: Callable[[], Any] = _reader(known, child, here)
        if known.repeated:
            data.setdefault(known.alias, []).append(read())
        elif known.alias in data:
            raise WireError(here, "is given twice")
        else:
            data[known.alias] = read()
    return data


def _reader(shape: _Shape, child: etree._Element, path: str) -> Callable[[], Any]:
    model = shape.model
    if model is not None:
        return lambda: _collect(model, child, path)
    if len(child):
        raise WireError(path, "holds elements where text was expected")
    return lambda: shape.read(child, _text(child))


def _attribute(element: etree._Element, namespace: str, name: str) -> str | None:
    """An attribute, qualified or not: devices and documents disagree, both are understood."""
    value = element.get(name)
    if value is None:
        value = element.get(f"{{{namespace}}}{name}")
    return None if value is None else str(value).strip()


def _text(element: etree._Element) -> str:
    return "".join(element.itertext()).strip()
