"""Everything AIA is made of, on one screen: `open_app` builds the parts in reading order and closes
them in reverse. Tests call it with fakes; nothing is opened at import."""

import asyncio
import contextlib
import os
import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError

from aia import __version__
from aia.agents import Agents, Roster, default_roster
from aia.config import Settings
from aia.core.canonical import sha256
from aia.core.clock import Clock, system_clock
from aia.core.errors import AIAError, Invalid
from aia.core.ids import NewId, random_ids
from aia.core.money import parse_units
from aia.core.principal import Principal
from aia.corpora import CleanOptions, Corpora, ReadOptions
from aia.corpora.ingest import Ingestion
from aia.identity import Identity
from aia.infra.engine import ENGINES, Engine, EngineContext, InlineEngine
from aia.infra.gc import settle
from aia.infra.objects import FolderObjects, Objects
from aia.infra.plugins import load_plugin
from aia.infra.sql import Consumer, Database, OutboxReader, migrate, open_database
from aia.infra.telemetry import Telemetry, open_telemetry
from aia.knowledge import Knowledge
from aia.ledger import Ledger, Poster, Token, agent_wallet, wallet
from aia.ledger.audit.service import TransferLog
from aia.ledger.log import SigningKey
from aia.llm import Model, choose, open_model
from aia.missions import Bounds, MissionRunner, Missions, Payments, Playbook
from aia.performance import Performance, RatingConsumer
from aia.reports import Reports
from aia.tokens import Tokens, build_tokens, open_ledger, read_genesis
from aia.ventures import Ventures
from aia.ventures.discovery.derived_state import DerivedState
from aia.ventures.monitoring import Monitoring, MonitoringConsumer, Thresholds

DEFAULT_ORGANISATION = "default"
OUTBOX_IDLE_S = 0.2


@dataclass(frozen=True, slots=True)
class App:
    """The parts of AIA. A face holds one of these and nothing else."""

    settings: Settings
    clock: Clock
    telemetry: Telemetry
    database: Database
    objects: Objects
    outbox: OutboxReader
    consumers: tuple[Consumer, ...]
    identity: Identity
    ledger: Ledger
    poster: Poster
    tokens: Tokens
    log: TransferLog
    knowledge: Knowledge
    agents: Agents
    performance: Performance
    missions: Missions
    runner: MissionRunner
    reports: Reports
    corpora: Corpora
    ventures: Ventures
    ingestion: Ingestion
    monitoring: Monitoring
    engine: Engine

    async def create_organisation(self, organisation: str, name: str, roster: Roster | None = None) -> bool:
        """Make an organisation with its agents, wallets and opening grant; False if it stands already."""
        principal = Principal(organisation, "owner")
        async with self.database.begin(principal) as tx:
            if not await self.identity.create(tx, organisation, name):
                return False
            members = roster or default_roster()
            await self.agents.hire(tx, members)
            wallets = [(agent_wallet(organisation, agent.id), agent.id) for agent in members.agents]
            await self.ledger.open_wallets(tx, [(wallet(organisation), organisation), *wallets])
            await self.ledger.open_gov_wallet(tx)
            await self.tokens.treasury.grant(tx, self.settings.organisation_grant)
        return True

    async def drain_outbox(self) -> int:
        """Hand every waiting event to every consumer; the number of events read."""
        total = 0
        for consumer in self.consumers:
            while read := await self._drain_once(consumer):
                total += read
        return total

    async def follow(self) -> int:
        """Start the watches that are due, and compare runs that completed; how many of both."""
        started = await self.monitoring.start_due(self.engine.start)
        return len(started) + await self.monitoring.compare_pending()

    async def _drain_once(self, consumer: Consumer) -> int:
        async with self.database.begin(Principal.system()) as tx:
            read = await self.outbox.step(tx.conn, consumer)
        self.telemetry.outbox_events.labels(consumer.name).inc(read)
        return read


@asynccontextmanager
async def open_app(
    settings: Settings,
    *,
    clock: Clock = system_clock,
    new_id: NewId | None = None,
    model: Model | None = None,
    playbooks: Sequence[Playbook] = (),
    durable: bool = True,
    background: bool = True,
) -> AsyncGenerator[App]:
    """Build the App, bring the database up to date, resume unfinished missions; close all at the end.

    `model` replaces the one the settings choose; `playbooks` come beside discovery; `durable=False` runs
    missions without an engine database; `background=False` leaves the outbox to
    `App.drain_outbox` and overdue holds to `Poster.sweep`.
    """
    async with AsyncExitStack() as stack:
        new_id = new_id or random_ids(clock)
        database = await _open_database(stack, settings, clock, new_id)
        chosen = _model(settings, model)
        kept_up = {"durable": durable, "background": background}
        app = await _build(stack, settings, clock, new_id, database, chosen, playbooks, **kept_up)
        await _settle_in(app, resume=durable)
        if background:
            for work in (_drain_for_ever(app), _sign_for_ever(app), _follow_for_ever(app)):
                stack.push_async_callback(_stop, database, asyncio.create_task(work))
        yield app


