"""What `make` hands on, and how the checkout is linked into its virtual environment."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.link_project import _first_lines

ROOT = Path(__file__).parent.parent.parent
needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


# What a `make test` around these tests was given is not meant for the `make` inside them.
OUTER = {"ARGS", "BUDGET", "INPUT", "MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS", "PYTHON"}


def make(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in OUTER}
    command = ["make", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@needs_make
@pytest.mark.parametrize("path", ["my file.csv", 'it\'s 5$b `x` "y".csv', "a;b&c.csv", "café.csv"])
def test_an_input_path_reaches_the_command_as_it_was_written(path):
    done = make("--dry-run", "discover", f"INPUT={path}", "BUDGET=50", "ARGS=--top 3")
    last = shlex.split(done.stdout.splitlines()[-1])
    assert last == [".venv/bin/aia", "discover", path, "--budget", "50", "--top", "3"]


@needs_make
def test_without_an_input_the_sample_is_used():
    assert make("--dry-run", "discover").stdout.splitlines()[-1].split() == [".venv/bin/aia", "discover"]


@needs_make
def test_make_alone_lists_the_targets():
    listed = make().stdout
    for target in ("setup", "discover", "run", "test", "check", "format", "lock", "bench-%", "campaign-%", "clean"):
        assert f"\n{target} " in listed, target


@needs_make
def test_without_a_usable_python_the_message_says_what_is_needed(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    for lock in ("requirements.lock", "pyproject.toml"):
        (tmp_path / lock).touch()
    done = make("setup", "PYTHON=", folder=tmp_path)
    assert done.returncode == 2
    assert "needs Python 3.11 or newer" in done.stderr


@needs_make
def test_a_virtual_environment_copied_from_elsewhere_is_made_anew(tmp_path):
    """Its commands would run the code of the checkout it came from."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    bin_folder = tmp_path / ".venv" / "bin"
    bin_folder.mkdir(parents=True)
    (bin_folder / "python").symlink_to(sys.executable)
    for stamp in ("requirements.lock", "pyproject.toml", ".venv/.python", ".venv/.ready"):
        (tmp_path / stamp).write_text("/elsewhere\n")
    assert "-m venv --clear .venv" in make("--dry-run", "setup", folder=tmp_path).stdout
    (tmp_path / ".venv" / ".python").write_text(f"{tmp_path.resolve()}\n")
    (tmp_path / ".venv" / ".ready").touch()
    assert "venv --clear" not in make("--dry-run", "setup", folder=tmp_path).stdout


@pytest.mark.parametrize("folder", ["plain", "with space", 'it\'s "odd" $HOME `x` and ' + "long" * 30])
def test_the_linked_command_runs_whatever_the_folder_is_called(folder, tmp_path):
    place = tmp_path / folder
    place.mkdir()
    python = place / "python"
    python.symlink_to(sys.executable)
    command = place / "aia"
    command.write_text(_first_lines(str(python)) + "import sys\nprint(sys.argv[1:], end='')\n")
    command.chmod(0o755)
    done = subprocess.run([command, "a b", "c"], capture_output=True, text=True, check=True)
    assert done.stdout == "['a b', 'c']"
