"""The audit, checkpoints, proofs and the export, on a ledger with every kind of transfer, on both databases."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from aia.core.errors import Invalid
from aia.core.ids import content_id
from aia.core.principal import Principal
from aia.ledger import Token, store
from aia.ledger.audit import scan, verify
from aia.ledger.audit.export import export_ledger
from aia.ledger.audit.service import LogBroken, NotInLog, TransferLog
from aia.ledger.audit.verify import audit
from aia.ledger.log import BadNote, SigningKey
from aia.ledger.log.checkpoint import open_checkpoint, parse_consistency_proof, parse_inclusion_proof
from aia.ledger.log.leaf import decode
from aia.ledger.log.note import parse_note
from campaigns.bitflip import campaign, unguard
from tests.ledger.books import DatabaseBook
from tests.support.ledgers import LOG, SYSTEM, opened, play

pytestmark = pytest.mark.anyio
TRANSFERS = 300


@pytest.fixture
async def ledger(database_url: str):
    async with opened(database_url) as book:
        await play(book, "audit-1", TRANSFERS)
        yield book


async def problems_of(book: DatabaseBook, **asked) -> tuple[str, ...]:
    async with book.database.read(SYSTEM) as read:
        return (await audit(read, key=LOG.key.verifier, **asked)).problems


async def newest_size(book: DatabaseBook) -> int:
    async with book.database.read(SYSTEM) as read:
        note = await LOG.newest(read)
    assert note is not None
    return open_checkpoint(note, LOG.key.verifier).tree_size


async def sizes_of(book: DatabaseBook) -> list[int]:
    async with book.database.read(SYSTEM) as read:
        return [row[0] for row in await read.rows(sa.text("select tree_size from log_checkpoint order by tree_size"))]


async def test_a_sound_ledger_has_no_problems_and_says_what_it_holds(ledger: DatabaseBook):
    async with ledger.database.read(SYSTEM) as read:
        found = await audit(read, key=LOG.key.verifier)
    assert found.problems == ()
    assert found.problem_count == found.trial_balance == 0
    assert found.transfers >= TRANSFERS
    assert found.checkpoints == len(await sizes_of(ledger)) > 5
    assert found.holds > 10
    assert set(found.supply) == {Token.AIA, Token.AIA_GOV}
    assert found.leaf_bytes > found.transfers * 64


async def test_hashing_in_a_process_beside_finds_the_same(ledger: DatabaseBook):
    size, sizes = await newest_size(ledger), await sizes_of(ledger)
    async with ledger.database.read(SYSTEM) as read:
        here = await scan.scan(await verify.Source.of(read), size, sizes)
    beside = await scan.scan_beside(ledger.database.engine.url.render_as_string(hide_password=False), size, sizes)
    assert beside == here
    assert here.roots.keys() == set(sizes)


async def test_supply_beyond_its_cap_is_told(ledger: DatabaseBook):
    async with ledger.database.read(SYSTEM) as read:
        supply = (await audit(read)).supply
    assert await problems_of(ledger, caps={token: units * 10 for token, units in supply.items()}) == ()
    (first, *_) = await problems_of(ledger, caps={Token.AIA: 6_999, Token.AIA_GOV: 10**9})
    assert "beyond the cap of 6999" in first


async def test_flipped_bits_are_found_in_every_column(ledger: DatabaseBook):
    await unguard(ledger.database)
    flips = 220 if ledger.database.dialect == "sqlite" else 120
    found = await campaign(ledger.database, flips, seed=3)
    assert found.missed == []
    assert len(found.columns) >= 30
    assert await problems_of(ledger) == ()


async def test_rows_taken_from_the_end_are_missed_by_head_and_checkpoints(ledger: DatabaseBook):
    await unguard(ledger.database)
    size = await newest_size(ledger)
    async with ledger.database.begin(SYSTEM) as tx:
        if tx.dialect != "sqlite":
            await tx.conn.exec_driver_sql("set local session_replication_role = replica")
        await tx.conn.exec_driver_sql(f"delete from transfer where seq = {size}")
    text = " ".join(await problems_of(ledger))
    assert f"the journal ends at {size - 1}" in text
    assert f"checkpoint {size} does not tell the root" in text


async def test_a_checkpoint_is_made_once_for_what_stands(ledger: DatabaseBook):
    async with ledger.database.begin(SYSTEM) as tx:
        before = await LOG.newest(tx)
        assert await LOG.checkpoint(tx) == before
        assert not await LOG.has_grown(tx)
    assert await sizes_of(ledger) == sorted(set(await sizes_of(ledger)))


async def test_another_key_signs_nothing_over_what_the_first_signed(ledger: DatabaseBook):
    other = TransferLog(SigningKey(LOG.key.name, Ed25519PrivateKey.generate()))
    with pytest.raises(BadNote, match="not by"):
        async with ledger.database.begin(SYSTEM) as tx:
            await other.checkpoint(tx)
    assert any("is signed by" in problem for problem in await problems_of_key(ledger, other))


async def problems_of_key(book: DatabaseBook, log: TransferLog) -> tuple[str, ...]:
    async with book.database.read(SYSTEM) as read:
        return (await audit(read, key=log.key.verifier)).problems


async def test_a_log_that_does_not_extend_its_checkpoint_is_not_signed(ledger: DatabaseBook):
    """An operator who rewrites history, head and all, still cannot have it signed."""
    await unguard(ledger.database)
    size = await newest_size(ledger)
    async with ledger.database.begin(SYSTEM) as tx:
        await tx.conn.exec_driver_sql("delete from log_checkpoint where tree_size > 0")
        forged = LOG.key.sign(f"{LOG.key.name}\n{size - 1}\n{'A' * 43}=\n")
        await tx.conn.execute(
            sa.text("insert into log_checkpoint (tree_size, note) values (:size, :note)"),
            {"size": size - 1, "note": str(forged)},
        )
    with pytest.raises(LogBroken, match="does not extend"):
        async with ledger.database.begin(SYSTEM) as tx:
            await LOG.checkpoint(tx)


async def test_every_transfer_is_proven_under_every_checkpoint_that_has_it(ledger: DatabaseBook):
    sizes = await sizes_of(ledger)
    async with ledger.database.read(SYSTEM) as read:
        for size in (sizes[0], sizes[len(sizes) // 2], sizes[-1]):
            for seq in {1, 2, size // 2, size - 1, size, 63, 64, 65, 128, 129, 256}:
                if 1 <= seq <= size:
                    proof = await LOG.prove_inclusion(read, seq=seq, tree_size=size)
                    assert parse_inclusion_proof(str(proof)).verify(LOG.key.verifier).tree_size == size
                    assert decode(proof.leaf).seq == seq


async def test_a_transfer_is_proven_by_its_id_as_it_was_posted(ledger: DatabaseBook):
    async with ledger.database.read(SYSTEM) as read:
        posted = (await store.transfers_after(read, 99, 1))[0]
        proof = await LOG.prove_inclusion(read, transfer_id=posted.id)
    fields = decode(proof.leaf)
    assert (fields.id, fields.debit, fields.credit) == (posted.id, posted.debit, posted.credit)
    assert (fields.kind, fields.amount, fields.memo) == (posted.kind, posted.asked, posted.memo)
    assert (fields.debit_after, fields.credit_after) == (posted.debit_after, posted.credit_after)
    assert (fields.hold_id, fields.reverses) == (posted.hold_id, posted.reverses)


async def test_the_log_is_proven_to_have_only_grown(ledger: DatabaseBook):
    sizes = await sizes_of(ledger)
    async with ledger.database.read(SYSTEM) as read:
        for old in sizes:
            proof = await LOG.prove_consistency(read, old)
            before = open_checkpoint(await LOG.checkpoint_at(read, old), LOG.key.verifier)
            after = parse_consistency_proof(str(proof)).verify(before, LOG.key.verifier)
            assert after.tree_size == sizes[-1]


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"transfer_id": "tfr_nonsense"}, "tfr_nonsense' is not in the log"),
        ({"transfer_id": content_id("tfr", "of nobody")}, "is not in the log"),
        ({"seq": 0}, "transfer 0 is not in the log"),
        ({"seq": -4}, "transfer -4 is not in the log"),
        ({"seq": 10**12}, "the checkpoint ends at"),
        ({"seq": 1, "tree_size": 10**12}, "no checkpoint of 1000000000000"),
    ],
)
async def test_what_is_not_in_the_log_is_refused_by_name(ledger: DatabaseBook, asked, problem):
    with pytest.raises(NotInLog, match=problem):
        async with ledger.database.read(SYSTEM) as read:
            await LOG.prove_inclusion(read, **asked)


async def test_a_tree_larger_than_the_log_has_no_consistency_proof(ledger: DatabaseBook):
    async with ledger.database.read(SYSTEM) as read:
        with pytest.raises(NotInLog, match="not 1000000"):
            await LOG.prove_consistency(read, 1_000_000)
        with pytest.raises(NotInLog, match="no checkpoint of 999999"):
            await LOG.prove_consistency(read, 1, 999_999)


async def test_another_organisation_gets_no_proof_of_a_transfer_it_has_no_part_in(ledger: DatabaseBook):
    async with ledger.database.read(Principal("default", "test")) as read:
        assert (await LOG.prove_inclusion(read, seq=1)).index == 0
    with pytest.raises(NotInLog, match="of this organisation"):
        async with ledger.database.read(Principal("other", "test")) as read:
            await LOG.prove_inclusion(read, seq=1)


def verifier(folder: Path, *arguments: str, **changed: str) -> tuple[int, dict]:
    """Run the exported verifier in an interpreter that cannot import AIA; its exit code and answer."""
    script = folder.parent / "elsewhere.py"
    shutil.copy(folder / "verify.py", script)
    done = subprocess.run(
        [sys.executable, "-I", str(script), *arguments],
        cwd=folder.parent,
        env={"PATH": os.environ["PATH"]} | changed,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout) if done.stdout else {"problem": done.stderr}


@pytest.fixture
async def exported(ledger: DatabaseBook, tmp_path: Path):
    folder = tmp_path / "export"
    found = await export_ledger(ledger.database, LOG, folder)
    return ledger, folder, found


async def test_the_verifier_agrees_with_the_audit_without_aia(exported):
    ledger, folder, export = exported
    async with ledger.database.read(SYSTEM) as read:
        found = await audit(read, key=LOG.key.verifier)
    code, answer = verifier(folder, "export", str(folder), "--key", str(LOG.key.verifier))
    assert code == 0, answer
    assert answer["transfers"] == export.transfers == found.transfers
    assert answer["checkpoints"] == export.checkpoints == found.checkpoints
    assert answer["accounts"] == export.accounts == found.accounts
    assert {token: units for token, units in answer["supply"].items() if units} == found.supply


def test_the_verifier_imports_nothing_of_aia():
    text = (Path(verify.__file__).parent / "verifier.py").read_text()
    imports = [line.split()[1] for line in text.splitlines() if line.startswith(("import ", "from "))]
    assert {name.partition(".")[0] for name in imports} <= sys.stdlib_module_names | {"cryptography"}


async def test_the_verifier_finds_a_changed_line(exported):
    _, folder, _ = exported
    key = str(LOG.key.verifier)
    lines = (folder / "transfers.jsonl").read_text(encoding="utf-8").splitlines()
    plain = next(n for n, line in enumerate(lines) if json.loads(line)["kind"] == "plain")
    for change in (
        {"amount": json.loads(lines[plain])["amount"] + 1},
        {"memo": "something else"},
        {"credit": json.loads(lines[plain])["debit"]},
        {"seq": 10**6},
        {"at": "2030-01-01T00:00:00.000000Z"},
    ):
        changed = json.dumps(json.loads(lines[plain]) | change)
        text = "\n".join([*lines[:plain], changed, *lines[plain + 1 :]])
        (folder / "transfers.jsonl").write_text(text + "\n", encoding="utf-8")
        code, answer = verifier(folder, "export", str(folder), "--key", key)
        assert code == 1, (change, answer)
    (folder / "transfers.jsonl").write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
    assert verifier(folder, "export", str(folder), "--key", key)[0] == 1
    (folder / "transfers.jsonl").write_text("not json\n", encoding="utf-8")
    assert verifier(folder, "export", str(folder), "--key", key)[0] == 2


async def test_the_verifier_finds_a_changed_account_and_a_changed_checkpoint(exported):
    _, folder, _ = exported
    key = str(LOG.key.verifier)
    accounts = (folder / "accounts.jsonl").read_text(encoding="utf-8")
    first = json.loads(accounts.splitlines()[0])
    changed = json.dumps(first | {"posted": first["posted"] + 1})
    (folder / "accounts.jsonl").write_text("\n".join([changed, *accounts.splitlines()[1:]]), encoding="utf-8")
    code, answer = verifier(folder, "export", str(folder), "--key", key)
    assert (code, "is listed with" in answer["problem"]) == (1, True)
    (folder / "accounts.jsonl").write_text(accounts, encoding="utf-8")
    notes = (folder / "checkpoints.jsonl").read_text(encoding="utf-8").splitlines()
    (folder / "checkpoints.jsonl").write_text("\n".join(notes[:-1]) + "\n", encoding="utf-8")
    code, answer = verifier(folder, "export", str(folder), "--key", key)
    assert (code, "no checkpoint covers" in answer["problem"]) == (1, True)


async def test_the_verifier_refuses_another_key(exported):
    _, folder, _ = exported
    other = SigningKey(LOG.key.name, Ed25519PrivateKey.generate()).verifier
    assert verifier(folder, "export", str(folder), "--key", str(other))[0] == 1
    assert verifier(folder, "export", str(folder), "--key", "nonsense")[0] == 2


async def test_the_verifier_checks_proof_files(exported, tmp_path: Path):
    ledger, folder, _ = exported
    key = str(folder / "log.vkey")
    sizes = await sizes_of(ledger)
    async with ledger.database.read(SYSTEM) as read:
        inclusion = str(await LOG.prove_inclusion(read, seq=77))
        consistency = str(await LOG.prove_consistency(read, sizes[3]))
        old = str(await LOG.checkpoint_at(read, sizes[3]))
        other = str(await LOG.checkpoint_at(read, sizes[4]))
    files = {name: tmp_path / name for name in ("inclusion", "consistency", "old", "other")}
    for name, text in zip(files, (inclusion, consistency, old, other), strict=True):
        files[name].write_text(text, encoding="utf-8")
    code, answer = verifier(folder, "inclusion", str(files["inclusion"]), "--key", key)
    assert (code, answer["transfer"]["seq"]) == (0, 77)
    code, answer = verifier(folder, "consistency", str(files["consistency"]), str(files["old"]), "--key", key)
    assert (code, answer) == (0, {"ok": True, "old_size": sizes[3], "tree_size": sizes[-1]})
    assert verifier(folder, "consistency", str(files["consistency"]), str(files["other"]), "--key", key)[0] == 1
    files["inclusion"].write_text(inclusion.replace("index 76", "index 75"), encoding="utf-8")
    assert verifier(folder, "inclusion", str(files["inclusion"]), "--key", key)[0] == 1
    files["inclusion"].write_text("nonsense", encoding="utf-8")
    assert verifier(folder, "inclusion", str(files["inclusion"]), "--key", key)[0] in {1, 2}


def bean_check(folder: Path) -> tuple[int, str]:
    command = [str(Path(sys.executable).with_name("bean-check")), "--no-cache", str(folder / "ledger.beancount")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


async def test_bean_check_balances_the_exported_books_to_the_last_unit(exported):
    _, folder, _ = exported
    assert bean_check(folder) == (0, "")
    books = (folder / "ledger.beancount").read_text(encoding="utf-8")
    before, word, last = books.rpartition(" balance ")
    units = last.split("  ")[1].split(" ")[0]
    other = f"{units[:-1]}{(int(units[-1]) + 1) % 10}"
    wrong = before + word + last.replace(f"  {units} ", f"  {other} ", 1)
    (folder / "ledger.beancount").write_text(wrong, encoding="utf-8")
    code, told = bean_check(folder)
    assert (code, "Balance failed" in told) == (1, True)


async def test_an_export_writes_over_nothing(exported):
    ledger, folder, _ = exported
    with pytest.raises(Invalid, match="is not empty"):
        await export_ledger(ledger.database, LOG, folder)


async def test_an_empty_ledger_is_sound_and_can_be_exported(database_url: str, tmp_path: Path):
    async with opened(database_url) as book:
        assert await problems_of(book) == ()
        export = await export_ledger(book.database, LOG, tmp_path / "export")
        assert export.transfers == 0
        code, answer = verifier(
            tmp_path / "export", "export", str(tmp_path / "export"), "--key", str(LOG.key.verifier)
        )
        assert (code, answer["transfers"]) == (0, 0)
        assert await problems_of(book) == ()
        async with book.database.read(SYSTEM) as read:
            note = await LOG.newest(read)
    assert note is not None
    assert open_checkpoint(parse_note(str(note)), LOG.key.verifier).tree_size == 0
