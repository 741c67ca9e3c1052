"""Change the posting rules in every place mutmut knows, and see whether the tests of the rules notice.

    make campaign-mutation
    make campaign-mutation ARGS="--children 1"

Works in a copy of the project, so the tree stays as it is. Prints every mutant that survived, as a
difference, and the score; the end is 1 when the score is below 90 %.
mutmut changes functions only: the tables of a module are held by `tests/ledger/test_planted_faults.py`.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
SCORE_LEAST = 0.9
COPIED = ("aia", "campaigns", "tests", "pyproject.toml", "README.md", "LICENSE")
MUTMUT = (sys.executable, "-m", "mutmut")


def copy_of_the_project(folder: Path) -> None:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)


def told(folder: Path, *arguments: str) -> str:
    return subprocess.run([*MUTMUT, *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--children", type=int, default=2, help="mutants tried at a time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aia-mutation-") as name:
        folder = Path(name)
        copy_of_the_project(folder)
        subprocess.run([*MUTMUT, "run", "--max-children", str(options.children)], cwd=folder, check=True)
        told(folder, "export-cicd-stats")
        counts = json.loads((folder / "mutants" / "mutmut-cicd-stats.json").read_text())
        survived = [line.split(":")[0].strip() for line in told(folder, "results").splitlines() if "survived" in line]
        for mutant in survived:
            print(told(folder, "show", mutant))
    noticed = counts["killed"] + counts["timeout"] + counts.get("segfault", 0)
    score = noticed / counts["total"]
    print(f"{counts['total']} mutants, {noticed} noticed, {len(survived)} survived: {score:.1%}")
    sys.exit(score < SCORE_LEAST)


if __name__ == "__main__":
    main()
