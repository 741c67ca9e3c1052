"""Market sizes: every input has a source, units come out as money a year, draws do what they say."""

from contextlib import suppress
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aia.core.errors import Invalid
from aia.ventures.market_size import BadAssumptions, parse_assumptions, read_assumptions
from aia.ventures.market_size.draws import size
from aia.ventures.market_size.model import numbers_in
from aia.ventures.market_size.units import parse_unit

COUNTS = {"voices": 27, "corpusVoices": 900}


def tree(**changes) -> dict:
    factor = {
        "people": {"value": 1_000, "unit": "people", "url": "https://example.org/count"},
        "price": {"low": 5, "mid": 10, "high": 20, "unit": "EUR/person/month", "assumption": "two rivals"},
        "hit": {"count": "voices", "of": "corpusVoices"},
        "won": {"low": "0.5", "mid": 3, "high": 30, "unit": "%", "assumption": "first year"},
    }
    row = {"tam": "people * hit * price", "som": "tam * won", "factor": factor}
    return {"size": [row | changes]}


def changed(name: str, **members) -> dict:
    given = tree()
    row = given["size"][0]["factor"].setdefault(name, {})
    for member, value in members.items():
        if value is None:
            row.pop(member, None)
        else:
            row[member] = value
    return given


def test_a_size_is_the_product_of_its_factors_in_money_a_year():
    assumptions = parse_assumptions(tree())
    ((tam, som),) = size(assumptions.sizes, COUNTS, 0)
    assert (tam.unit, som.unit) == ("EUR/year", "EUR/year")
    assert float(tam.median) == pytest.approx(1_000 * 27 / 900 * 120, rel=0.1)
    assert float(tam.low) < float(tam.median) < float(tam.high)
    assert tam.driver == "price"
    assert som.driver == "won"
    assert 0 < float(tam.narrows) <= 1


def test_the_interval_of_one_log_normal_factor_is_the_one_that_was_told():
    given = {"low": 100, "mid": 300, "high": 500, "unit": "USD/year", "assumption": "x", "distribution": "log-normal"}
    ((tam,),) = size(parse_assumptions({"size": [{"tam": "all", "factor": {"all": given}}]}).sizes, {}, 3)
    assert [float(x) for x in (tam.low, tam.median, tam.high)] == pytest.approx([100, 300, 500], rel=0.01)
    assert (tam.driver, tam.narrows) == ("all", "1.00")


def test_a_triangular_share_stays_within_its_ends():
    share = {"low": "0.5", "mid": "0.9", "high": "1", "unit": "1", "assumption": "x"}
    money = {"value": 100, "unit": "USD/year", "assumption": "x"}
    given = {"size": [{"tam": "money", "sam": "tam * share", "factor": {"share": share, "money": money}}]}
    (parsed,) = parse_assumptions(given).sizes
    assert parsed.factors[1].distribution == "triangular"
    ((_, sam),) = size([parsed], {}, 0)
    assert 50 <= float(sam.low) < float(sam.median) < float(sam.high) <= 100


def test_the_same_seed_draws_the_same_and_one_more_factor_moves_no_other():
    first, more = parse_assumptions(tree()).sizes[0], tree(tam="people * hit * price * sure")
    more["size"][0]["factor"]["sure"] = {"value": 1, "unit": "1", "assumption": "nothing"}
    assert size([first], COUNTS, 5) == size([first], COUNTS, 5) != size([first], COUNTS, 6)
    ((tam, _),) = size([first], COUNTS, 5)
    ((other, _),) = size(parse_assumptions(more).sizes, COUNTS, 5)
    assert (tam.median, tam.low, tam.high) == (other.median, other.low, other.high)


def test_what_was_parsed_reads_back_the_same():
    given = tree(words=["Invoice"])
    given["size"][0]["factor"]["people"]["quote"] = "there are 1,000 of them"
    parsed = parse_assumptions(given)
    assert parse_assumptions(parsed.to_json()) == parsed
    assert parsed.sizes[0].fits("need_1", frozenset({"invoice", "columns"}))
    assert not parsed.sizes[0].fits("need_1", frozenset({"columns"}))


