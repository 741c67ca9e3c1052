"""The pure parts of the audit: ids in bulk, JSON lines, names of Beancount, bounded lists of problems."""

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from aia.ledger.audit.beancount import account_name, decimal, transaction
from aia.ledger.audit.export import _line
from aia.ledger.audit.leaves import id_texts
from aia.ledger.audit.replay import PROBLEMS_MAX, Problems, StoredAccount
from aia.ledger.log.leaf import LeafFields
from aia.ledger.store_ids import text_of

NUMBERS = (
    st.integers(0, 2**128 - 1) | st.integers(0, 2**100 + 5) | st.sampled_from([0, 2**100 - 1, 2**100, 2**128 - 1])
)
VALUES = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text()


@given(st.lists(NUMBERS, max_size=20))
def test_ids_in_bulk_are_the_ids_of_the_store(numbers: list[int]) -> None:
    expected = [text_of("tfr_", number) for number in numbers]
    assert id_texts("tfr_", [number.to_bytes(16, "big") for number in numbers]) == expected


def test_ids_in_bulk_of_any_number_are_those_of_the_store_and_a_short_one_is_refused() -> None:
    for count in (0, 1, 255, 256, 257, 600):
        numbers = [(n * 0x9E3779B97F4A7C15F39CC0605CEDC835 + n) % 2**128 >> n % 3 * 28 for n in range(count)]
        expected = [text_of("hld_", number) for number in numbers]
        assert id_texts("hld_", [number.to_bytes(16, "big") for number in numbers]) == expected
    with pytest.raises(ValueError, match="16 bytes"):
        id_texts("tfr_", [bytes(16), bytes(15)])


@given(st.dictionaries(st.sampled_from(["seq", "id", "memo", "hold", "amount", "expires_at"]), VALUES))
def test_a_line_of_an_export_is_canonical_json(value: dict[str, object]) -> None:
    try:
        expected = rfc8785.dumps(value)  # type: ignore[arg-type]
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        return
    assert _line(value).encode() == expected + b"\n"


@given(st.integers(-(2**60), 2**60))
def test_decimals_are_exact(units: int) -> None:
    text = decimal(units)
    whole, fraction = text.removeprefix("-").split(".")
    assert len(fraction) == 6
    assert (int(whole) * 10**6 + int(fraction)) * (-1 if text.startswith("-") else 1) == units


def test_accounts_have_names_that_beancount_takes_and_no_two_the_same() -> None:
    ids = ["agent:default:scout-1", "agent:Default:scout 1", "::", "été:x", "mint:AIA", "a" * 120]
    names = [account_name(StoredAccount(n, i, "AIA", 0, 0, 0, 0, False)) for n, i in enumerate(ids)]
    assert names[0] == "Assets:Agent:Default:Scout-1:N0"
    assert len(set(names)) == len(ids)
    assert all(part[0].isupper() or part[0].isdigit() for name in names for part in name.split(":"))
    assert account_name(StoredAccount(7, "mint:AIA", "AIA", None, 0, 0, 0, False)) == "Equity:Mint:AIA:N7"


def test_a_memo_cannot_break_out_of_its_quotes() -> None:
    fields = LeafFields(1, "tfr_1", "plain", "AIA", "a", "b", 5, 0, 0, 0, memo='"\n2026-01-01 open Assets:X \\')
    lines = transaction(fields, "Assets:A:N1", "Assets:B:N2").split("\n")
    assert lines[1] == '1970-01-01 * "\\" 2026-01-01 open Assets:X \\\\"'


def test_problems_are_counted_beyond_those_that_are_kept() -> None:
    problems = Problems()
    for number in range(PROBLEMS_MAX + 5):
        problems.add(str(number))
    assert (problems.count, len(problems.texts)) == (PROBLEMS_MAX + 5, PROBLEMS_MAX)
