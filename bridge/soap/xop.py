"""What stands in a message where the bytes of an image would stand: they are a MIME part of its own.

Spec: XOP 1.0 section 2.1; RFC 2392.
"""

from typing import Annotated, ClassVar, Self
from urllib.parse import unquote

from pydantic import Field

from bridge.errors import WireError
from bridge.soap import names
from bridge.soap.element import Attribute, Element


class Include(Element):
    """Names the part that its `href` (cid:…) is."""

    namespace: ClassVar[str] = names.XOP

    href: Annotated[str, Attribute(), Field(alias="href", max_length=names.MAX_URI)]

    @classmethod
    def of(cls, content_id: str) -> Self:
        return cls(href=f"cid:{content_id}")

    @property
    def content_id(self) -> str:
        """The part's Content-ID, without angle brackets. Raises WireError."""
        scheme, _, rest = self.href.partition(":")
        if scheme.lower() != "cid" or not rest:
            raise WireError("Include/href", "is not a cid URL")
        return unquote(rest)
