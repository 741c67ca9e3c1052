"""Watches and their runs, comparisons between runs, alerts, verdicts of people."""

import sqlalchemy as sa
from alembic import op

from aia.infra.sql.schema import Instants, Json

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _watch()
    _watch_run()
    _comparison()
    _alert()
    _verdict()


def _organisation(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["organisation"], ["organisation.id"], name=op.f(f"fk_{table}_organisation"))


def _watch() -> None:
    op.create_table(
        "watch",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("source", Json, nullable=False),
        sa.Column("request", Json, nullable=False),
        sa.Column("every_s", sa.Integer(), nullable=False),
        sa.Column("next_at", Instants, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("created_at", Instants, nullable=False),
        _organisation("watch"),
        sa.PrimaryKeyConstraint("organisation", "id", name=op.f("pk_watch")),
        sa.UniqueConstraint("organisation", "name", name=op.f("uq_watch_organisation_name")),
    )
    op.create_index(op.f("ix_watch_state_next_at"), "watch", ["state", "next_at"], unique=False)


def _watch_run() -> None:
    op.create_table(
        "watch_run",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("watch", sa.String(length=40), nullable=False),
        sa.Column("due_at", Instants, nullable=False),
        sa.Column("mission", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("started_at", Instants, nullable=False),
        sa.PrimaryKeyConstraint("organisation", "watch", "due_at", name=op.f("pk_watch_run")),
    )
    op.create_index(op.f("ix_watch_run_organisation_mission"), "watch_run", ["organisation", "mission"], unique=False)


def _comparison() -> None:
    op.create_table(
        "comparison",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("mission", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("subject", sa.String(length=500), nullable=True),
        sa.Column("previous", sa.String(length=40), nullable=True),
        sa.Column("changes", Json, nullable=True),
        sa.Column("at", Instants, nullable=False),
        _organisation("comparison"),
        sa.PrimaryKeyConstraint("organisation", "mission", name=op.f("pk_comparison")),
    )
    op.create_index(op.f("ix_comparison_state"), "comparison", ["state"], unique=False)
    op.create_index(
        op.f("ix_comparison_organisation_subject"), "comparison", ["organisation", "subject"], unique=False
    )


def _alert() -> None:
    op.create_table(
        "alert",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=500), nullable=False),
        sa.Column("mission", sa.String(length=40), nullable=False),
        sa.Column("need", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=400), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("at", Instants, nullable=False),
        _organisation("alert"),
        sa.PrimaryKeyConstraint("organisation", "id", name=op.f("pk_alert")),
    )


def _verdict() -> None:
    op.create_table(
        "verdict",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("mission", sa.String(length=40), nullable=False),
        sa.Column("need", sa.String(length=40), nullable=False),
        sa.Column("person", sa.String(length=80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", Instants, nullable=False),
        _organisation("verdict"),
        sa.PrimaryKeyConstraint("organisation", "mission", "need", "person", "number", name=op.f("pk_verdict")),
    )
