"""Sentences of WordNet 3.0 (glosses and examples), a line each: python scripts/wordnet_sentences.py FOLDER N > out.

FOLDER holds data.noun, data.verb, data.adj and data.adv, as Debian's package wordnet-base installs them.
"""

import random
import sys
from pathlib import Path


def main() -> None:
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    sentences: dict[str, None] = {}
    for part in ("noun", "verb", "adj", "adv"):
        for line in (folder / f"data.{part}").read_text(encoding="latin-1").splitlines():
            if not line.startswith(" ") and "|" in line:
                words = line.split("|", 1)[0].split()
                name = words[4].replace("_", " ")
                gloss, *examples = line.split("|", 1)[1].strip().split('"')
                sentences[f"{name}: {gloss.strip(' ;')}"] = None
                sentences.update(dict.fromkeys(e.strip() for e in examples if len(e.split()) > 3))
    chosen = random.Random(0).sample(sorted(sentences), min(count, len(sentences)))
    sys.stdout.write("\n".join(chosen) + "\n")


if __name__ == "__main__":
    main()
