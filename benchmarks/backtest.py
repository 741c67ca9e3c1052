"""Does AIA's forecast say which themes grow, beside popularity, inverse popularity and chance?

    python -m benchmarks.backtest [PATH] [--quick] [--development] [--json]

PATH is a dated corpus; default: the companies of ../shared/data (or AIA_SHARED). Cut-offs are those of
`aia ventures backtest` without `--cutoffs`: the latest five, half a year apart, that leave half the horizon.
The method was chosen on the cut-offs of `--development`, whose outcomes end before the first of those
(docs/decisions/0020-backtest-method.md).
"""

import argparse
import json
import os
import sys
from datetime import date
from pathlib import Path

from aia.corpora.sources import ReadOptions, read_corpus
from aia.text.vectors import shipped_table
from aia.ventures.backtest import PARTITIONS_DEFAULT, BacktestOptions, backtest, summary

DEVELOPMENT = tuple(date(year, month, 1) for year in range(2014, 2018) for month in (1, 7))
"""Of the companies in ../shared: outcomes of 24 months end with 2019-07."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    shared = Path(os.environ.get("AIA_SHARED", Path(__file__).parent.parent.parent / "shared"))
    parser.add_argument("path", nargs="?", type=Path, default=shared / "data/yc-companies/companies.jsonl.gz")
    parser.add_argument("--quick", action="store_true", help="one partition")
    parser.add_argument("--development", action="store_true", help="the cut-offs the method was chosen on")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if not arguments.path.is_file():
        print(f"{arguments.path} is not here: give the path of a dated corpus", file=sys.stderr)
        return 2
    documents = read_corpus(arguments.path, ReadOptions()).documents
    options = BacktestOptions(
        DEVELOPMENT if arguments.development else (), partitions=1 if arguments.quick else PARTITIONS_DEFAULT
    )
    results = backtest(documents, shipped_table(), options, progress=lambda line: print(line, file=sys.stderr))
    found = summary(results)
    for r in results:
        told = ", ".join(f"{order} {value:+.2f}" for order, value in r.spearman.items())
        print(f"{r.cutoff}: {r.themes:.0f} themes; Spearman {told}; 80 % intervals covered {r.coverage_80:.2f}")
    ratios = {
        "spearman_mean": found["spearman"]["aia"],
        "spearman_minus_inverse_popularity": found["spearman_minus_inverse_popularity"],
        "coverage_80": found["coverage_80"],
    }
    print(ratios)
    if arguments.json:
        detail = {"mean": found, "cutoffs": [r.to_json() for r in results]}
        print(json.dumps({"bench": "backtest", "ratios": ratios, "detail": detail}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
