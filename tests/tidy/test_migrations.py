"""The migrations are one chain, in the order of their numbers."""

import re
from pathlib import Path

from aia.infra.sql.migrate import HEAD

VERSIONS = Path(__file__).parent.parent.parent / "aia" / "infra" / "sql" / "migrations" / "versions"


def test_each_migration_has_its_own_number_and_follows_the_one_before():
    found = []
    for path in sorted(VERSIONS.glob("[0-9]*.py")):
        text = path.read_text(encoding="utf-8")
        revision, before = (
            re.search(rf'^{name}(?:: .*)? = "?(\w+)"?$', text, re.MULTILINE) for name in ("revision", "down_revision")
        )
        assert revision, path.name
        assert before, path.name
        found.append((path.name[:4], revision[1], before[1]))
    numbers = [f"{number:04d}" for number in range(1, len(found) + 1)]
    assert found == list(zip(numbers, numbers, ["None", *numbers[:-1]], strict=True))
    assert numbers[-1] == HEAD
