"""What DBOS asks of SQLite is there, whichever SQLite this Python was built with."""

import time

import sqlalchemy as sa

from aia.infra.dbos_engine import wal_engine


def test_the_engines_sqlite_tells_the_time_in_parts_of_a_second(tmp_path):
    engine = wal_engine(f"sqlite:///{tmp_path / 'engine.db'}")
    with engine.begin() as connection:
        connection.execute(
            sa.text("create table t (a integer, at integer not null default (unixepoch('subsec') * 1000))")
        )
        connection.execute(sa.text("insert into t (a) values (1)"))
        at = connection.execute(sa.text("select at from t")).scalar_one()
        now = connection.execute(sa.text("select unixepoch('subsec')")).scalar_one()
    engine.dispose()
    assert abs(at / 1000 - time.time()) < 60
    assert abs(now - time.time()) < 60
