"""Spam and floods: they may fill a corpus, but no list of opportunities."""

from datetime import date

import numpy as np
import pytest

from aia.agents import shipped_skills
from aia.ventures.assessment import rank
from aia.ventures.assessment.flags import flags_of
from aia.ventures.discovery.tools import assess, extract, group
from aia.ventures.model import Assessment, Document, Need, Statement
from aia.ventures.sample import generate
from aia.ventures.sources import ReadOptions, read_rows

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
    [spam(300), flood(2_000, "angry"), flood(2_000, None)],
    ids=["20 percent spam", "a flood by one author", "a flood without an author"],
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


def test_every_skill_of_the_registry_can_be_compared_and_has_a_price():
    assert len({skill.name for skill in shipped_skills()}) == len(shipped_skills())
    assert all(skill.price_units > 0 and len(skill.description.split()) > 3 for skill in shipped_skills())