@asynccontextmanager
async def open_to_stay(settings: Settings, *, durable: bool = True, background: bool = True) -> AsyncGenerator[App]:
    """`open_app` for a process that serves until it is stopped."""
    async with open_app(settings, durable=durable, background=background) as app:
        settle()
        yield app


async def _open_database(stack: AsyncExitStack, settings: Settings, clock: Clock, new_id: NewId) -> Database:
    if settings.database.startswith("sqlite"):
        _make_home(settings.aia_home)
    database = open_database(settings.database, clock, new_id, pool_size=settings.aia_database_pool)
    stack.push_async_callback(database.engine.dispose)
    await migrate(database)
    return database


def _make_home(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Invalid(f"AIA_HOME is {home}: it cannot be made ({error.strerror}); choose another") from error
    if not os.access(home, os.W_OK):
        raise Invalid(f"AIA_HOME is {home}: it cannot be written to; choose another", field="AIA_HOME")


def _model(settings: Settings, given: Model | None) -> Model | None:
    if given is not None:
        return given
    choice = choose(settings)
    return None if choice is None else open_model(choice)


async def _build(
    stack: AsyncExitStack,
    settings: Settings,
    clock: Clock,
    new_id: NewId,
    database: Database,
    model: Model | None,
    playbooks: Sequence[Playbook],
    *,
    durable: bool,
    background: bool,
) -> App:
    telemetry = open_telemetry()
    objects = FolderObjects(settings.aia_home)
    ledger = open_ledger(telemetry)
    poster = _open_poster(stack, settings, database, ledger, sweep=background)
    tokens = build_tokens(database, poster, ledger, read_genesis(settings.aia_genesis), treasury_key(settings))
    knowledge = Knowledge(record_facts=settings.dkg_enhanced_enabled)
    agents, performance = Agents(), Performance()
    payments = Payments(ledger, tokens.parameters)
    bounds = _bounds(settings)
    reports = Reports(signing_key(settings), objects, write_files=settings.structured_reports_enabled)
    price_per_mtok = parse_units(settings.aia_model_price_per_mtok)
    memory = DerivedState(database, settings.aia_state_bytes_max, settings.aia_state_missions_max)
    extent = (settings.aia_stop_new_per_aia, settings.aia_part_documents)
    playbook = load_plugin("aia.playbooks", "discovery")(
        database, knowledge, reports, model, price_per_mtok, __version__, memory, *extent
    )
    missions = Missions(agents, payments, {p.kind: p for p in (playbook, *playbooks)}, bounds)
    slots = asyncio.Semaphore(settings.aia_missions_concurrency)
    runner = MissionRunner(database, missions, payments, knowledge, performance, telemetry, bounds, slots)
    engine = await _open_engine(stack, settings, clock, new_id, database, runner, durable=durable)
    ventures = Ventures(missions, knowledge, reports, playbook, performance, settings.venture_discovery_enabled)
    corpora = Corpora(knowledge)
    ingestion = _ingestion(settings, database, knowledge, corpora)
    return App(
        settings=settings,
        clock=clock,
        telemetry=telemetry,
        database=database,
        objects=objects,
        outbox=OutboxReader(),
        consumers=(*((RatingConsumer(),) if settings.performance_tracking_enabled else ()), MonitoringConsumer()),
        identity=Identity(),
        ledger=ledger,
        poster=poster,
        tokens=tokens,
        log=TransferLog(log_key(settings)),
        knowledge=knowledge,
        agents=agents,
        performance=performance,
        missions=missions,
        runner=runner,
        reports=reports,
        corpora=corpora,
        ventures=ventures,
        ingestion=ingestion,
        monitoring=_monitoring(settings, database, missions, knowledge, reports, performance, ventures, ingestion),
        engine=engine,
    )


def _open_poster(
    stack: AsyncExitStack, settings: Settings, database: Database, ledger: Ledger, *, sweep: bool
) -> Poster:
    sweep_s = settings.aia_ledger_sweep_s if sweep else None
    poster = Poster(database, ledger, queue_max=settings.aia_ledger_queue_max, sweep_s=sweep_s)
    stack.push_async_callback(poster.close)
    return poster


def _ingestion(settings: Settings, database: Database, knowledge: Knowledge, corpora: Corpora) -> Ingestion:
    marks = (settings.aia_state_bytes_max, settings.aia_state_missions_max)
    ways = (reading_of(settings), CleanOptions(settings.aia_near_repeat_similarity))
    return Ingestion(database, knowledge, corpora, *ways, marks, settings.aia_home / "inputs")


def reading_of(settings: Settings) -> ReadOptions:
    """How inputs are read, within the bounds of the settings."""
    return ReadOptions(
        input_bytes_max=settings.aia_input_bytes_max,
        record_bytes_max=settings.aia_record_bytes_max,
        documents_max=settings.aia_documents_max,
        files_max=settings.aia_input_files_max,
        window_bytes_max=settings.aia_input_window_bytes_max,
    )


def _monitoring(
    settings: Settings,
    database: Database,
    missions: Missions,
    knowledge: Knowledge,
    reports: Reports,
    performance: Performance,
    ventures: Ventures,
    ingestion: Ingestion,
) -> Monitoring:
    thresholds = Thresholds(settings.aia_alert_documents_min, settings.aia_alert_growth_min)
    return Monitoring(database, missions, knowledge, reports, performance, ventures, ingestion, thresholds)


def _bounds(settings: Settings) -> Bounds:
    return Bounds(
        depth_max=settings.aia_tree_depth_max,
        tasks_max=settings.aia_tree_tasks_max,
        fanout_max=settings.aia_fanout_max,
        attempts_max=settings.aia_attempts_max,
        concurrency=settings.aia_tasks_concurrency,
        task_timeout_s=settings.aia_task_timeout_s,
        budget_max=settings.mission_budget_max,
    )


async def _open_engine(
    stack: AsyncExitStack,
    settings: Settings,
    clock: Clock,
    new_id: NewId,
    database: Database,
    runner: MissionRunner,
    *,
    durable: bool,
) -> Engine:
    if not durable:
        inline = InlineEngine(runner.run)
        stack.push_async_callback(inline.close)
        return inline
    open_engine = load_plugin(ENGINES, "durable")
    context = EngineContext(settings.engine_database, new_id("exe"), runner.run, runner.subtask, database, clock)
    engine: Engine = await open_engine(context)
    stack.push_async_callback(engine.close)
    return engine


async def _settle_in(app: App, *, resume: bool) -> None:
    """Genesis and the default organisation on first use; then go on with missions a crash left queued."""
    async with app.database.read(Principal.system()) as read:
        organisations = await app.identity.all(read)
        ready = await app.tokens.ready(read)
    if not ready:
        aia, gov = app.settings.initial_supply
        async with app.database.begin(Principal.system()) as tx:
            await app.tokens.begin(tx, {Token.AIA: aia, Token.AIA_GOV: gov})
    if not organisations:
        await app.create_organisation(DEFAULT_ORGANISATION, "Default organisation")
    if not resume:
        return
    async with app.database.read(Principal.system()) as read:
        unfinished = await app.missions.unfinished_everywhere(read)
    for mission_id in unfinished:
        await app.engine.start(mission_id)


def signing_key(settings: Settings) -> Ed25519PrivateKey:
    """The key that signs reports: AIA_SIGNING_KEY, else one made once and kept in AIA_HOME, mode 0600."""
    return _ed25519(settings, "report-signing.key", "AIA_SIGNING_KEY", settings.aia_signing_key)


def treasury_key(settings: Settings) -> Ed25519PrivateKey:
    """The key that signs orders: TREASURY_PRIVATE_KEY, else one made once and kept in AIA_HOME, mode 0600."""
    return _ed25519(settings, "treasury.key", "TREASURY_PRIVATE_KEY", settings.treasury_private_key)


def log_key(settings: Settings) -> SigningKey:
    """The key that signs checkpoints: AIA_LOG_KEY, else one made once and kept in AIA_HOME, mode 0600."""
    private = _ed25519(settings, "log.key", "AIA_LOG_KEY", settings.aia_log_key)
    public = private.public_key().public_bytes_raw()
    return SigningKey(settings.aia_log_origin or f"aia.local/{sha256(public)[:16]}", private)


def _ed25519(settings: Settings, file: str, variable: str, given: SecretStr | None) -> Ed25519PrivateKey:
    text = _kept_key(settings.aia_home / "keys" / file) if given is None else given.get_secret_value()
    try:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text.strip()))
    except ValueError:
        raise Invalid(
            f"the key is not 64 hexadecimal digits: set {variable}, "
            f"or remove AIA_HOME/keys/{file} to have a new one made"
        ) from None


