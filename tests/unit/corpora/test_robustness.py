"""Spam and floods: they may fill a corpus, but no list of opportunities."""

from datetime import date

import numpy as np
import pytest

from aia.agents import shipped_skills
from aia.corpora.model import Document
from aia.corpora.sample import generate
from aia.corpora.sources import ReadOptions, read_corpus, read_rows
from aia.text.model import Statement
from aia.ventures.assessment import rank
from aia.ventures.assessment.flags import flags_of
from aia.ventures.discovery.tools import assess, extract, group
from aia.ventures.model import Assessment, Need

TOP = 10
PRODUCTS = "watches pills shoes phones rings games lamps bags tickets vitamins".split()
LOREM = "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore".split()


def ranked(documents) -> list[tuple[Assessment, set[str]]]:
    """Assessments best first, each with the ids of its documents."""
    rows = extract([(i, d.text) for i, d in enumerate(documents)])["statements"]
    statements = [Statement.from_json(row) for row in rows]
    texts = [documents[s.document].text[s.start : s.end] for s in statements]
    needs = [Need.from_json(row) for row in group(statements, texts, 0, 60)["needs"]]
    assessed = {r["need"]: Assessment.from_json(r) for r in assess(needs, statements, documents)["assessments"]}
    members = {n.id: {documents[statements[i].document].id for i in n.members} for n in needs}
    return [(assessed[r.need], members[r.need]) for r in rank(list(assessed.values()), seed=0)]


def sample() -> list[Document]:
    return list(read_rows("sample", generate(0, 1_200)[0], ReadOptions()).documents)


def flood(number: int, author: str | None) -> list[Document]:
    """One angry customer, in nearly the same words each time."""
    words = "the zebra dashboard crashes again and I lost $500, it is a terrible scam and I will sue".split()
    rng = np.random.default_rng(0)
    found = []
    for i in range(number):
        text = " ".join(words[:15] + [str(rng.integers(1, 999)), words[int(rng.integers(0, 15))]] + words[15:])
        found.append(Document(f"attack-{i}", text, date(2024, 12, 1 + i % 28), author))
    return found


def signed_copies(number: int) -> list[Document]:
    """One template with a word or two changed, each copy signed by somebody else: a campaign, or bots."""
    words = "the zebra dashboard crashes again and I lost $500, it is a terrible scam and I will sue".split()
    rng = np.random.default_rng(2)
    found = []
    for i in range(number):
        text = " ".join([*words[:9], str(rng.integers(100, 999)), *words[9:], *["please", "help"][: i % 3]])
        day = date(2024, 1 + i % 12, 1 + i % 28)
        found.append(Document(f"attack-c{i}", text, day, f"signer-{i}"))
    return found


def spam(number: int) -> list[Document]:
    """Advertisements, fill-in text and one template with small changes, all signed by different names."""
    rng = np.random.default_rng(1)
    found = []
    for i in range(number):
        product = PRODUCTS[int(rng.integers(0, len(PRODUCTS)))]
        text = (
            f"Need {product}? Buy cheap {product} now, best prices, click here {i}",
            " ".join(rng.permutation(LOREM)) + f" error {i}",
            f"I cannot believe how slow my old {product} were until I found the Glow{i} store, "
            "I lost weeks, never again",
        )[i % 3]
        found.append(Document(f"attack-{i}", text, date(2024, 1 + i % 12, 5), f"spammer-{i}"))
    return found


@pytest.fixture(scope="module")
def clean() -> tuple[list[Document], list[set[str]]]:
    documents = sample()
    return documents, [members for _, members in ranked(documents)[:TOP]]


def attacked(members: set[str]) -> bool:
    return sum(name.startswith("attack-") for name in members) > len(members) / 2


def same(a: set[str], b: set[str]) -> bool:
    """Most documents of the smaller one are in the other."""
    return len(a & b) > min(len(a), len(b)) / 2


