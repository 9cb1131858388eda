"""The operator's file: defaults, and one line with file, key and reason for what is wrong."""

from pathlib import Path

import pytest

from bridge.config import Config, Endpoint, load, validate
from bridge.errors import ConfigError


def written(directory: Path, text: str) -> Path:
    path = directory / "bridge.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    config = load(written(tmp_path, ""))
    assert config == Config()
    assert str(config.service.listen) == "0.0.0.0:5380"
    assert (config.jobs.queue, config.jobs.retrieve_timeout, config.jobs.retrieve_wait) == (8, 60.0, 50.0)


def test_a_full_file(tmp_path: Path) -> None:
    config = load(
        written(
            tmp_path,
            """
            [service]
            listen = "[::]:5999"
            interfaces = ["eth1"]
            state_dir = "/var/lib/x"
            [usb]
            usbip = ["pi.local:3240", "[::1]:3240"]
            [[snmp]]
            host = "192.0.2.7"
            community = "hush"
            [[scanner]]
            key = "usb-04b8-0110-1"
            name = "Attic"
            [jobs]
            queue = 2
            [log]
            level = "debug"
            """,
        )
    )
    assert str(config.service.listen) == "[::]:5999"
    assert config.state_dir == Path("/var/lib/x")
    assert config.snmp[0].community.get_secret_value() == "hush"
    assert "hush" not in repr(config)
    assert config.of("usb-04b8-0110-1").name == "Attic"
    assert config.of("another").enabled


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("color = 1", "color"),
        ("[service]\nlissten = '0.0.0.0:1'", "service.lissten"),
        ("[service]\nlisten = '0.0.0.0'", "service.listen"),
        ("[service]\nlisten = 'localhost:80'", "service.listen"),
        ("[service]\nlisten = '0.0.0.0:65536'", "service.listen"),
        ('[service]\nlisten = "0.0.0.0\\n:80"', "service.listen"),
        ("[service]\nlisten = 80", "service.listen"),
        ("[service]\nlisten = {address='x', port=5}", "service.listen"),
        ("[service]\nmulticast = 'yes'", "service.multicast"),
        ("[service]\nstate_dir = ''", "service.state_dir"),
        ('[service]\ncache_dir = "a\\u0000b"', "service.cache_dir"),
        ("[service]\nstate_dir = 1", "service.state_dir"),
        ("[service]\ncache_quota_mb = true", "service.cache_quota_mb"),
        ("[jobs]\nqueue = '3'", "jobs.queue"),
        ("[jobs]\nretrieve_wait = '3'", "jobs.retrieve_wait"),
        ("[log]\ntraffic = 1", "log.traffic"),
        ("[[snmp]]\nhost = 'a'\ncommunity = 'ü'", "snmp.0.community"),
        ("[[snmp]]\nhost = 'a'\n[[snmp]]\nhost = 'a'", "snmp"),
        ("[[scanner]]\nkey = 'k'\n[[scanner]]\nkey = 'k'", "scanner"),
        ("[scanner]\nkey = 'k'", "scanner"),
        ("[service]\ncache_quota_mb = 0", "service.cache_quota_mb"),
        ("service = 1", "service"),
        ("[usb]\nenabled = 'perhaps'", "usb.enabled"),
        ("[usb]\nusbip = ['pi']", "usb.usbip"),
        ("[usb]\nusbip = ['pi:99999']", "usb.usbip"),
        ("[usb]\nusbip = ['pi:0']", "usb.usbip"),
        ("[[snmp]]\nport = 161", "snmp.0.host"),
        ("[[snmp]]\nhost = 'a'\n[[snmp]]\nhost = 'b'\nversion = '4'", "snmp.1.version"),
        ("[[snmp]]\nhost = ''", "snmp.0.host"),
        ("[[scanner]]\nkey = 'k'\nname = '" + "x" * 128 + "'", "scanner.0.name"),
        ("[jobs]\nqueue = 0", "jobs.queue"),
        ("[jobs]\nretrieve_timeout = 0", "jobs.retrieve_timeout"),
        ("[jobs]\nretrieve_timeout = inf", "jobs.retrieve_timeout"),
        ("[jobs]\nretrieve_wait = nan", "jobs.retrieve_wait"),
        ("[log]\nlevel = 'loud'", "log.level"),
    ],
)
def test_what_is_wrong_is_one_line_with_file_key_and_reason(tmp_path: Path, text: str, key: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert (caught.value.where, caught.value.key) == (str(path), key)
    line = str(caught.value)
    assert line.startswith(f"{path}: {key}: ")
    assert len(line) > len(f"{path}: {key}: ")
    assert "\n" not in line
    assert "Value error" not in line


def test_an_unknown_key_is_called_that(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such key"):
        load(written(tmp_path, "[jobs]\npatience = 1"))


def test_a_secret_is_not_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, "[[snmp]]\nhost = 'a'\ncommunity = ['hush']"))
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("content", [b"[service", b"a = ", b"\xff\xfe", b"[a]\n[a]"])
def test_what_is_not_toml_names_the_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bridge.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.toml", tmp_path):
        with pytest.raises(ConfigError, match=str(path)):
            load(path)


def test_a_backslash_is_said_to_stand_between_single_quotes(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"is not TOML: .*; a backslash stands between '…'$"):
        load(written(tmp_path, '[[button]]\nshare = "\\\\nas\\scans"'))


