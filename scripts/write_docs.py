"""Write the parts of the documents that come from the program: the settings, and the README's output."""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from aia.config.settings import settings_table
from aia.infra.plugins import load_plugins
from aia.tokens.genesis import read_genesis
from aia.tokens.parameters import DEFINITIONS
from aia.ventures.monitoring import Proposal

ROOT = Path(__file__).resolve().parent.parent
SHOWN = 3
HEAD = """# Settings

Read from the environment once, when a process starts. Nothing is required when AIA runs embedded; with
`ENVIRONMENT=production` a missing or weak secret refuses to start and is named. Made by `make docs`.

| Name | Default | Meaning |
| --- | --- | --- |
"""


def settings_page() -> str:
    rows = [
        f"| `{name}` | {f'`{default}`' if default else ''} | {text} |" for name, default, text in settings_table()
    ]
    return HEAD + "\n".join(rows) + "\n"


def proposal_schema() -> str:
    """The JSON Schema of a draft proposal for funding, from its types."""
    schema = Proposal.model_json_schema(by_alias=True)
    named = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:aia:schema:funding-proposal:1"}
    return json.dumps(named | schema, indent=1) + "\n"


def sample_output() -> str:
    """What `make discover` prints, with the opportunities after the third left out and the run's id named."""
    with tempfile.TemporaryDirectory() as home:
        kept = {k: v for k, v in os.environ.items() if not k.endswith("_API_KEY") and k != "DATABASE_URL"}
        environment = kept | {"AIA_HOME": home, "OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "aia.cli", "discover"]
        run = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
        text = re.sub(r"msn_[0-9a-z]{26}", "MISSION", run.stdout.replace(str(Path(home)), ".aia"))
    head, _, rest = text.partition(f"\n{SHOWN + 1:3}. ")
    tail = rest[rest.index("\n\nAgent") :]
    return f"{head.strip()}\n     ...{tail.rstrip()}\n"


def readme(text: str) -> str:
    """The README with its output block made anew."""
    block = f"<!-- output:begin -->\n```\n{sample_output()}```\n<!-- output:end -->"
    return re.sub(r"<!-- output:begin -->.*<!-- output:end -->", lambda _: block, text, flags=re.DOTALL)


def genesis_table() -> str:
    """The allocations of the built-in genesis file."""
    lines = ["| account | share | limit of an epoch | vested |", "| --- | --- | --- | --- |"]
    for a in read_genesis(None).allocations:
        terms = "" if a.terms is None else f"{a.terms.duration_days} days, cliff {a.terms.cliff_days}"
        lines.append(f"| `{a.account}` | {a.share_bps / 100:g} % | {a.epoch_limit_bps / 100:g} % | {terms} |")
    return "\n".join(lines)


def parameter_table() -> str:
    """The governed parameters, as nobody has changed them yet."""
    rows = [f"| `{name}` | {d.default} | {d.low} to {d.high} | {d.meaning} |" for name, d in DEFINITIONS.items()]
    return "\n".join(["| parameter | default | bounds | meaning |", "| --- | --- | --- | --- |", *rows])


def tokens_page(text: str) -> str:
    """docs/tokens.md with its tables made anew."""
    for name, table in (("genesis", genesis_table()), ("parameters", parameter_table())):
        begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
        text = re.sub(f"{begin}.*{end}", f"{begin}\n{table}\n{end}", text, flags=re.DOTALL)
    return text


def sources_page(text: str) -> str:
    """docs/sources.md with its table of files made anew."""
    rows = "".join(
        f"| `{name}` | {source.reads} | {_fields(source)} |\n" for name, source in load_plugins("aia.sources")
    )
    table = f"| name | reads | fields kept besides text and date |\n| --- | --- | --- |\n{rows}"
    block = f"<!-- sources:begin -->\n{table}<!-- sources:end -->"
    return re.sub(r"<!-- sources:begin -->.*<!-- sources:end -->", lambda _: block, text, flags=re.DOTALL)


def _fields(source: Any) -> str:
    if source.layout is None:
        return "told from the data"
    named = [name for name in ("id", "author", "source") if getattr(source.layout, name)]
    return ", ".join([*named, *(name for name in source.layout.extra if name not in named)])


def main() -> None:
    tokens = ROOT / "docs" / "tokens.md"
    tokens.write_text(tokens_page(tokens.read_text(encoding="utf-8")), encoding="utf-8")
    (ROOT / "docs" / "settings.md").write_text(settings_page(), encoding="utf-8")
    schemas = ROOT / "docs" / "schemas"
    schemas.mkdir(exist_ok=True)
    (schemas / "funding-proposal-1.json").write_text(proposal_schema(), encoding="utf-8")
    path = ROOT / "README.md"
    path.write_text(readme(path.read_text(encoding="utf-8")), encoding="utf-8")
    sources = ROOT / "docs" / "sources.md"
    sources.write_text(sources_page(sources.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
