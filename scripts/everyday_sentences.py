"""Made-up everyday sentences, a line each: python scripts/everyday_sentences.py WORDNET_FOLDER VOCAB.txt N > out.

Frames of our own wording (questions, complaints, requests, praise, offers), filled with words of WordNet that
BERT's vocabulary holds whole, common ones more often. They show the table what function words, negation and
word order of everyday language do to a sentence model's vectors; glosses hardly have any.
"""

import random
import re
import sys
from pathlib import Path

FRAMES = """
how do i {v} my {n}?
how can i {v} the {n} of my {m}?
how long does it take to {v} a {n}?
how much does it cost to {v} the {n}?
how many {n}s can i {v}?
why was my {n} {d}?
why is the {n} so {a}?
why can't i {v} my {n} {t}?
why does the {n} {v} the {m}?
what is the {n} of the {m}?
what should i do if my {n} is {d}?
what happens when the {n} is {a}?
where can i {v} a {n}?
where is my {n}?
when will my {n} be {d}?
who can {v} the {n} for me?
can i {v} a {n} without a {m}?
can you {v} my {n} please?
can the {n} be {d} with a {m}?
is it possible to {v} the {n} {t}?
is there a {n} that can {v} {m}s?
is there any way to {v} the {n}?
do you {v} {n}s in {m}?
does the {n} have a {m}?
do i need a {n} to {v} the {m}?
are {n}s {d} by the {m}?
which {n}s do you {v}?
please {v} the {n}.
please tell me how to {v} the {n}.
please add a {n} for the {m}.
could you help me {v} my {n}?
i need to {v} my {n} {t}.
i want to {v} the {n} but the {m} is {a}.
i want a {n} for my {m}.
i would like to {v} a {n}.
i wish the {n} could {v} my {m}.
i am trying to {v} my {n}.
i tried to {v} the {n} {t} and it failed.
i can't {v} my {n}.
i cannot find the {n} for the {m}.
i could not {v} the {n} because of the {m}.
i have {d} my {n}.
i {d} the {n} {t} but the {m} is still {a}.
i don't know how to {v} a {n}.
i do not understand the {n}.
i don't have a {n} any more.
i lost my {n} {t}.
i never {d} this {n}.
i was {d} for a {n} i did not {v}.
i was told the {n} would be {d}.
i think my {n} has been {d}.
i keep getting a {n} when i {v} the {m}.
i have been waiting {p} for my {n}.
i paid for a {n} and got a {m}.
it takes {p} to {v} one {n}.
it would be great to {v} {n}s.
my {n} is {a}.
my {n} is not {d} yet.
my {n} was {d} {t}.
my {n} has not {d}.
my {n} won't {v}.
my {n} {v}s the {m} {t}.
my {n} {m} does not work.
my {n} shows the wrong {m}.
the {n} is too {a}.
the {n} is {a} and the {m} is {b}.
the {n} was {d} twice.
the {n} did not {v} the {m}.
the {n} does not {v} on my {m}.
the {n} keeps {g} the {m}.
the {n} stopped {g} {t}.
the {n} crashes when i {v} a {m}.
the {n} {m} is {a}.
the {n} never {v}s my {m}.
the {n} refused to {v} my {m}.
the {n} of the {m} was {d} by mistake.
the new {n} made the {m} {a}.
there is no {n} for {g} a {m}.
there is a {n} in my {m} that i did not {v}.
there should be a {n} to {v} {m}s.
they {d} my {n} without a {m}.
they refuse to {v} the {n}.
they {d} me a {a} {n}.
they said the {m} would {v} the {n} but it was not {d}.
we {v} {n}s for {m}s.
we need a {n} that can {v} our {m}.
we spend {p} {g} {n}s by hand.
we use a {n} to {v} the {m}.
our {n} needs to {v} every {m}.
our team {v}s {n}s with a {m}.
nobody {d} the {n}.
no one answers when i {v} the {n}.
someone {d} my {n} {t}.
something is wrong with the {n}.
this {n} is {a}, i love the {m}.
this {n} makes it easy to {v} {m}s.
great {n}, but the {m} is {a}.
love the {n}, hate the {m}.
thanks for the {a} {n}.
{g} a {n} is {a}.
{g} the {n} takes too long.
{n} not {g}.
{n} {m} missing.
{n} {d} but no {m}.
{a} {n} for {m}s.
{n} for {b} {m}s.
a {n} that {v}s your {m}.
a {a} way to {v} {n}s.
online {n} for {m} {g}.
{m} {n} software for {a} {k}s.
help {n}s {v} {m}s.
{v} your {n} {t}.
{v} {n}s and {m}s in one {k}.
add an option to {v} {n}s by {m}.
still no {n} after {p}.
after {p} the {n} was {d}.
because the {n} was {a}, i {d} the {m}.
if i {v} the {n}, will the {m} be {d}?
should i {v} the {n} or the {m}?
we met at the {n} and talked about the {m}.
he {d} the {n} with a {m}.
she {v}s a {n} in the {m}.
the {n} opens {t}.
""".strip().splitlines()
TIMES = (
    "today",
    "yesterday",
    "last week",
    "this morning",
    "on monday",
    "every day",
    "at night",
    "from abroad",
    "online",
    "on my phone",
    "at home",
    "at work",
    "again",
    "in time",
    "at once",
    "by email",
)
PERIODS = ("two days", "three weeks", "a month", "hours", "ten minutes", "half a year", "a long time", "all day")


def lemmas(folder: Path, part: str, vocabulary: dict[str, int]) -> list[str]:
    """Words of a part of speech that the vocabulary holds whole, the commonest (first there) first."""
    found: dict[str, None] = {}
    for line in (folder / f"data.{part}").read_text(encoding="latin-1").splitlines():
        if not line.startswith(" "):
            fields = line.split()
            found.update(
                dict.fromkeys(re.sub(r"\(.*", "", w).lower() for w in fields[4 : 4 + 2 * int(fields[3], 16) : 2])
            )
    known = [word for word in found if word in vocabulary and word.isascii() and word.isalpha() and len(word) > 2]
    return sorted(known, key=lambda word: vocabulary[word])


def past(verb: str) -> str:
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ied"
    return verb + "ed"


def going(verb: str) -> str:
    return verb[:-1] + "ing" if verb.endswith("e") and not verb.endswith("ee") else verb + "ing"


def main() -> None:
    folder, vocabulary_file, count = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    vocabulary = {piece: i for i, piece in enumerate(vocabulary_file.read_text(encoding="utf-8").splitlines())}
    words = {part: lemmas(folder, part, vocabulary) for part in ("noun", "verb", "adj")}
    random_numbers = random.Random(0)

    def pick(part: str) -> str:
        return words[part][int(len(words[part]) * random_numbers.random() ** 1.7)]

    lines: dict[str, None] = {}
    while len(lines) < count:
        verb, done = pick("verb"), pick("verb")
        filled = random_numbers.choice(FRAMES).format(
            n=pick("noun"), m=pick("noun"), k=pick("noun"), a=pick("adj"), b=pick("adj"), v=verb, d=past(done),
            g=going(verb), t=random_numbers.choice(TIMES), p=random_numbers.choice(PERIODS),
        )  # fmt: skip
        lines[filled] = None
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
