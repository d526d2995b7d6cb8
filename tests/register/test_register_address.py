"""The register's URL: read once, strictly, and without a way past the verification of another host."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import eid_toolkit
from eid_toolkit.books.ledger import server_tls
from eid_toolkit.books.ledger.database import Database
from eid_toolkit.books.ledger.postgres_url import OPTIONS, PostgresUrl
from eid_toolkit.books.ledger.register_address import RegisterAddress
from eid_toolkit.books.ledger.server_tls import tls_refusal
from eid_toolkit.ground.errors import BadInput, EidError, ServiceAway
from eid_toolkit.ground.home.config import HomeConfig
from eid_toolkit.ground.home.home import Home
from support.homes import NOW

MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
HERE = (
    "", "localhost", "LocalHost", "127.0.0.1", "127.255.0.9", "[::1]", "%2Frun%2Fpostgresql", "localhost,127.0.0.1",
)  # fmt: skip
ELSEWHERE = (
    "db.example", "192.0.2.7", "[2001:db8::1]", "localhost.example", "128.0.0.1", "0.0.0.0", "127.1", "[::]",
    "[::ffff:127.0.0.1]", "localhost,db.example", ",db.example",
)  # fmt: skip


def told(url: str, *, unverified: bool = False) -> Mapping[str, str]:
    return RegisterAddress.parse(url, unverified=unverified).arguments


def parts(url: str) -> PostgresUrl:
    return PostgresUrl.parse(url.partition("://")[2])


@pytest.fixture(autouse=True)
def roots_of_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("host", HERE)
def test_on_this_machine_the_url_decides(host: str, mode: str) -> None:
    for unverified in (False, True):
        assert told(f"postgresql://{host}/r?sslmode={mode}", unverified=unverified)["sslmode"] == mode
        assert "sslmode" not in told(f"postgresql://{host}/r", unverified=unverified)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("host", ELSEWHERE)
def test_another_host_is_verified_unless_the_home_says_otherwise(host: str, mode: str) -> None:
    address = f"postgresql://{host}/r?sslmode={mode}"
    assert told(address, unverified=True)["sslmode"] == mode
    if mode == "verify-full":
        assert told(address)["sslmode"] == mode
    else:
        with pytest.raises(BadInput, match="register-tls-weak") as refused:
            RegisterAddress.parse(address)
        assert refused.value.facts["option"] == f"sslmode={mode}"


@pytest.mark.parametrize("host", ELSEWHERE)
def test_another_host_is_verified_where_the_url_says_nothing(host: str) -> None:
    arguments = told(f"postgresql://{host}/r")
    assert (arguments["sslmode"], arguments["gssencmode"]) == ("verify-full", "disable")
    assert arguments["sslrootcert"]
    assert told(f"postgresql://{host}/r", unverified=True)["sslmode"] == "prefer"


@pytest.mark.parametrize("mode", ["prefer", "require"])
def test_encryption_by_kerberos_does_not_take_the_place_of_tls(mode: str) -> None:
    with pytest.raises(BadInput, match="register-tls-weak"):
        RegisterAddress.parse(f"postgresql://db.example/r?gssencmode={mode}")
    assert told(f"postgresql://localhost/r?gssencmode={mode}")["gssencmode"] == mode


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "", "%2Frun%2Fpostgresql"])
def test_an_address_beside_the_host_is_no_way_round(host: str) -> None:
    arguments = told(f"postgresql://{host}/r?hostaddr=192.0.2.7")
    assert (arguments["hostaddr"], arguments["sslmode"]) == ("192.0.2.7", "verify-full")
    with pytest.raises(BadInput, match="register-tls-weak"):
        RegisterAddress.parse(f"postgresql://{host}/r?hostaddr=192.0.2.7&sslmode=require")


def test_a_name_is_verified_also_where_its_address_is_this_machine() -> None:
    assert told("postgresql://db.example/r?hostaddr=127.0.0.1")["sslmode"] == "verify-full"


@pytest.mark.parametrize("host", [*HERE, *ELSEWHERE])
def test_host_and_address_are_always_told_so_that_the_environment_adds_none(host: str) -> None:
    for unverified in (False, True):
        assert {"host", "hostaddr"} <= told(f"postgresql://{host}/r", unverified=unverified).keys()


def test_the_roots_are_those_of_the_url_then_of_the_user_then_of_the_system(tmp_path: Path) -> None:
    system = told("postgresql://db.example/r?sslrootcert=system")["sslrootcert"]
    assert told("postgresql://db.example/r")["sslrootcert"] == system
    own = tmp_path / ".postgresql" / "root.crt"
    own.parent.mkdir()
    own.touch()
    assert told("postgresql://db.example/r")["sslrootcert"] == str(own)
    assert told("postgresql://db.example/r?sslrootcert=system")["sslrootcert"] == system
    assert told("postgresql://db.example/r?sslrootcert=/ca.pem")["sslrootcert"] == "/ca.pem"


def test_where_python_knows_no_roots_the_library_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "bundle.pem"))
    assert server_tls._system_roots() == "system"
    (tmp_path / "bundle.pem").touch()
    assert server_tls._system_roots() == str(tmp_path / "bundle.pem")


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_each_name_of_the_scheme_means_the_same(scheme: str) -> None:
    address = RegisterAddress.parse(f"{scheme}://eid@db.example:5433/register")
    assert address == RegisterAddress.parse("postgresql+psycopg://eid@db.example:5433/register")
    assert address.url.drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    ("url", "host", "address", "port"),
    [
        ("postgresql:///r", "", "", None),
        ("postgresql://db.example/r", "db.example", "", None),
        ("postgresql://[::1]:5433/r", "::1", "", "5433"),
        ("postgresql://%2Frun%2Fpg:5433/r", "/run/pg", "", "5433"),
        ("postgresql://eid@/r?host=/run/pg", "/run/pg", "", None),
        ("postgresql://:5433/r?host=/run/pg", "/run/pg", "", "5433"),
        ("postgresql:///r?host=::1", "::1", "", None),
        ("postgresql://a:1,b:2/r", "a,b", "", "1,2"),
        ("postgresql://a,b:2/r", "a,b", "", ",2"),
        ("postgresql://a,b/r?port=7", "a,b", "", "7,7"),
        ("postgresql:///r?host=a:1&host=b:2", "a,b", "", "1,2"),
        ("postgresql:///r?host=a,b&port=1,2", "a,b", "", "1,2"),
        ("postgresql://a,b/r?hostaddr=192.0.2.1,192.0.2.2", "a,b", "192.0.2.1,192.0.2.2", None),
        ("postgresql:///r?hostaddr=192.0.2.1", "192.0.2.1", "192.0.2.1", None),
        ("postgresql://[fe80::1%25eth0]/r", "fe80::1%eth0", "", None),
    ],
)
def test_hosts_in_all_their_forms(url: str, host: str, address: str, port: str | None) -> None:
    arguments = told(url)
    assert (arguments["host"], arguments["hostaddr"], arguments.get("port")) == (host, address, port)


def test_what_is_percent_encoded_is_decoded_once() -> None:
    found = parts("postgresql://e%40d:p%2Fss%2541@h/my%20r?sslrootcert=/etc/a+b%20c.pem&options=-c%20search_path%3Dx")
    assert found.password is not None
    assert (found.user, found.password.reveal(), found.database) == ("e@d", b"p/ss%41", "my r")
    assert found.options == {"sslrootcert": "/etc/a+b c.pem", "options": "-c search_path=x"}
    assert parts("postgresql:///r?user=eid").user == "eid"


MALFORMED = (
    "", "nonsense", "postgresql:/h/r", "://h/r", "postgresql://u:p@ss@h/r", "postgresql://u:p/ss@h/r",
    "postgresql://u:%zz@h/r", "postgresql://h/%ff", "postgresql://h/r%00", "postgresql://h/r\n", "postgresql://h/\udcff",
    "postgresql://::1/r", "postgresql://[::1/r", "postgresql://[nonsense]/r", "postgresql://h:0/r",
    "postgresql://h:65536/r", "postgresql://h:x/r", "postgresql://a..b/r", f"postgresql://{'a' * 64}/r",
    "postgresql://a b/r", "postgresql://hé/r", "postgresql://@abstract/r?host=@x", "postgresql://h/r?host=b",
    "postgresql://h:1/r?port=2", "postgresql://:1/r?host=a,b&port=2", "postgresql://h/r?sslmode=full",
    "postgresql://h/r?sslmode=verify-full&sslmode=disable", "postgresql://h/r?sslmode", "postgresql://h/r?",
    "postgresql://h/r?sslmode=", "postgresql://h/r?sslrootcert=ca.pem", "postgresql://h/r?hostaddr=h",
    "postgresql://h/r?hostaddr=127.0.0.1,127.0.0.2", "postgresql://a,b/r?port=1,2,3", "postgresql://h/r?connect_timeout=x",
    "postgresql://h/r?ssl_min_protocol_version=TLSv1", "postgresql://u@h/r?user=v", f"postgresql://h/{'r' * 5000}",
    f"postgresql://{','.join('h' * 17)}/r", "sqlite://host/path", "sqlite:////path?mode=ro", "sqlite:///a%zz",
)  # fmt: skip


@pytest.mark.parametrize("url", MALFORMED)
def test_a_url_that_cannot_be_read_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="register-url-malformed"):
        RegisterAddress.parse(url)


@pytest.mark.parametrize(
    "option", ["service", "servicefile", "conninfo", "password", "sslpassword", "dbname", "sslkeylogfile", "autocommit"]
)
def test_an_option_that_could_lead_elsewhere_or_hold_a_secret_is_refused(option: str) -> None:
    with pytest.raises(BadInput, match="register-url-option"):
        RegisterAddress.parse(f"postgresql://localhost/r?{option}=x")


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("mysql://h/r", "unsupported"),
        ("postgresql+psycopg2://h/r", "unsupported"),
        ("POSTGRESQL://h/r", "unsupported"),
        ("sqlite:///:memory:", "unsupported"),
        ("sqlite://", "no-database"),
        ("postgresql://h", "no-database"),
        ("postgresql://h/", "no-database"),
        ("postgresql://h?sslmode=verify-full", "no-database"),
    ],
)
def test_what_is_no_register_is_refused(url: str, code: str) -> None:
    with pytest.raises(BadInput, match=f"register-url-{code}"):
        RegisterAddress.parse(url)


@pytest.mark.parametrize("url", [url for url in MALFORMED if "p" in url] + ["postgresql://u:hush@h/r?sslmode=x"])
def test_neither_an_error_nor_an_address_shows_a_password(url: str) -> None:
    with pytest.raises(EidError) as refused:
        RegisterAddress.parse(url.replace("u:p", "u:hush"))
    assert "hush" not in str(refused.value)
    assert "hush" not in repr(RegisterAddress.parse("postgresql://u:hush@h/r"))
    assert "hush" not in repr(parts("postgresql://u:hush@h/r"))


@given(st.text(max_size=60), st.sampled_from(["postgresql://", "postgresql://h/r?", "sqlite:///", ""]))
def test_whatever_is_given_is_read_or_refused(text: str, start: str) -> None:
    try:
        arguments = told(start + text)
    except BadInput:
        return
    elsewhere = arguments and not server_tls._is_here(arguments["host"].split(",")[0])
    assert not elsewhere or arguments["sslmode"] == "verify-full"


def test_the_driver_knows_every_option() -> None:
    from psycopg.pq import Conninfo

    newer = {"sslnegotiation", "load_balance_hosts", "require_auth"}  # than the oldest library
    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    assert OPTIONS - newer <= known


@pytest.mark.parametrize("name", ["wh?t", "100%41", "a b", "ü#"])
def test_a_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    Database.open(RegisterAddress.file(folder / "register.sqlite")).close()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (folder / "register.sqlite").stat().st_size > 0


def connected(monkeypatch: pytest.MonkeyPatch, database: Database) -> dict[str, str]:
    """What the driver is given when the database is first used; nothing is connected to."""
    import psycopg

    given: list[dict[str, str]] = []

    def refuse(**arguments: str) -> None:
        given.append(arguments)
        raise psycopg.OperationalError("not here")

    monkeypatch.setattr(psycopg, "connect", refuse)
    with pytest.raises(ServiceAway, match="not here"), database.read():
        pass
    return given[0]


def test_what_the_url_says_reaches_the_driver_beside_our_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgresql://eid:hush@db.example:5433/r?options=-c%20search_path%3Dx&connect_timeout=20&sslrootcert=/ca.pem"
    given = connected(monkeypatch, Database.reach(url, new=False))
    assert given.pop("options").startswith("-c search_path=x -c lock_timeout=")
    assert given.pop("context") is not None
    assert given == {
        "user": "eid", "password": "hush", "dbname": "r", "host": "db.example", "hostaddr": "", "port": "5433",
        "sslmode": "verify-full", "gssencmode": "disable", "sslrootcert": "/ca.pem",
        "ssl_min_protocol_version": "TLSv1.2", "connect_timeout": "20", "application_name": "eid-toolkit",
    }  # fmt: skip


@pytest.mark.parametrize(("register_tls", "mode"), [(None, "verify-full"), ("unverified", "prefer")])
def test_a_home_says_whether_its_register_is_verified(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, register_tls: str | None, mode: str
) -> None:
    url = "postgresql://db.example/r"
    home = Home(tmp_path, HomeConfig("UTO", "Ministry", True, NOW, url, register_tls=register_tls))
    assert connected(monkeypatch, Database.reach(RegisterAddress.of(home), new=False))["sslmode"] == mode
    assert home.config.register_url == url


def test_a_home_without_a_url_has_a_file(tmp_path: Path) -> None:
    home = Home(tmp_path, HomeConfig("UTO", "Ministry", True, NOW))
    assert RegisterAddress.of(home).path == home.register_path


def test_the_register_is_connected_to_in_one_place() -> None:
    root = Path(eid_toolkit.__file__).parent
    makers = ("create_engine", "make_url", "psycopg.connect")
    found = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if any(m in path.read_text("utf-8") for m in makers)
    }
    assert found == {"books/ledger/database.py"}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('server certificate for "a" (and 2 other names) does not match host name "b"', "register-tls-name"),
        ("could not get server's host name from server certificate", "register-tls-name"),
        ("SSL error: certificate verify failed", "register-tls-failed"),
        ("SSL error: provider signature failure", "register-tls-failed"),
        ('root certificate file "/x" does not exist', "register-tls-failed"),
        ("server does not support SSL, but SSL was required", "register-tls-missing"),
        ('FATAL: no pg_hba.conf entry for host "192.0.2.7", user "eid", database "r", SSL encryption', None),
        ("SSL SYSCALL error: Connection reset by peer", None),
        ("Connection refused", None),
    ],
)
def test_what_the_library_says_of_tls_is_recognized(line: str, code: str | None) -> None:
    first = 'connection to server at "192.0.2.7", port 5432 failed: Connection refused\n- host: '
    for message in (line, first + line):
        found = tls_refusal(message)
        assert (found.code if found else None) == code