WRONG = [
    (changed("price", assumption=None), "exactly one of url, document, count or assumption"),
    (changed("price", url="https://x.org/y"), "exactly one of"),
    (changed("price", mid=None), "mid is missing"),
    (changed("price", mid=30), "each must be above the one before"),
    (changed("price", unit="EUR"), "must be money a year"),
    (changed("price", unit="people!"), "is none"),
    (changed("price", low=0), "a number above 0"),
    (changed("price", low="ten"), "a number above 0"),
    (changed("price", low=float("nan")), "a number above 0"),
    (changed("price", low="1e999"), "a number above 0"),
    (changed("price", assumption=" "), "1 to 500 printable characters"),
    (changed("people", url="javascript:alert(1)"), "begins with https"),
    (changed("people", quote="there are 999 of them"), "the quote says neither 1000"),
    (changed("people", document="d1", url=None), "give quote"),
    (changed("hit", count="luck"), "count is 'luck'"),
    (changed("hit", value=3), "counted, and value is told"),
    (changed("idle", value=3, unit="1", assumption="x"), "'idle' is used by no figure"),
    (changed("Price", value=3, unit="1", assumption="x"), "name it in small letters"),
    (tree(tam="people * 12 * price"), "holds the number 12"),
    (tree(tam="people * prize"), "names 'prize', which is no factor"),
    (tree(tam="people + price"), "adds person to"),
    (tree(tam="__import__('os').system('x')"), "only names"),
    (tree(tam="people ** price"), "only names"),
    (tree(tam="(" * 300 + "people"), "write like people"),
    (tree(need="n", words=["x"]), "need or words, not both"),
    (tree(extra=1), "'extra' is not known"),
    ({"size": []}, "a list of 1 to 50"),
    ({"size": [{"tam": "x", "factor": {}}]}, "1 to 30 factors"),
    ({"size": [3]}, "no table"),
    ({}, "a list of 1 to 50"),
]


@pytest.mark.parametrize(("given", "told"), WRONG, ids=[told for _, told in WRONG])
def test_what_is_wrong_with_assumptions_is_told(given, told):
    with pytest.raises(BadAssumptions) as caught:
        parse_assumptions(given)
    assert told in caught.value.detail


def test_a_part_that_is_larger_than_its_whole_is_refused():
    given = tree(sam="people * price", factor=tree()["size"][0]["factor"])
    with pytest.raises(BadAssumptions, match="sam is larger than tam in 100 % of the draws"):
        size(parse_assumptions(given).sizes, COUNTS, 0)


@pytest.mark.parametrize(
    ("text", "shown", "scale"),
    [
        ("people/year", "person/year", 1.0),
        ("USD per practice per month", "USD/practice/year", 12.0),
        ("%", "1", 0.01),
        ("companies", "company", 1.0),
        ("visits/week", "visit/year", 365.25 / 7),
        ("1", "1", 1.0),
    ],
)
def test_units_are_words_currencies_and_times(text, shown, scale):
    unit = parse_unit(text)
    assert (str(unit.dimension), unit.scale) == (shown, pytest.approx(scale))


@given(st.text(max_size=100))
def test_any_text_is_a_unit_or_is_refused(text):
    with suppress(Invalid):
        assert parse_unit(text).scale > 0


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["size", "tam", "factor", "x", "unit", "low", "url", "count"]), inner)
        ),
        max_leaves=20,
    )
)
def test_any_value_gives_assumptions_or_is_refused_in_words(value):
    try:
        parse_assumptions(value if isinstance(value, dict) else {"size": [{"tam": "x", "factor": {"x": value}}]})
    except BadAssumptions as error:
        assert error.detail


def test_numbers_of_a_quote_are_read_however_thousands_are_set_apart():
    assert Decimal(210_000) in numbers_in("about 210,000 practices, 3.5 each")
    assert Decimal("3.5") in numbers_in("about 210,000 practices, 3.5 each")
    assert Decimal(210_000) in numbers_in("210 000")


def test_a_file_of_toml_keeps_its_decimals_and_a_bad_one_is_named(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text(
        '[[size]]\ntam = "m"\n[size.factor.m]\nlow = 0.10\nmid = 0.20\nhigh = 1.30\n'
        'unit = "USD/year"\nassumption = "x"\n'
    )
    assert read_assumptions(path).sizes[0].factors[0].low == "0.10"
    path.write_text("not toml")
    with pytest.raises(BadAssumptions, match="a.toml: is not TOML"):
        read_assumptions(path)
    with pytest.raises(BadAssumptions, match="cannot be read"):
        read_assumptions(tmp_path / "none.toml")


def test_counted_shares_are_as_sure_as_their_counts():
    few, many = ({"voices": n, "corpusVoices": 10 * n} for n in (3, 300))
    given = {
        "hit": {"count": "voices", "of": "corpusVoices"},
        "m": {"value": 1, "unit": "USD/year", "assumption": "x"},
    }
    trees = parse_assumptions({"size": [{"tam": "m * hit", "factor": given}]}).sizes
    widths = [float(f.high) - float(f.low) for counts in (few, many) for ((f,),) in [size(trees, counts, 0)]]
    assert np.isfinite(widths).all()
    assert widths[1] < widths[0] / 5
