"""What database servers refuse, in words that say who must act; and databases that are not UTF-8."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import made_up_servers
import pymysql
import pytest
from made_up_request import request, rows

from ingestion import connectors
from warehouse.errors import Fault

pytestmark = pytest.mark.slow
#: table or query, what the login lacks, what its administrator must run
NOT_GRANTED = [
    ({"table": "kin"}, 'GRANT SELECT ON "kin" TO "doc"'),
    ({"query": "SELECT * FROM mo JOIN kin USING (ma)"}, 'GRANT SELECT ON "kin" TO "doc"'),
    ({"table": "gia"}, 'GRANT SELECT ON "gia" TO "doc"'),
    ({"schema": "y_te", "table": "kham"}, 'GRANT USAGE ON SCHEMA "y_te" TO "doc"'),
]


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, dict[str, Any]]]:
    with made_up_servers.postgres(tmp_path_factory.mktemp("pg")) as (server, connector):
        server.psql("""CREATE TABLE mo (ma text); INSERT INTO mo VALUES ('1'); CREATE TABLE kin (ma text, cccd text);
            CREATE MATERIALIZED VIEW gia AS SELECT * FROM kin; CREATE SCHEMA y_te; CREATE TABLE y_te.kham (ma text);
            CREATE ROLE doc LOGIN; GRANT SELECT ON mo TO doc; GRANT SELECT (ma) ON kin TO doc""")
        yield server, connector | {"user": "doc"}


def refused(tmp_path: Path, connector: dict[str, Any], read: dict[str, str], columns: str = "ma") -> Fault:
    with pytest.raises(Fault) as caught:
        rows(request(tmp_path, connector, read, columns))
    return caught.value


@pytest.mark.parametrize(("read", "grant"), NOT_GRANTED)
def test_postgres__names_the_grant_that_is_missing(
    tmp_path: Path, ioc_home: Path, postgres: tuple[Any, dict[str, Any]], read: dict[str, str], grant: str
) -> None:
    _, connector = postgres
    fault = refused(tmp_path, connector, read, "ma; cccd")
    assert fault.code == "IOC-206", "no password is wrong, and the source's other tables are still pulled"
    assert grant in fault.fix and "permission denied" in fault.what_vi


def test_postgres__gives_the_columns_that_are_granted(
    tmp_path: Path, ioc_home: Path, postgres: tuple[Any, dict[str, Any]]
) -> None:
    server, connector = postgres
    server.psql("INSERT INTO kin VALUES ('7', '038')")
    assert rows(request(tmp_path, connector, {"table": "kin"}, "ma"))[0] == [{"ma": "7"}]


@pytest.mark.parametrize(
    ("setting", "connector", "code", "said"),
    [
        ("CONNECTION LIMIT 0", {}, "IOC-201", "too many connections for role"),
        ("NOLOGIN", {}, "IOC-202", "not permitted to log in"),
        ("SET statement_timeout = '50ms'", {}, "IOC-203", "chậm"),
        ("LOGIN", {"database": "khong_co"}, "IOC-201", 'database "khong_co" does not exist'),
        ("LOGIN", {"host": "khong-co.invalid"}, "IOC-201", "could not translate host name"),
    ],
)
def test_postgres__says_what_is_wrong_in_the_servers_words(
    tmp_path: Path, ioc_home: Path, postgres: tuple[Any, dict[str, Any]],
    setting: str, connector: dict[str, str], code: str, said: str,
) -> None:  # fmt: skip
    server, address = postgres
    server.psql(f"ALTER ROLE doc {setting}")
    try:
        fault = refused(tmp_path, address | connector, {"query": "SELECT ma, pg_sleep(1) FROM mo"})
    finally:
        server.psql("ALTER ROLE doc LOGIN CONNECTION LIMIT -1; ALTER ROLE doc RESET ALL")
    assert fault.code == code and said in f"{fault.what_vi} {fault.why}"
    assert "application_name" not in f"{fault.why}", "not all that the driver was told"


@pytest.mark.parametrize("encoding", ["LATIN1", "WIN1258"])
def test_postgres__database_of_another_encoding_gives_its_letters(
    tmp_path: Path, ioc_home: Path, postgres: tuple[Any, dict[str, Any]], encoding: str
) -> None:
    server, connector = postgres
    name = f"cu_{encoding.lower()}"
    server.psql(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'")
    server.psql(
        f"\\connect {name}\nSET client_encoding = 'UTF8'; CREATE TABLE t (ma text); INSERT INTO t VALUES ('So Én'), ('Bên')"
    )
    one = request(tmp_path, connector | {"database": name, "user": "postgres"}, {"table": "t"}, "ma")
    assert rows(one)[0] == [{"ma": "So Én"}, {"ma": "Bên"}]


@pytest.fixture(scope="module")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[pymysql.Connection, dict[str, Any]]]:
    with made_up_servers.mariadb(tmp_path_factory.mktemp("maria")) as (con, connector):
        for statement in (
            "CREATE TABLE mo (ma int)", "INSERT INTO mo VALUES (1)", "CREATE TABLE kin (ma int)", "CREATE DATABASE y_te",
            "CREATE USER doc@'127.0.0.1' IDENTIFIED BY 'x'", "GRANT SELECT ON d.mo TO doc@'127.0.0.1'",
        ):  # fmt: skip
            con.query(statement)
        yield con, connector | {"user": "doc", "password": {"secret": "DOC"}}


@pytest.mark.mariadb
@pytest.mark.parametrize(
    ("setting", "connector", "read", "code", "said"),
    [
        ("", {}, {"table": "kin"}, "IOC-206", "GRANT SELECT ON `d`.`kin` TO `doc`"),
        ("", {}, {"query": "SELECT ma FROM kin"}, "IOC-206", "for table `d`.`kin`"),
        ("", {"database": "y_te"}, {"table": "t"}, "IOC-206", "GRANT SELECT ON `y_te`.`t` TO `doc`"),
        ("ACCOUNT LOCK", {}, {"table": "mo"}, "IOC-202", "account is locked"),
        ("PASSWORD EXPIRE", {}, {"table": "mo"}, "IOC-202", "SET PASSWORD"),
        ("REQUIRE SSL", {}, {"table": "mo"}, "IOC-202", "Access denied"),
        ("WITH MAX_QUERIES_PER_HOUR 1", {}, {"table": "mo"}, "IOC-201", "max_queries_per_hour"),
        ("WITH MAX_STATEMENT_TIME 0.05", {}, {"query": "SELECT ma FROM mo WHERE sleep(1) = 0"}, "IOC-203", "chậm"),
        ("WITH MAX_STATEMENT_TIME 0.2", {}, {"query": "SELECT benchmark(5e8, 1) AS ma FROM mo"}, "IOC-203", "chậm"),
    ],
)
def test_mariadb__says_what_is_wrong_and_names_the_grant_that_is_missing(
    tmp_path: Path, mariadb: tuple[pymysql.Connection, dict[str, Any]], monkeypatch: pytest.MonkeyPatch,
    setting: str, connector: dict[str, str], read: dict[str, str], code: str, said: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("DOC", "x")
    con, address = mariadb
    con.query(f"ALTER USER doc@'127.0.0.1' {setting}")
    try:
        fault = refused(tmp_path, address | connector, read)
    finally:
        con.query("DROP USER doc@'127.0.0.1'")
        con.query("CREATE USER doc@'127.0.0.1' IDENTIFIED BY 'x'")
        con.query("GRANT SELECT ON d.mo TO doc@'127.0.0.1'")
    assert fault.code == code and said in f"{fault.what_vi} {fault.why} {fault.fix}"


@pytest.mark.mariadb
def test_mariadb__that_ends_the_stream_half_way_is_down_and_not_a_crash(
    tmp_path: Path, mariadb: tuple[pymysql.Connection, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("R_PASSWORD", made_up_servers.R_PASSWORD)
    con, address = mariadb
    slow = {"query": "SELECT seq AS ma, repeat('x', 2000) AS dai FROM d.nhieu"}
    con.query("CREATE TABLE nhieu AS SELECT seq FROM seq_1_to_400000")
    chunks = connectors.module("mariadb").read(request(tmp_path, address | made_up_servers.READER, slow, "ma; dai"))
    seen = next(chunks).batch.num_rows
    with con.cursor() as cursor:
        cursor.execute("SELECT id FROM information_schema.processlist WHERE user = 'r'")
        ids = [number for (number,) in cursor.fetchall()]
        for number in ids:
            cursor.execute(f"KILL {number}")
    with pytest.raises(Fault) as caught:
        seen += sum(chunk.batch.num_rows for chunk in chunks)
    assert 0 < seen < 400_000 and len(ids) == 1 and caught.value.code == "IOC-201"