@pytest.mark.parametrize(
    "attack",
    [spam(300), flood(2_000, "angry"), flood(2_000, None), signed_copies(300)],
    ids=["20 percent spam", "a flood by one author", "a flood without an author", "20 percent signed copies"],
)
def test_an_attack_puts_nothing_into_the_top_ten_and_leaves_most_of_it_as_it_was(clean, attack):
    documents, before = clean
    after = [members for _, members in ranked([*documents, *attack])[:TOP]]
    assert not any(attacked(members) for members in after)
    assert sum(any(same(old, new) for new in after) for old in before) >= 7


def test_a_flood_that_ranks_at_all_carries_its_flag(clean):
    documents, _ = clean
    found = [a for a, members in ranked([*documents, *flood(2_000, "angry")]) if attacked(members)]
    assert found
    assert all("one voice" in flags_of(a) for a in found)


def test_copies_that_many_names_sign_count_as_three_voices_and_carry_their_flag(clean):
    documents, _ = clean
    found = [a for a, members in ranked([*documents, *signed_copies(300)]) if attacked(members)]
    assert found
    assert all("mostly repeated or advertising" in flags_of(a) for a in found)
    assert all(a.counts.voices <= 3 + a.documents - 300 + a.counts.unheard for a in found)
    assert sum(a.counts.unheard for a in found) >= 297


def template(number: int) -> list[Document]:
    """One sentence with four words that change, signed by nobody."""
    words = "terrible awful broken slow buggy useless faulty horrible bad wrong strange odd blue red".split()
    rng = np.random.default_rng(3)
    found = []
    for i in range(number):
        a, b, c, d = rng.choice(words, 4)
        text = f"the zebra dashboard is {a} again and I lost my {b} money because {c} support never takes {d} calls"
        found.append(Document(f"attack-t{i}", text, date(2018, 1 + i % 12, 1 + i % 28)))
    return found


@pytest.fixture(scope="module")
def complaints(shared) -> tuple[list[Document], list[set[str]], int]:
    """600 real complaints, signed by nobody, the documents of their best ten needs, and the number of all needs."""
    path = shared / "data/cfpb-complaints/complaints.jsonl.gz"
    documents = list(read_corpus(path, ReadOptions()).documents)[:600]
    found = ranked(documents)
    return documents, [members for _, members in found[:TOP]], len(found)


@pytest.mark.parametrize(
    "attack",
    [[*flood(600, None), *spam(120)], [*template(600), *spam(120)]],
    ids=["a flood without an author and spam", "a template without an author and spam"],
)
def test_an_attack_on_real_complaints_that_nobody_signs_hides_no_need_and_gets_no_place(complaints, attack):
    documents, before, number = complaints
    found = ranked([*documents, *attack])
    assert not any(attacked(members) for _, members in found[:TOP])
    assert sum(any(same(old, new) for _, new in found[: 2 * TOP]) for old in before) >= 5
    assert sum(not attacked(members) for _, members in found) >= 0.8 * number
    flooded = [a for a, m in found if sum(name.startswith("attack-") for name in m) > 100]
    assert flooded
    assert all("mostly repeated or advertising" in flags_of(a) for a in flooded)


def test_short_questions_that_people_ask_in_like_words_keep_their_voices(shared):
    documents = list(read_corpus(shared / "data/banking77/queries.jsonl.gz", ReadOptions()).documents)[:4_000]
    found = [a for a, _ in ranked(documents)]
    assert len(found) > 40
    assert not any("mostly repeated or advertising" in flags_of(a) for a in found)
    assert sum(a.counts.voices for a in found) > 0.97 * sum(a.documents for a in found)


def test_every_skill_of_the_registry_can_be_compared_and_has_a_price():
    assert len({skill.name for skill in shipped_skills()}) == len(shipped_skills())
    assert all(skill.price_units > 0 and len(skill.description.split()) > 3 for skill in shipped_skills())
