"""What the operator may say of buttons, and what is told of what is wrong."""

import pytest

from bridge.config import Config, validate
from bridge.errors import ConfigError
from bridge.filters.targets import of_button


def button(**said: object) -> Config:
    return validate({"button": [said]}, "test")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({}, "none of folder, share, mail, library, paperless"),
        ({"folder": "scans"}, "not an absolute path"),
        ({"folder": "/s", "name": "{date.year}"}, "is none of"),
        ({"folder": "/s", "name": "{date!r}"}, "is none of"),
        ({"folder": "/s", "name": "../{date}"}, "is not a name"),
        ({"folder": "/s", "name": "a//b"}, "is not a name"),
        ({"folder": "/s", "mode": "bw", "format": "jpeg"}, "jpeg holds no black and white"),
        ({"folder": "/s", "ocr": "eng", "format": "png"}, "for pdf only"),
        ({"folder": "/s", "ocr": "eng; rm"}, "ocr"),
        ({"share": "nas/scans"}, "is not \\\\SERVER\\SHARE"),
        ({"share": r"\\nas"}, "is not \\\\SERVER\\SHARE"),
        ({"share": r"\\nas\scans\..\x"}, "is not \\\\SERVER\\SHARE"),
        ({"library": "ftp://x/"}, "is not http"),
        ({"library": "https://user:secret@x/"}, "is not http"),
        ({"mail": ["a@example.org"]}, "needs [smtp]"),
        ({"mail": ["a@example.org\nBcc: b@example.org"]}, "mail"),
        ({"folder": "/s", "colour": "red"}, "there is no such key"),
    ],
)
def test_what_cannot_be_is_told(said: dict[str, object], reason: str) -> None:
    with pytest.raises(ConfigError) as told:
        button(**said)
    assert reason in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"smtp": {"host": "mail"}}, "sender is missing"),
        ({"smtp": {"host": "m", "sender": "a@b", "password": "p", "tls": "none"}}, "not sent without TLS"),
        ({"account": [{"host": "nas"}, {"host": "NAS"}]}, "there 2 times"),
        ({"button": [{"folder": "/a"}, {"folder": "/b"}]}, "there 2 times"),
    ],
)
def test_sections_hold_together(values: dict[str, object], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        validate(values, "test")


def test_the_entry_that_says_most_about_a_button_counts() -> None:
    entries = [
        {"folder": "/any"},
        {"folder": "/two", "button": "2"},
        {"folder": "/hall", "scanner": "hall"},
        {"folder": "/hall-two", "scanner": "hall", "button": "2"},
    ]
    config = validate({"button": entries}, "test")

    def folder(scanner: str, name: str) -> str:
        said = config.pressed(scanner, name)
        return str(said and said.folder)

    assert folder("desk", "1") == "/any"
    assert folder("desk", "2") == "/two"
    assert folder("hall", "1") == "/hall"
    assert folder("hall", "2") == "/hall-two"
    assert Config().pressed("hall", "1") is None


def test_a_password_is_never_printed() -> None:
    values = {"smtp": {"password": "hunter2"}, "account": [{"host": "nas", "password": "hunter2", "token": "hunter2"}]}
    assert "hunter2" not in repr(validate(values, "test"))


def test_a_buttons_places_are_filters_in_order() -> None:
    config = validate(
        {
            "smtp": {"host": "mail", "sender": "a@example.org"},
            "button": [
                {
                    "folder": "/s",
                    "share": "//nas/scans/in",
                    "library": "https://x/y",
                    "paperless": "http://p:8000",
                    "mail": ["b@example.org"],
                }
            ],
        },
        "test",
    )
    aims = of_button(config, config.button[0], {}, complete=True)
    assert [each.what for each in aims] == [
        "folder /s",
        r"share \\nas\scans\in",
        "library https://x/y",
        "paperless http://p:8000",
        "mail to b@example.org",
    ]
