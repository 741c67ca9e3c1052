"""Reading a large export as a stream: memory and time of a sample of it, at two sizes.

    python -m campaigns.reading [--rows 1000000] [--sample 50000] [--json]

The export is generated in the shape the CFPB publishes (CSV of 18 columns, texts of some hundred characters). Each
size is read in a process of its own, as `aia discover --documents-max` reads it; its peak memory is measured from
outside. It is flat when the peak of all rows is near that of a tenth of them.
"""

import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

COLUMNS = (
    "Date received,Product,Sub-product,Issue,Sub-issue,Consumer complaint narrative,Company public response,Company,"
    "State,ZIP code,Tags,Consumer consent provided?,Submitted via,Date sent to company,Company response to consumer,"
    "Timely response?,Consumer disputed?,Complaint ID"
).split(",")
READ = """
import resource, sys
from pathlib import Path
from aia.ventures import ReadOptions, read_corpus
options = ReadOptions(documents_max=int(sys.argv[2]), sampled=True, input_bytes_max=1 << 40)
corpus = read_corpus(Path(sys.argv[1]), options)
print(len(corpus.documents), sum(corpus.reading.rejected.values()), corpus.reading.format,
      resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def write_export(path: Path, rows: int) -> None:
    rng = random.Random(7)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(3, 9))) for _ in range(5_000)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for i in range(rows):
            day = f"{1 + i % 12:02d}/{1 + i % 28:02d}/{2012 + i % 12}"
            said = " ".join(rng.choices(words, k=rng.randint(30, 90)))
            text = f"They charged me XXXX twice and nobody answers. {said}."
            head = [day, "Mortgage", "FHA", "Trouble during payment", "", text, "", f"BANK {i % 500}, N.A.", "NY"]
            writer.writerow([*head, "100XX", "", "Consent provided", "Web", day, "Closed", "Yes", "N/A", 10**6 + i])


def measure(path: Path, rows: int, sample: int) -> dict[str, Any]:
    write_export(path, rows)
    before, began = os.times(), time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path), str(sample)], stdout=subprocess.PIPE, text=True, check=True
    )
    wall, after = time.monotonic() - began, os.times()
    documents, left_out, form, peak = done.stdout.split()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return {
        "rows": rows,
        "input_mb": path.stat().st_size // 10**6,
        "documents": int(documents),
        "left_out": int(left_out),
        "format": form,
        "wall_s": round(wall, 1),
        "cpu_s": round(cpu, 1),
        "peak_mb": int(peak),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--sample", type=int, default=50_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "complaints.csv"
        results = [measure(path, rows, options.sample) for rows in (options.rows // 10, options.rows)]
    for result in results:
        print("  ".join(f"{name} {value}" for name, value in result.items()))
    grown = round(results[1]["peak_mb"] / results[0]["peak_mb"], 3)
    print(f"peak of all rows over that of a tenth of them: {grown}")
    if options.json:
        print(json.dumps({"campaign": "reading", "sizes": results, "peak_ratio": grown}))


if __name__ == "__main__":
    main()
