"""The launcher of the PostgreSQL that other tests run on."""

import os
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.support import postgres as launcher
from tests.support.postgres import PostgresServer, PostgresUnavailable

pytestmark = pytest.mark.postgres


def modes(folder: Path) -> list[int]:
    return [stat.S_IMODE(parent.stat().st_mode) for parent in (folder, *folder.parents)]


def test_the_server_is_a_real_postgresql_that_syncs_and_asks_for_a_password(postgres: PostgresServer):
    assert postgres.sql("select version()").startswith("PostgreSQL ")
    assert postgres.sql("show fsync") == "on"
    assert postgres.sql("select distinct auth_method from pg_hba_file_rules") == "scram-sha-256"
    assert postgres.sql("select count(*) from pg_authid where rolpassword not like 'SCRAM-SHA-256$%'") == "0"


def test_a_database_made_from_a_template_has_its_rows_and_is_its_own(postgres: PostgresServer):
    postgres.create_database("original")
    postgres.sql("create table coin as select 7 as face", "original")
    postgres.create_database("copied", template="original")
    postgres.sql("update coin set face = 8", "copied")
    assert postgres.sql("select face from coin", "original") == "7"
    assert postgres.sql("select face from coin", "copied") == "8"


def test_committed_rows_survive_a_killed_server_and_its_folder_goes_at_the_end():
    temporary, wheel = Path(tempfile.gettempdir()), launcher._binaries()
    before = modes(temporary), modes(wheel)
    with PostgresServer() as server:
        folder = server._folder
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert folder.stat().st_uid != 0
        server.create_database("books")
        server.sql("create table entry (id int primary key)", "books")
        server.sql("insert into entry select generate_series(1, 1000)", "books")
        server.kill()
        with pytest.raises(PostgresUnavailable, match="psql failed"):
            server.sql("select 1")
        server.restart()
        assert server.sql("select count(*), max(id) from entry", "books") == "1000|1000"
        server.restart()
        assert server.sql("select count(*) from entry", "books") == "1000"
    assert not folder.exists()
    assert (modes(temporary), modes(wheel)) == before


@pytest.mark.skipif(os.getuid() != 0, reason="only root starts the server as somebody else")
def test_root_runs_the_server_from_a_virtual_environment_that_others_may_not_enter(tmp_path, monkeypatch):
    """As in a checkout below the home of root: the binaries are copied, no permission is opened."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    install = launcher._binaries()
    for folder in (install.parent, install.parent.with_name(f"{install.parent.name}.libs")):
        if folder.is_dir():
            subprocess.run(["cp", "-r", folder, closed], check=True)
    monkeypatch.setattr(launcher, "_binaries", lambda: closed / install.parent.name / install.name)
    with PostgresServer() as server:
        assert server._install.is_relative_to(server._folder)
        assert server.sql("select 1") == "1"
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_without_a_wheel_the_message_names_the_remedy(monkeypatch):
    monkeypatch.setattr(launcher, "WHEELS", (("no_such_wheel", "pginstall"),))
    with pytest.raises(PostgresUnavailable, match=r"no_such_wheel.*make setup-dev.*--sqlite-only"):
        PostgresServer()
