"""The command line through the front door: a process of its own, its exit code, stdout and stderr."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from aia.cli.main import COMMANDS
from aia.corpora.sample import write_sample
from scripts.write_docs import readme

KEY = "0123456789abcdef" * 4
ROOT = Path(__file__).parent.parent.parent


def aia(home: Path, *arguments: str, database_url: str | None = None, **environment: str):
    """Run `aia`; secrets of the developer are left out."""
    kept = {k: v for k, v in os.environ.items() if not k.endswith("_API_KEY")}
    kept |= {"AIA_HOME": str(home), "OPENBLAS_NUM_THREADS": "1"} | environment
    if database_url is not None:
        kept["DATABASE_URL"] = database_url
    command = [sys.executable, "-m", "aia.cli", *arguments]
    return subprocess.run(command, env=kept, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return write_sample(tmp_path / "sample", documents=400)


def test_a_discovery_prints_one_json_object_whose_report_verifies(tmp_path, sample, database_url):
    home = tmp_path / "home"
    run = aia(home, "discover", str(sample), "--json", "--budget", "100", database_url=database_url)
    assert run.returncode == 0, run.stderr
    (line,) = run.stdout.splitlines()
    answer = json.loads(line)
    assert set(answer) == {"mission", "report", "opportunities", "spend", "budget", "spent", "trial_balance"}
    assert answer["trial_balance"] == 0
    assert answer["budget"] == "100"
    assert sum(round(float(s["aia"]) * 10**6) for s in answer["spend"]) == round(float(answer["spent"]) * 10**6)
    texts = {json.loads(row)["id"]: json.loads(row)["text"] for row in sample.read_text().splitlines()}
    assert len(answer["opportunities"]) >= 10
    for opportunity in answer["opportunities"]:
        assert opportunity["interval"][0] <= opportunity["score"] <= opportunity["interval"][1]
        for e in opportunity["evidence"]:
            assert texts[e["document"]][e["start"] : e["end"]] == e["quotation"]
    report = Path(answer["report"]["jsonld"])
    assert Path(answer["report"]["html"]).is_file()
    good = aia(home, "report", "verify", str(report), database_url=database_url)
    assert (good.returncode, good.stdout.split(":")[0]) == (0, "Holds")
    by_file = aia(home, "report", "verify", str(report), "--input", str(sample))
    assert by_file.returncode == 0, by_file.stdout
    changed = tmp_path / "changed.jsonld"
    changed.write_text(
        report.read_text().replace(answer["opportunities"][0]["evidence"][0]["quotation"], "Never said.")
    )
    bad = aia(home, "report", "verify", str(changed), "--json", database_url=database_url)
    assert bad.returncode == 1
    assert json.loads(bad.stdout)["ok"] is False
    books = aia(home, "ledger", "verify", "--json", database_url=database_url)
    assert (books.returncode, json.loads(books.stdout)["ok"]) == (0, True)


def test_the_same_discovery_again_is_not_paid_twice_unless_it_is_asked_for(tmp_path, sample):
    home = tmp_path / "home"
    first, second, third = (
        json.loads(aia(home, "discover", str(sample), "--json", *extra).stdout) for extra in ((), (), ("--fresh",))
    )
    assert first == second
    assert third["mission"] != first["mission"]
    assert third["opportunities"] == first["opportunities"]


def test_people_are_shown_opportunities_spend_balance_and_where_the_report_is(tmp_path, sample):
    run = aia(tmp_path / "home", "discover", str(sample))
    assert run.returncode == 0, run.stderr
    for expected in (
        "opportunities, ranked by the score that 80 % of draws exceed",
        "80 % interval",
        "scout-1",
        "trial balance 0",
        "report.html",
        "Check",
    ):
        assert expected in run.stdout
    assert "Read " in run.stderr


def test_a_text_without_needs_says_so_and_why_there_are_no_dates(tmp_path):
    praise = tmp_path / "praise.csv"
    praise.write_text("shop,words\n" + "".join(f"{i},I love shop number {i} and its staff\n" for i in range(40)))
    run = aia(tmp_path / "home", "discover", str(praise))
    assert run.returncode == 0, run.stderr
    assert "No opportunity was found" in run.stdout
    assert "0 of 40 documents state a problem or a request.\nThat is few:" in run.stdout
    assert "no dates: needs are ranked without their growth; if a field holds them, name it with" in run.stderr


def test_the_command_that_checks_a_report_can_be_typed_as_it_is_printed(tmp_path, sample):
    program = Path(sys.executable).with_name("aia")
    environment = {**os.environ, "AIA_HOME": str(tmp_path / "home")}
    found = subprocess.run(
        [program, "discover", sample], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    line = next(line for line in found.stdout.splitlines() if line.startswith("Check"))
    checked = subprocess.run(
        line.split()[1:], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def bad_inputs(folder: Path) -> dict[str, tuple[Path, str]]:
    good = json.dumps({"text": "The lift is broken again."})
    files = {
        "missing": (None, "no such file"),
        "empty": (b"", "empty"),
        "binary": (bytes(range(256)) * 9, "binary"),
        "encoding": ("caf\xe9 is closed again\n".encode("latin-1"), "--encoding latin-1"),
        "malformed": ("\n".join([good] * 16 + ["{"] + [good]).encode(), "line 17"),
        "huge-line": (b'{"text": "' + b"x" * 50_000_000 + b'"}', "line 1"),
        "duplicates": ("\n".join([good] * 10_000).encode(), "9999 duplicate"),
        "no-text": (b"a,b\n1,2\n3,4\n5,6\n", "--text-field"),
        "cut-gzip": (gzip.compress(os.urandom(90_000))[:40_000], "gzip"),
    }
    found: dict[str, tuple[Path, str]] = {}
    for name, (data, says) in files.items():
        path = folder / f"{name}.{'csv' if name == 'no-text' else 'jsonl'}"
        if data is not None:
            path.write_bytes(data)
        found[name] = (path, says)
    os.mkfifo(folder / "pipe")
    return found | {"pipe": (folder / "pipe", "regular file"), "directory": (folder, "distinct documents")}


def test_bad_input_ends_with_code_2_names_the_file_and_leaves_nothing_behind(tmp_path):
    for name, (path, says) in bad_inputs(tmp_path).items():
        run = aia(tmp_path / "home", "discover", str(path), "--json")
        assert (run.returncode, run.stdout) == (2, ""), name
        assert says in run.stderr, name
        assert "Traceback" not in run.stderr, name
        assert path.name in run.stderr, name
    missions = aia(tmp_path / "home", "missions", "list", "--json")
    assert (missions.returncode, missions.stdout) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("discover", "--budget", "lots"), "--budget is 'lots'"),
        (("discover", "--budget", "0.01"), "the budget is 0.01 AIA"),
        (("discover", "--organisation", "nobody"), "aia init --organisation nobody"),
        (("discover", "--top", "500"), "top is 500"),
        (("discover", "--colour"), "No such option"),
        (("fly",), "No such command"),
        (("report", "verify", "nothing.jsonld"), "nothing.jsonld"),
        (("report", "verify", "README.md"), "not JSON"),
        (("missions", "cancel", "msn_none"), "does not exist"),
        (("init", "--organisation", "Bad Name"), "a-z, 0-9"),
    ],
)
def test_what_a_person_got_wrong_is_said_in_a_line_and_ends_with_code_2(tmp_path, arguments, says):
    run = aia(tmp_path / "home", *arguments)
    assert run.returncode == 2
    assert says in run.stderr
    assert "Traceback" not in run.stderr


def test_the_ledger_is_exported_proven_and_checked_without_aia(tmp_path):
    home, folder = tmp_path / "home", tmp_path / "export"
    assert aia(home, "init").returncode == 0
    old = aia(home, "ledger", "checkpoint")
    (tmp_path / "old").write_text(old.stdout)
    size = old.stdout.splitlines()[1]
    assert aia(home, "ledger", "checkpoint", "--size", size).stdout == old.stdout
    assert aia(home, "init", "--organisation", "second").returncode == 0
    for name, arguments in (("proof", ["2"]), ("grown", ["--since", size])):
        run = aia(home, "ledger", "prove", *arguments)
        assert run.returncode == 0, run.stderr
        (tmp_path / name).write_text(run.stdout)
    assert aia(home, "ledger", "export", str(folder), "--json").returncode == 0
    key = aia(home, "ledger", "checkpoint", "--key").stdout.strip()
    for arguments in (["export", folder], ["inclusion", "proof"], ["consistency", "grown", "old"]):
        command = [sys.executable, "-I", str(folder / "verify.py"), *map(str, arguments), "--key", key]
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (run.returncode, json.loads(run.stdout)["ok"]) == (0, True), run.stderr
    books = aia(home, "ledger", "verify", "--json")
    assert books.returncode == 0
    assert json.loads(books.stdout)["checkpoints"] == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("prove", "tfr_nothing"), "'tfr_nothing' is not in the log"),
        (("prove", "99999"), "the checkpoint ends at"),
        (("prove", "--since", "99999"), "not 99999"),
        (("prove",), "one of the two"),
        (("checkpoint", "--size", "99999"), "no checkpoint of 99999"),
        (("export", "."), "is not empty"),
    ],
)
def test_what_the_log_does_not_have_is_said_in_a_line(tmp_path, arguments, says):
    run = aia(tmp_path / "home", "ledger", *arguments)
    assert run.returncode == 2
    assert says in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"ENVIRONMENT": "production"}, "JWT_SECRET_KEY is missing"),
        ({"ENVIRONMENT": "production"}, "AIA_LOG_KEY is missing"),
        ({"ENVIRONMENT": "production", "AIA_LOG_KEY": KEY, "AIA_SIGNING_KEY": KEY}, "the same as AIA_SIGNING_KEY"),
        ({"AIA_LOG_KEY": "short"}, "set AIA_LOG_KEY"),
        ({"AIA_LOG_ORIGIN": "a name"}, "AIA_LOG_ORIGIN"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL"),
        ({"AIA_MODEL": "openai:gpt"}, "OPENAI_API_KEY"),
        ({"AIA_MODEL": "gpt"}, "provider:model"),
        ({"AIA_SIGNING_KEY": "short"}, "64 hexadecimal"),
    ],
)
def test_a_wrong_environment_is_refused_by_name(tmp_path, environment, says):
    run = aia(tmp_path / "home", "doctor" if "MODEL" in str(environment) else "init", **environment)
    assert run.returncode in {1, 2}
    assert says in run.stdout + run.stderr
    assert "Traceback" not in run.stderr


def test_help_names_every_command_and_each_command_explains_itself(tmp_path):
    top = aia(tmp_path, "--help")
    assert top.returncode == 0
    for command, (_, text) in COMMANDS.items():
        assert command in top.stdout
        own = aia(tmp_path, command, "--help")
        assert own.returncode == 0
        assert text in " ".join(own.stdout.split())
    assert not (tmp_path / "aia.db").exists()


def test_importing_the_application_is_light_and_loads_no_provider(tmp_path):
    code = (
        "import aia.main, sys\n"
        "heavy = {'openai', 'anthropic', 'groq', 'pydantic_ai', 'numpy', 'scipy', 'dbos', 'alembic'}\n"
        "status = dict(line.split(':', 1) for line in open('/proc/self/status'))\n"
        "linters = {'rich', 'pygments'}  # of the checks alone; structlog takes them along where it finds them\n"
        "loaded = [name for name in sys.modules if name.partition('.')[0] not in linters]\n"
        "print(len(loaded), int(status['VmHWM'].split()[0]) // 1024, *(heavy & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={"AIA_HOME": str(tmp_path)},
    )
    modules, megabytes, *heavy = run.stdout.split()
    assert int(modules) <= 900
    assert int(megabytes) <= 100
    assert heavy == []


def test_needs_and_momentum_are_printed_as_json_lines(tmp_path, sample):
    needs = aia(tmp_path, "ventures", "needs", str(sample), "--json")
    assert needs.returncode == 0, needs.stderr
    *documents, last = [json.loads(line) for line in needs.stdout.splitlines()]
    assert len(documents) == len({d["document"] for d in documents})
    assert all(set(d) == {"document", "need", "margin"} for d in documents)
    known = {need["need"] for need in last["needs"]}
    assert {d["need"] for d in documents} - {None} <= known
    momentum = aia(tmp_path, "ventures", "momentum", str(sample), "--json")
    rows = [json.loads(line) for line in momentum.stdout.splitlines()]
    assert len(rows) > 1
    assert rows[0]["lower"] == max(row["lower"] for row in rows)
    assert all(set(row) == {"need", "title", "slope", "lower", "documents"} for row in rows)


def test_organisations_keys_and_ratings_are_managed_from_the_command_line(tmp_path, sample):
    home = tmp_path / "home"
    assert aia(home, "init", "--organisation", "north").returncode == 0
    key_id, key = aia(home, "keys", "create", "--organisation", "north").stdout.split()
    assert key.startswith("aia_")
    assert aia(home, "keys", "revoke", key_id, "--organisation", "north").returncode == 0
    assert aia(home, "keys", "revoke", key_id, "--organisation", "north").returncode == 2
    mission = json.loads(aia(home, "discover", str(sample), "--json", "--organisation", "north").stdout)["mission"]
    assert mission in aia(home, "missions", "list", "--organisation", "north").stdout
    assert mission not in aia(home, "missions", "list").stdout
    assert "extract/00000" in aia(home, "missions", "show", mission, "--organisation", "north").stdout
    rebuilt = aia(home, "knowledge", "rebuild", "--organisation", "north").stdout
    assert int(rebuilt.split()[0]) == 7  # two scouts had something to read, three analysts and two critics


def test_the_readme_shows_what_the_program_prints():
    """Its first line and all from the table of payments on; names and scores may differ with the machine's BLAS."""

    def lasting(text: str) -> list[str]:
        block = text.partition("<!-- output:begin -->")[2].partition("<!-- output:end -->")[0]
        return [block.splitlines()[2], *block[block.index("Agent") :].splitlines()]

    text = (ROOT / "README.md").read_text()
    assert lasting(readme(text)) == lasting(text), "run: make docs"
