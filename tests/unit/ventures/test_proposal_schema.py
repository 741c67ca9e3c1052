"""The published schema of a proposal is that of its types."""

import json
from pathlib import Path

from aia.ventures.monitoring import Proposal

SCHEMA = Path(__file__).parent.parent.parent.parent / "docs" / "schemas" / "funding-proposal-1.json"


def test_the_published_schema_is_the_one_of_the_types():
    published = json.loads(SCHEMA.read_text())
    assert published.pop("$id") == "urn:aia:schema:funding-proposal:1"
    published.pop("$schema")
    assert published == Proposal.model_json_schema(by_alias=True), "run: make docs"
