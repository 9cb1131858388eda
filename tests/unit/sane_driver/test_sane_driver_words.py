"""Which backends' words mean what; the words are copied from the option lists of sane-backends 1.2.1."""

import pytest

from drivers.sane.options import kind_of


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("Flatbed", "platen"),
        ("FlatBed", "platen"),
        ("Normal", "platen"),
        ("ADF", "feeder"),
        ("Automatic Document Feeder", "feeder"),
        ("ADF Front", "feeder"),
        ("Automatic Document Feeder(left aligned)", "feeder"),
        ("ADF Back", "back"),
        ("ADF Duplex", "feeder-duplex"),
        ("Duplex", "feeder-duplex"),
        ("Automatic Document Feeder(left aligned,Duplex)", "feeder-duplex"),
        ("Transparency Adapter", "film"),
        ("Transparency Unit", "film"),
        ("TPU8x10", "film"),
        ("Negative", "film"),
        ("Moon", None),
    ],
)
def test_a_source_is_known_by_its_name(value: str, kind: str | None):
    assert kind_of(value, "sources") == kind


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("Lineart", "lineart"),
        ("Black & White", "lineart"),
        ("Binary", "lineart"),
        ("Gray", "gray"),
        ("Grayscale", "gray"),
        ("True Gray", "gray"),
        ("Color", "color"),
        ("24bit Color", "color"),
        ("Halftone", None),
        ("Error Diffusion", None),
    ],
)
def test_a_mode_is_known_by_its_name(value: str, kind: str | None):
    assert kind_of(value, "modes") == kind