def _kept_key(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
    return path.read_text()


async def _drain_for_ever(app: App) -> None:
    log = structlog.get_logger("aia.outbox")
    while True:
        try:
            busy = await app.drain_outbox()
        except (SQLAlchemyError, OSError, AIAError) as error:
            log.warning("outbox.read-failed", error=str(error))
            busy = 0
        if not busy:
            await asyncio.sleep(OUTBOX_IDLE_S)


async def _sign_for_ever(app: App) -> None:
    """A checkpoint whenever the ledger has grown, no more than one in each interval."""
    log = structlog.get_logger("aia.log")
    while True:
        try:
            async with app.database.read(Principal.system()) as read:
                grown = await app.log.has_grown(read)
            if grown:
                async with app.database.begin(Principal.system()) as tx:
                    await app.log.checkpoint(tx)
        except (SQLAlchemyError, OSError, AIAError) as error:
            log.warning("log.checkpoint-failed", error=str(error))
        await asyncio.sleep(app.settings.aia_checkpoint_interval_s)


async def _follow_for_ever(app: App) -> None:
    log = structlog.get_logger("aia.monitoring")
    while True:
        try:
            busy = await app.follow()
        except (SQLAlchemyError, OSError, AIAError) as error:
            log.warning("follow-up.failed", error=str(error))
            busy = 0
        if not busy:
            await asyncio.sleep(app.settings.aia_follow_every_s)


async def _stop(database: Database, task: asyncio.Task[None]) -> None:
    async with database.stilled():
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
