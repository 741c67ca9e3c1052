"""Write the parts of docs/ that come from the program: the table of settings."""

from pathlib import Path

from aia.config.settings import settings_table

ROOT = Path(__file__).resolve().parent.parent
HEAD = """# Settings

Read from the environment once, when a process starts. Nothing is required when AIA runs embedded; with
`ENVIRONMENT=production` a missing or weak secret refuses to start and is named. Made by `make docs`.

| Name | Default | Meaning |
| --- | --- | --- |
"""


def main() -> None:
    rows = "".join(
        f"| `{name}` | {f'`{default}`' if default else ''} | {text} |\n" for name, default, text in settings_table()
    )
    (ROOT / "docs" / "settings.md").write_text(HEAD + rows, encoding="utf-8")


if __name__ == "__main__":
    main()
