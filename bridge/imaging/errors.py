"""What can go wrong between a driver's rows and a client's file. The text is one line that an operator can read."""

from bridge.errors import BridgeError


class ImagingError(BridgeError):
    """This page cannot become that file: a wish that no format can hold, or a device's own coding that is damaged."""


class SpoolFull(ImagingError):
    """The page does not fit into the cache directory or its quota; the operator must make room."""
