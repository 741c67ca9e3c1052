"""Make the checkout importable in its virtual environment, with its commands and plugins.

The same as `pip install --no-deps --editable .`, without fetching a build backend: so that what is
installed comes from the hashed lock and nothing else. Standard library only.
"""

import shlex
import shutil
import sys
import sysconfig
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHEBANG_MAX = 127  # characters of a first line that every kernel in use takes


def main() -> None:
    """Write a .pth file, the distribution's metadata with its entry points, and the `aia` command."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    site = Path(sysconfig.get_paths()["purelib"])
    version = _version()
    for old in [*site.glob("aia-*.dist-info"), *site.glob("_editable_impl_aia*"), *site.glob("_aia.pth")]:
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    (site / "aia.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    info = site / f"aia-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: aia\nVersion: {version}\n", encoding="utf-8")
    (info / "INSTALLER").write_text("link_project\n", encoding="utf-8")
    groups = {"console_scripts": project["scripts"]} | project["entry-points"]
    sections = [f"[{group}]\n" + "".join(f"{n} = {t}\n" for n, t in items.items()) for group, items in groups.items()]
    (info / "entry_points.txt").write_text("\n".join(sections), encoding="utf-8")
    command = Path(sysconfig.get_paths()["scripts"]) / "aia"
    command.write_text(_first_lines(sys.executable) + "from aia.cli.main import main\n\nmain()\n", encoding="utf-8")
    command.chmod(0o755)


def _first_lines(python: str) -> str:
    """What starts a script for `python`: by way of sh where the kernel would not take its path."""
    if " " not in python and len(python) < SHEBANG_MAX:
        return f"#!{python}\n"
    # sh runs the second line; Python reads it and the third as one string, and goes on below.
    return f"#!/bin/sh\n'''exec' {shlex.quote(python)} \"$0\" \"$@\"\n' '''\n"


def _version() -> str:
    text = (ROOT / "aia" / "__init__.py").read_text(encoding="utf-8")
    return text.partition('__version__ = "')[2].partition('"')[0]


if __name__ == "__main__":
    main()
