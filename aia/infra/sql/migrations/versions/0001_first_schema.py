"""The first schema: identity, agents, ledger, knowledge, missions, performance, reports, outbox."""

import sqlalchemy as sa
from alembic import op

from aia.infra.sql.schema import Instants, Json, Serial

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table, those that are referred to first."""
    for create in (
        _account,
        _executor,
        _ledger_head,
        _organisation,
        _outbox,
        _outbox_cursor,
        _rating,
        _report,
        _agent,
        _api_key,
        _corpus,
        _fact,
        _hold,
        _mission,
        _score,
        _transfer,
        _document,
        _evidence,
        _task,
        _attempt,
    ):
        create()


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=8), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("floor", sa.BigInteger(), nullable=True),
        sa.Column("posted", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.CheckConstraint("floor is null or posted - held >= floor", name=op.f("ck_account_floor")),
        sa.CheckConstraint("held >= 0", name=op.f("ck_account_held")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        postgresql_with={"fillfactor": "60"},
    )
    op.create_index(op.f("ix_account_organisation"), "account", ["organisation"], unique=False)


def _executor() -> None:
    op.create_table(
        "executor",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_ticks", sa.BigInteger(), nullable=False),
        sa.Column("beat_at", Instants, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_executor")),
    )


def _ledger_head() -> None:
    op.create_table(
        "ledger_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("next_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_head")),
    )


def _organisation() -> None:
    op.create_table(
        "organisation",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_at", Instants, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("seq", Serial, autoincrement=True, nullable=False),
        sa.Column("tx_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("topic", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("at", Instants, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_outbox")),
        sa.UniqueConstraint("id", name=op.f("uq_outbox_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_outbox_organisation_seq"), "outbox", ["organisation", "seq"], unique=False)
    op.create_index(op.f("ix_outbox_tx_id_seq"), "outbox", ["tx_id", "seq"], unique=False)


def _outbox_cursor() -> None:
    op.create_table(
        "outbox_cursor",
        sa.Column("consumer", sa.String(length=80), nullable=False),
        sa.Column("tx_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", name=op.f("pk_outbox_cursor")),
    )


def _rating() -> None:
    op.create_table(
        "rating",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("agent", sa.String(length=40), nullable=False),
        sa.Column("skill", sa.String(length=40), nullable=False),
        sa.Column("scores", sa.Integer(), nullable=False),
        sa.Column("total", sa.Float(), nullable=False),
        sa.Column("updated_at", Instants, nullable=False),
        sa.PrimaryKeyConstraint("organisation", "agent", "skill", name=op.f("pk_rating")),
    )


def _report() -> None:
    op.create_table(
        "report",
        sa.Column("mission", sa.String(length=40), nullable=False),
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("corpus", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=400), nullable=False),
        sa.Column("content_digest", sa.String(length=64), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created_at", Instants, nullable=False),
        sa.PrimaryKeyConstraint("mission", name=op.f("pk_report")),
    )
    op.create_index(op.f("ix_report_organisation_mission"), "report", ["organisation", "mission"], unique=False)


def _agent() -> None:
    op.create_table(
        "agent",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("manager", sa.String(length=40), nullable=True),
        sa.Column("skills", Json, nullable=False),
        sa.Column("price_units", sa.BigInteger(), nullable=False),
        sa.Column("price_per_unit_units", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("price_units >= 0 and price_per_unit_units >= 0", name=op.f("ck_agent_price")),
        sa.ForeignKeyConstraint(
            ["organisation", "manager"],
            ["agent.organisation", "agent.id"],
            name=op.f("fk_agent_organisation_manager"),
        ),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.id"], name=op.f("fk_agent_organisation")),
        sa.PrimaryKeyConstraint("organisation", "id", name=op.f("pk_agent")),
    )


def _api_key() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instants, nullable=False),
        sa.Column("revoked_at", Instants, nullable=True),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.id"], name=op.f("fk_api_key_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("sha256", name=op.f("uq_api_key_sha256")),
    )
    op.create_index(op.f("ix_api_key_organisation"), "api_key", ["organisation"], unique=False)


def _corpus() -> None:
    op.create_table(
        "corpus",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("reading", Json, nullable=False),
        sa.Column("created_at", Instants, nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.id"], name=op.f("fk_corpus_organisation")),
        sa.PrimaryKeyConstraint("organisation", "id", name=op.f("pk_corpus")),
    )


def _fact() -> None:
    op.create_table(
        "fact",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("predicate", sa.String(length=80), nullable=False),
        sa.Column("object", Json, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("recorded_from", Instants, nullable=False),
        sa.Column("recorded_to", Instants, nullable=True),
        sa.Column("evidence", Json, nullable=False),
        sa.Column("mission", sa.String(length=40), nullable=False),
        sa.Column("agent", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.id"], name=op.f("fk_fact_organisation")),
        sa.PrimaryKeyConstraint("organisation", "id", name=op.f("pk_fact")),
    )
    op.create_index(op.f("ix_fact_organisation_mission"), "fact", ["organisation", "mission"], unique=False)
    op.create_index(
        op.f("ix_fact_organisation_subject_predicate"), "fact", ["organisation", "subject", "predicate"], unique=False
    )


def _hold() -> None:
    op.create_table(
        "hold",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("debit", sa.String(length=120), nullable=False),
        sa.Column("credit", sa.String(length=120), nullable=False),
        sa.Column("token", sa.String(length=8), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("remaining", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("expires_at", Instants, nullable=True),
        sa.CheckConstraint("remaining >= 0 and remaining <= amount", name=op.f("ck_hold_remaining")),
        sa.ForeignKeyConstraint(["credit"], ["account.id"], name=op.f("fk_hold_credit")),
        sa.ForeignKeyConstraint(["debit"], ["account.id"], name=op.f("fk_hold_debit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    op.create_index(op.f("ix_hold_debit_state"), "hold", ["debit", "state"], unique=False)


def _mission() -> None:
    op.create_table(
        "mission",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("brief", Json, nullable=False),
        sa.Column("brief_sha256", sa.String(length=64), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("budget_units", sa.BigInteger(), nullable=False),
        sa.Column("spent_units", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("waves", sa.Integer(), nullable=False),
        sa.Column("created_at", Instants, nullable=False),
        sa.Column("started_at", Instants, nullable=True),
        sa.Column("ended_at", Instants, nullable=True),
        sa.CheckConstraint("spent_units >= 0 and spent_units <= budget_units", name=op.f("ck_mission_spent")),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.id"], name=op.f("fk_mission_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mission")),
    )
    op.create_index(op.f("ix_mission_organisation_id"), "mission", ["organisation", "id"], unique=False)
    op.create_index(op.f("ix_mission_state"), "mission", ["state"], unique=False)


def _score() -> None:
    op.create_table(
        "score",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("mission", sa.String(length=40), nullable=False),
        sa.Column("judge", sa.String(length=80), nullable=False),
        sa.Column("agent", sa.String(length=40), nullable=False),
        sa.Column("skill", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("at", Instants, nullable=False),
        sa.CheckConstraint("value >= 0 and value <= 1", name=op.f("ck_score_value")),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.id"], name=op.f("fk_score_organisation")),
        sa.PrimaryKeyConstraint("organisation", "mission", "judge", "agent", "skill", name=op.f("pk_score")),
    )


def _transfer() -> None:
    op.create_table(
        "transfer",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("debit", sa.String(length=120), nullable=False),
        sa.Column("credit", sa.String(length=120), nullable=False),
        sa.Column("token", sa.String(length=8), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("hold_id", sa.String(length=40), nullable=True),
        sa.Column("reverses", sa.String(length=40), nullable=True),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("debit_after", sa.BigInteger(), nullable=False),
        sa.Column("credit_after", sa.BigInteger(), nullable=False),
        sa.Column("memo", sa.String(length=200), nullable=False),
        sa.Column("at", Instants, nullable=False),
        sa.CheckConstraint("amount >= 0 and amount <= 9007199254740991", name=op.f("ck_transfer_amount")),
        sa.CheckConstraint("debit <> credit", name=op.f("ck_transfer_legs")),
        sa.ForeignKeyConstraint(["credit"], ["account.id"], name=op.f("fk_transfer_credit")),
        sa.ForeignKeyConstraint(["debit"], ["account.id"], name=op.f("fk_transfer_debit")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_transfer")),
        sa.UniqueConstraint("id", name=op.f("uq_transfer_id")),
    )
    op.create_index(op.f("ix_transfer_credit_seq"), "transfer", ["credit", "seq"], unique=False)
    op.create_index(op.f("ix_transfer_debit_seq"), "transfer", ["debit", "seq"], unique=False)
    op.create_index(op.f("ix_transfer_reverses"), "transfer", ["reverses"], unique=False)


def _document() -> None:
    op.create_table(
        "document",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("corpus", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=400), nullable=False),
        sa.Column("date", sa.Date(), nullable=True),
        sa.Column("author", sa.String(length=400), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation", "corpus"],
            ["corpus.organisation", "corpus.id"],
            name=op.f("fk_document_organisation_corpus"),
        ),
        sa.PrimaryKeyConstraint("organisation", "corpus", "position", name=op.f("pk_document")),
        sa.UniqueConstraint("organisation", "corpus", "id", name=op.f("uq_document_organisation_corpus_id")),
    )


def _evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("corpus", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("document", sa.String(length=400), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("quotation", sa.Text(), nullable=False),
        sa.Column("document_sha256", sa.String(length=64), nullable=False),
        sa.CheckConstraint('"start" >= 0 and "end" > "start"', name=op.f("ck_evidence_span")),
        sa.ForeignKeyConstraint(
            ["organisation", "corpus"],
            ["corpus.organisation", "corpus.id"],
            name=op.f("fk_evidence_organisation_corpus"),
        ),
        sa.PrimaryKeyConstraint("organisation", "corpus", "id", name=op.f("pk_evidence")),
    )


def _task() -> None:
    op.create_table(
        "task",
        sa.Column("mission", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("parent", sa.String(length=80), nullable=True),
        sa.Column("wave", sa.Integer(), nullable=False),
        sa.Column("agent", sa.String(length=40), nullable=False),
        sa.Column("skill", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("input", Json, nullable=False),
        sa.Column("share_units", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("result", Json, nullable=True),
        sa.Column("paid_units", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("paid_units >= 0 and paid_units <= share_units", name=op.f("ck_task_paid")),
        sa.ForeignKeyConstraint(["mission"], ["mission.id"], name=op.f("fk_task_mission")),
        sa.PrimaryKeyConstraint("mission", "key", name=op.f("pk_task")),
    )
    op.create_index(op.f("ix_task_mission_wave"), "task", ["mission", "wave"], unique=False)


def _attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("mission", sa.String(length=40), nullable=False),
        sa.Column("task", sa.String(length=80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("ended_at", Instants, nullable=False),
        sa.ForeignKeyConstraint(
            ["mission", "task"], ["task.mission", "task.key"], name=op.f("fk_attempt_mission_task")
        ),
        sa.PrimaryKeyConstraint("mission", "task", "number", name=op.f("pk_attempt")),
    )
