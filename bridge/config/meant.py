"""What the operator may have meant: where a key that is not there would be right, or how it is spelt."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import get_args

from bridge.config.section import Endpoint, Section


def unknown(whole: type[Section], place: tuple[str | int, ...]) -> str:
    """What to say of the key at `place`, which `whole` does not have."""
    *section, key = (part for part in place if isinstance(part, str))
    keys = {name: list(fields.model_fields) for name, _, fields in _sections(whole)}
    at_home = [title for name, title, fields in _sections(whole) if title and key in fields.model_fields]
    if at_home:
        return f"there is no such key here, but in {', '.join(at_home)}"
    near = get_close_matches(key, keys.get(".".join(section), []), 1)
    return f"there is no such key; is {near[0]} meant?" if near else "there is no such key"


def _sections(model: type[Section], name: str = "") -> Iterator[tuple[str, str, type[Section]]]:
    """Each with its name and how that is written above it."""
    yield name, "", model
    for key, field in model.model_fields.items():
        inner = next(iter(get_args(field.annotation)), field.annotation)
        if isinstance(inner, type) and issubclass(inner, Section) and inner is not Endpoint:
            path = f"{name}.{key}" if name else key
            title = f"[{path}]" if inner is field.annotation else f"[[{path}]]"
            for each, written, fields in _sections(inner, path):
                yield each, written or title, fields
