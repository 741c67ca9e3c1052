"""Money is integers: `Units` of 10^-6 token, in 64 bits and below 2^53 so JSON keeps it exact."""

import re
from collections.abc import Sequence
from typing import NewType

from aia.core.errors import Invalid

Units = NewType("Units", int)

DECIMALS = 6
UNITS_PER_TOKEN = 10**DECIMALS
UNITS_MAX = 2**53 - 1
NOTHING = Units(0)

_DECIMAL = re.compile(r"[0-9]{1,10}(\.[0-9]{1,6})?")


def parse_units(text: str, field: str = "amount") -> Units:
    """Units of a decimal such as `12.5`; raises `Invalid` naming the field and the value."""
    if not _DECIMAL.fullmatch(text):
        raise Invalid(
            f"{field} is {text[:40]!r}: give a decimal of 0 or more with at most 6 places, like 12.5",
            field=field,
        )
    whole, _, fraction = text.partition(".")
    units = int(whole) * UNITS_PER_TOKEN + int(fraction.ljust(DECIMALS, "0") or "0")
    if units > UNITS_MAX:
        raise Invalid(f"{field} is {text}: more than {UNITS_MAX} units cannot exist", field=field)
    return Units(units)


def format_units(units: int) -> str:
    """The shortest exact decimal: 1500000 gives `1.5`, -250000 gives `-0.25`."""
    sign = "-" if units < 0 else ""
    whole, fraction = divmod(abs(units), UNITS_PER_TOKEN)
    places = f"{fraction:06d}".rstrip("0")
    return f"{sign}{whole}.{places}" if places else f"{sign}{whole}"


def apportion(total: Units, weights: Sequence[int]) -> tuple[Units, ...]:
    """Split `total` by integer weights with the largest-remainder method (Hamilton).

    The parts always sum to the total; ties go to the earlier part.
    Raises ValueError for no weights, a negative weight, or weights that sum to zero.
    """
    weight_sum = sum(weights)
    if weight_sum <= 0 or min(weights) < 0:
        raise ValueError("apportion needs weights of 0 or more that do not sum to zero")
    shares = [divmod(total * weight, weight_sum) for weight in weights]
    parts = [quotient for quotient, _ in shares]
    missing = total - sum(parts)
    by_remainder = sorted(range(len(parts)), key=lambda i: (-shares[i][1], i))
    for index in by_remainder[:missing]:
        parts[index] += 1
    return tuple(Units(part) for part in parts)