def test_who_may_not_read_it_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)  # root may read everything
    with pytest.raises(ConfigError, match=r"Permission denied: use sudo, or name another file with --config$"):
        load(tmp_path / "file.toml")


@pytest.mark.parametrize("host", ["mfp", "mfp.example.org", "192.0.2.1", "fd00::1", "fe80::1%eth0"])
def test_a_host_is_a_name_or_an_address(host: str) -> None:
    assert validate({"snmp": [{"host": host}]}, "x").snmp[0].host == host


def test_directories_are_systemds_then_xdgs_then_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STATE_DIRECTORY", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/eve")
    assert Config().state_dir == Path("/home/eve/.local/state/wsd-scan-bridge")
    monkeypatch.setenv("XDG_STATE_HOME", "/x")
    assert Config().state_dir == Path("/x/wsd-scan-bridge")
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/a:/var/lib/b")
    assert Config().state_dir == Path("/var/lib/a")


@pytest.mark.parametrize(("text", "said"), [("127.0.0.1:0", "127.0.0.1:0"), ("[::1]:80", "[::1]:80")])
def test_an_endpoint_is_written_as_it_is_read(text: str, said: str) -> None:
    assert str(Endpoint.parse(text)) == said


@pytest.mark.parametrize(
    "text", ["", ":", "1.2.3.4", "1.2.3.4:", "1.2.3.4:-1", "1.2.3.4:x", "host:1", "[:1", "1.2.3:4"]
)
def test_what_is_no_endpoint(text: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        Endpoint.parse(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[scanner]\nkey = 'k'", "there may be several: write [[scanner]]"),
        ("[[service]]\nipv6 = true", "there is one only: write [service]"),
        ("[service]\nlisen = 'x'", "there is no such key; is listen meant?"),
        ("[servce]\nipv6 = true", "there is no such key; is service meant?"),
        ("[sane]\nfolder = '/srv/scans'", "there is no such key here, but in [[button]]"),
        ("[service]\ninterfaces = ['']", "is empty"),
        ("[service]\nstate_dir = '~/state'", "begins with ~, which is no directory here: write the whole path"),
        ("[[snmp]]\nhost = 'http://a'", "'http://a' is not a host's name or address alone"),
        ("[[snmp]]\nhost = '192.0.2.1:161'", "'192.0.2.1:161' is not a host's name or address alone"),
        ("[sane]\nbackends = ['a b']", "'a b' is not well-formed"),
        ("[jobs]\nqueue = 0", "must be greater than or equal to 1"),
        ("[[scanner]]\nname = 'n'", "is missing"),
        ("[[scanner]]\nkey = 'k'\n[[scanner]]\nkey = 'k'", "the key k is there 2 times"),
        ("[service]\nlisten = 80", "'80' is not ADDRESS:PORT"),
        ("log = 1", "is not a table"),
    ],
)
def test_the_reason_is_said_in_the_words_of_the_file(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, text))
    assert str(caught.value).endswith(f": {reason}")


V3 = "[[snmp]]\nhost = 'a'\nversion = '3'\n"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (V3, "snmp.0"),
        (V3 + "user = 'me'\nauth_password = 'short'", "snmp.0.auth_password"),
        (V3 + "user = 'me'\nprivacy_password = 'long enough'", "snmp.0"),
        (V3 + "user = 'me'\nauth = 'md5'", "snmp.0.auth"),
    ],
)
def test_an_snmp_user_that_cannot_be_is_an_error(tmp_path: Path, text: str, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, text))
    assert caught.value.key == key


def test_passwords_of_snmp_are_not_shown(tmp_path: Path) -> None:
    config = load(written(tmp_path, V3 + "user = 'me'\nauth_password = 'hush-hush'\nprivacy_password = 'hush-hush'"))
    assert "hush" not in repr(config) + config.model_dump_json()
    assert config.snmp[0].auth_password.get_secret_value() == "hush-hush"


def test_an_escl_service_is_named_by_its_url() -> None:
    digest = "AA:" * 31 + "aa"
    config = validate({"escl": [{"url": "https://192.0.2.18/eSCL", "certificate": digest}]}, "x")
    assert (config.escl[0].url, config.escl[0].certificate) == ("https://192.0.2.18/eSCL", "aa" * 32)


@pytest.mark.parametrize(
    ("entries", "key", "reason"),
    [
        ([{"url": "192.0.2.18"}], "escl.0.url", "is not http"),
        ([{"url": "ftp://x"}], "escl.0.url", "is not http"),
        ([{"url": "http://u:p@x"}], "escl.0.url", "is not http"),
        ([{"url": "http://x y"}], "escl.0.url", "is not http"),
        ([{"url": "http://x:99999"}], "escl.0.url", "is not http"),
        ([{}], "escl.0.url", "is missing"),
        ([{"url": "http://x", "certificate": "ab"}], "escl.0.certificate", "SHA-256"),
        ([{"url": "http://x", "user": "me"}], "escl.0.user", "there is no such key"),
        ([{"url": "http://x"}, {"url": "http://X/eSCL/"}], "escl", "2 times"),
    ],
)
def test_what_is_no_escl_service_is_said(entries: list[dict[str, str]], key: str, reason: str) -> None:
    with pytest.raises(ConfigError) as refused:
        validate({"escl": entries}, "x")
    assert key in str(refused.value)
    assert reason in str(refused.value)
