"""A slice of the scale campaign, and inputs through the front door."""

import json
import os
import subprocess
import sys
import zipfile

from aia.corpora.sources import ReadOptions, read_corpus
from campaigns.scale import run, write_corpus
from tests.support.stub_services import hacker_news, hit, serving

WAVES = ("extract", "group", "assess", "rank", "check", "review", "direct")


def aia(home, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "aia.cli", *arguments],
        env=os.environ | {"AIA_HOME": str(home)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_campaign_measures_every_phase_of_a_discovery(tmp_path):
    corpus = tmp_path / "corpus.jsonl"
    write_corpus(corpus, 1_000)
    result = run(tmp_path / "home", corpus)
    assert list(result["phases_s"]) == ["read, clean, keep", *WAVES, "report"]
    assert sum(result["phases_s"].values()) <= result["wall_s"] + 1
    assert (result["trial_balance"], result["opportunities"] > 5, result["peak_mb"] > 50) == (0, True, True)


def test_the_text_of_the_campaign_is_neither_repeated_nor_nearly(tmp_path):
    write_corpus(tmp_path / "corpus.jsonl", 3_000)
    corpus = read_corpus(tmp_path / "corpus.jsonl", ReadOptions())
    assert len({d.text for d in corpus.documents}) == 3_000


def test_a_service_a_folder_and_an_archive_are_one_discovery(tmp_path):
    (tmp_path / "in").mkdir()
    write_corpus(tmp_path / "in" / "a.jsonl", 300)
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("b.csv", "id,text\n" + "".join(f"z{i},Export {i} fails again for me.\n" for i in range(20)))
        archive.writestr("bad.jsonl", "{")
    with serving(hacker_news([hit(i) for i in range(30)])) as stub:
        told = {"AIA_HN_URL": stub.url, "AIA_EGRESS_ALLOW": "127.0.0.1", "AIA_EGRESS_LOCAL": "127.0.0.1"}
        inputs = ("hn:invoice", str(tmp_path / "in"), str(tmp_path / "b.zip"))
        done = aia(tmp_path / "home", "discover", *inputs, "--json", AIA_EGRESS_INTERVAL_S="0", **told)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["trial_balance"] == 0
    assert answer["opportunities"]
    assert "hn:invoice (hn): 30 documents" in done.stderr
    assert "bad.jsonl" in done.stderr
    audit = (tmp_path / "home" / "sources" / "egress.jsonl").read_text().splitlines()
    assert {json.loads(line)["host"] for line in audit} == {"127.0.0.1"}


def test_a_service_that_is_not_allowed_is_refused_by_name(tmp_path):
    done = aia(tmp_path / "home", "discover", "hn:invoice")
    assert done.returncode == 2
    assert "AIA_EGRESS_ALLOW" in done.stderr
