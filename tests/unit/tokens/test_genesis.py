"""The genesis file: exact shares, a clear word for what is wrong, no unit lost."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aia.core.money import UNITS_MAX, Units
from aia.ledger import Token
from aia.tokens.genesis import BadGenesis, parse_genesis, read_genesis
from scripts.write_docs import tokens_page


def shares(token: Token) -> dict[str, int]:
    return {a.purpose: a.share_bps // 100 for a in read_genesis(None).of(token)}


def test_the_built_in_allocations_are_those_of_the_design():
    assert shares(Token.AIA) == {
        "agent-rewards": 30,
        "ecosystem": 20,
        "team": 15,
        "treasury": 15,
        "sale": 10,
        "liquidity": 10,
    }
    assert shares(Token.AIA_GOV) == {
        "treasury": 30,
        "contributors": 20,
        "early-adopters": 15,
        "ecosystem": 15,
        "team": 10,
        "advisors": 5,
        "liquidity-mining": 5,
    }
    vested = {(a.token.value, a.purpose) for a in read_genesis(None).allocations if a.terms is not None}
    assert vested == {("AIA", "team"), ("AIA_GOV", "contributors"), ("AIA_GOV", "team"), ("AIA_GOV", "advisors")}


def test_the_page_on_tokens_says_what_the_program_does():
    page = (Path(__file__).parents[3] / "docs" / "tokens.md").read_text(encoding="utf-8")
    assert tokens_page(page) == page, "run: make docs"


@given(st.integers(1, UNITS_MAX))
def test_a_supply_is_spread_without_losing_or_making_a_unit(supply: int):
    plan = read_genesis(None)
    for token in Token:
        parts = plan.split(token, Units(supply))
        assert sum(units for _, units in parts) == supply
        assert all(abs(units * 10_000 - supply * a.share_bps) < 10_000 for a, units in parts)


def genesis(**change: str) -> str:
    lines = {
        "grants": 'grants = "treasury"',
        "aia": '[[AIA]]\npurpose = "treasury"\npercent = 100\nepoch_limit_percent = 5',
        "gov": '[[AIA_GOV]]\npurpose = "treasury"\npercent = 100\nepoch_limit_percent = 5',
    }
    return "\n".join((lines | change).values())


def test_a_small_genesis_is_enough():
    assert [a.account for a in parse_genesis(genesis()).allocations] == ["treasury:AIA", "treasury:AIA_GOV"]


ALLOCATION = '[[AIA]]\npurpose = "{}"\npercent = {}\nepoch_limit_percent = {}\n'


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"aia": ALLOCATION.format("treasury", 99.99, 5)}, r"AIA sum to 99\.99, they must sum to exactly 100"),
        ({"aia": ALLOCATION.format("treasury", 60, 5) + ALLOCATION.format("sale", 41, 5)}, "sum to 101"),
        ({"aia": ALLOCATION.format("treasury", 33.333, 5)}, r"percent = 33\.333: use a number"),
        ({"aia": ALLOCATION.format("treasury", "true", 5)}, "percent = True"),
        ({"aia": ALLOCATION.format("treasury", "inf", 5)}, "percent = Infinity"),
        ({"aia": ALLOCATION.format("treasury", -1, 5)}, "percent = -1"),
        ({"aia": ALLOCATION.format("treasury", 100, 0)}, "epoch_limit_percent = 0"),
        ({"aia": ALLOCATION.format("sale", 100, 5)}, "no allocation of the purpose 'treasury'"),
        ({"aia": ALLOCATION.format("treasury", 50, 5) * 2}, "names the purpose 'treasury' twice"),
        ({"aia": ALLOCATION.format("mint", 100, 5)}, "purpose 'mint'"),
        ({"aia": ALLOCATION.format("Upper", 100, 5)}, "purpose 'Upper'"),
        ({"aia": ALLOCATION.format("treasury", 100, 5) + "extra = 1"}, "unknown key 'extra'"),
        ({"aia": ALLOCATION.format("treasury", 100, 5) + "vesting = 1"}, "vesting needs"),
        (
            {"aia": ALLOCATION.format("treasury", 100, 5) + "vesting = { cliff_days = 9, duration_days = 8 }"},
            "cliff_days <= duration_days",
        ),
        ({"gov": ""}, r"no \[\[AIA_GOV\]\] tables"),
        ({"gov": "AIA_GOV = [1]"}, "AIA_GOV"),
        ({"grants": ""}, "grants is None"),
        ({"grants": 'grants = "nobody"'}, "grants is 'nobody': name one of treasury"),
        ({"grants": "grants = ["}, "not TOML"),
        ({"grants": 'grants = "treasury"\nother = 1'}, "unknown key 'other'"),
    ],
)
def test_a_genesis_file_that_is_wrong_is_refused_by_name(change, message, tmp_path):
    path = tmp_path / "my-genesis.toml"
    path.write_text(genesis(**change))
    with pytest.raises(BadGenesis, match=message) as refused:
        read_genesis(path)
    assert "my-genesis.toml" in refused.value.detail


def test_a_genesis_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(BadGenesis, match="absent.toml"):
        read_genesis(tmp_path / "absent.toml")
