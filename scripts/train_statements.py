"""Train the n-gram model that tells problems and requests from other sentences.

    python scripts/train_statements.py VADER_LEXICON aia/ventures/statements/data/model.npz

What it learns from, and nothing else: sentences of our own frames below, each labelled by hand; filled with words
of the shipped vocabulary (BERT's, Apache-2.0), and with words of feeling of VADER's lexicon (Hutto and Gilbert, 2014;
MIT licence, from the wheel `vaderSentiment` 3.3.2). No text or label of the data sets it is measured on takes part.

Multinomial logistic regression on hashed n-grams (Weinberger et al., 2009), fitted by averaged stochastic gradient
descent, quantised to 8 bits with one scale a class. The same seed gives the same file.
"""

import random
import sys
from pathlib import Path

import numpy as np

from aia.text.statements.ngrams import BUCKETS, CLASSES, features

SENTENCES = 60_000
EPOCHS = 6
RATE = 0.5
DECAY = 1e-6

FRAMES = {
    "problem": """
the {n} is {bad}.
my {n} was {bad} and the {m} is {bad}.
they {d} my {n} without telling me.
they {d} me twice for the same {n}.
the {n} {bad} me.
i was {d} for a {n} that i never {d}.
i have been waiting {p} for my {n}.
it has been {p} and nothing has happened.
after {p} i still have no {n}.
nobody answers my {n}.
no one at the {n} could tell me why.
the agent was {bad} and hung up.
they keep {g} me about a {n}.
they kept {g} my {n} even after i {d} it.
he refused to {v} my {n}.
she told me one thing and then the {m} said another.
i called {p} and got nowhere.
i have called many times about the {n}.
i spent {p} on the phone with no result.
my {n} has been {bad} since {t}.
the {n} fails when i {v} a {m}.
the {n} crashes every time i {v} the {m}.
the {n} stopped {g} {t}.
the {n} does not {v} the {m}.
the {n} did not {v} my {m}.
my {n} won't {v}.
i can't {v} my {n}.
i cannot {v} the {n} without a {m}.
i was unable to {v} my {n}.
i lost my {n} because of the {m}.
i had to {v} a {n} because they {d} the {m}.
this has cost me {x} {n}s.
this caused {bad} to my {n}.
it is {bad} that they {v} {n}s.
they claim that i {d} the {n}, which is {bad}.
this {n} is not mine.
i never {d} this {n}.
i did not {v} this {m}.
i don't recognise this {n}.
there is a {n} on my {m} that i do not know.
their {n} is {bad} and {bad}.
the {n} shows the wrong {m}.
the {n} is missing.
the {n} of the {m} is wrong.
my {n} disappeared.
my {n} got {bad} after the {m}.
the {n} takes {p}.
the {n} is too {a}.
we lose {p} every week {g} {n}s by hand.
we waste {x} {n}s on {g} {m}s.
our {n} is {bad} at {g} {m}s.
it is hard to {v} the {n}.
the {n} ignores my {m}.
they ignore every {n} i {v}.
they have ignored my {n} for {p}.
they sold my {n} without asking.
they closed my {n} for no reason.
they gave me no reason for the {n}.
without any explanation they {d} my {n}.
still no {n}.
no {n} and no {m}.
{bad} {n}.
{bad} service and {bad} {n}.
what a {bad} {n}.
this is {bad}.
i am {bad} with this {n}.
i feel {bad} about the {n}.
i am {bad} because of the {n}.
i was {bad} by their {m}.
""",
    "request": """
please {v} my {n}.
please {v} the {n} and {v} the {m}.
please tell me how to {v} the {n}.
please help.
kindly {v} the {n}.
could you {v} my {n}?
can you {v} the {n} for me?
can i {v} a {n} without a {m}?
may i {v} the {n} {t}?
is there a way to {v} the {n}?
is it possible to {v} {n}s {t}?
how do i {v} my {n}?
how can i {v} the {n} of my {m}?
how much does a {n} cost?
how long does a {n} take?
how many {n}s can i {v}?
what is the {n} of the {m}?
what do i need to {v} a {n}?
which {n} can i {v}?
where can i {v} a {n}?
when will my {n} be {d}?
who can {v} my {n}?
why do you need my {n}?
do you {v} {n}s?
does the {n} {v} {m}s?
will the {n} be {d}?
are {n}s {d}?
should i {v} the {n}?
tell me about the {n}.
explain the {n} to me.
i want the {n} to be {d}.
i want to {v} the {n}.
i want my {n} back.
i would like to {v} a {n}.
i would like you to {v} my {n}.
i need to {v} my {n}.
i need a {n} for the {m}.
i need help with my {n}.
i wish the {n} could {v} my {m}.
i wish there were a {n}.
i ask you to {v} the {n}.
i demand that you {v} the {n}.
i request a {n}.
i am looking for a {n} that can {v} {m}s.
we need a {n} that {v}s our {m}.
we want to {v} {n}s {t}.
it would be great to {v} {n}s.
it would help if the {n} could {v} {m}s.
there should be a {n} for {m}s.
you should {v} the {n}.
this {n} should be {d}.
they should {v} the {n} at once.
the {n} must be {d}.
add a {n} for {m}s.
add an option to {v} {n}s.
remove the {n} from my {m}.
let us {v} {n}s by {m}.
give me the {n}.
send me the {n} of the {m}.
any chance of a {n}?
any plans to {v} {n}s?
feature request: {v} {n}s.
""",
    "other": """
i {d} a {n} {t}.
i {d} the {n} and the {m}.
i {d} my {n} with a {m} {t}.
i called the {n} {t}.
i called and spoke to a {n}.
i spoke with the {n} {t}.
i sent the {n} to the {m}.
i received a {n} from the {m}.
i received the {n} {t}.
i applied for a {n} {t}.
i opened a {n} with the {m}.
i have a {n} and a {m}.
i have had this {n} for {p}.
i had a {n} at the time.
i paid the {n} {t}.
i made the {m} on time.
i was {g} a {n} at the time.
i was told that the {n} is a {m}.
she said that the {n} was {d}.
he told me to {v} the {n}.
they said the {n} would be {d}.
they sent me a {n} {t}.
they asked me to {v} the {n}.
they {d} the {n} {t}.
the {n} was {d} {t}.
the {n} was {d} and the {m} was {d}.
the {n} is a {m}.
the {n} is {good}.
the {n} {v}s the {m}.
the {n} opens {t}.
the {n} of the {m} is {x}.
the company is a {n}.
my {n} is a {m}.
my {n} {v}s {m}s.
my {n} is {good}.
we {v} {n}s for {m}s.
we {v} {n}s and {m}s.
we {d} the {n} {t}.
we met at the {n}.
we have been {g} {n}s for {p}.
our team {v}s {n}s with a {m}.
this {n} is {good}, i love the {m}.
this {n} makes it easy to {v} {m}s.
this {n} was {d} by the {m}.
thanks for the {good} {n}.
thank you for your {n}.
great {n}.
{good} {n} and {good} {m}.
love the {n}.
{a} {n} for {m}s.
{n} for {b} {m}s.
a {n} that {v}s your {m}.
a {a} way to {v} {n}s.
online {n} for {m} {g}.
{m} {n} software for {a} {k}s.
help {n}s {v} {m}s.
{v} your {n} {t}.
{v} {n}s and {m}s in one {k}.
building {n}s for {m}s.
the {a} {n} platform.
{n} of the {m}, {x}.
section {x} of the {n}.
{n} number {x}, {m} {x}.
according to the {n}, a {m} is a {k}.
the law says that a {n} {v}s the {m}.
under section {x} a {n} must {v} the {m}.
as a {n} i {v} {m}s.
when i was a {n} i {d} {m}s.
at that time the {n} was {d}.
then i {d} the {n}.
so i {d} the {n} {t}.
in the {n} there is a {m}.
next i {d} the {n}.
it was a {a} {n}.
it is a {n} about {m}s.
he {d} the {n} with a {m}.
she {v}s a {n} in the {m}.
{good} morning, {n}.
to whom it may concern.
dear {n}.
""",
}
TIMES = (
    "today",
    "yesterday",
    "last week",
    "this morning",
    "on monday",
    "every day",
    "online",
    "on 0 0 0",
    "again",
    "by email",
    "at work",
    "in 0",
    "over the phone",
    "through their website",
    "at once",
    "on my phone",
)
PERIODS = (
    "two days",
    "three weeks",
    "a month",
    "hours",
    "0 minutes",
    "half a year",
    "0 months",
    "all day",
    "years",
    "0 days",
)
OPENINGS = (
    "",
    "",
    "",
    "",
    "",
    "",
    "and ",
    "but ",
    "so ",
    "also ",
    "then ",
    "now ",
    "again, ",
    "furthermore, ",
    "in addition, ",
    "today ",
    "as of today, ",
    "on 0 0 0, ",
    "since then ",
    "unfortunately, ",
    "however, ",
    "hello, ",
    "because of this ",
)


def past(verb: str) -> str:
    return (
        verb + "d"
        if verb.endswith("e")
        else verb[:-1] + "ied"
        if verb.endswith("y") and verb[-2] not in "aeiou"
        else verb + "ed"
    )


def going(verb: str) -> str:
    return verb[:-1] + "ing" if verb.endswith("e") and not verb.endswith("ee") else verb + "ing"


def made(lexicon: Path, vocabulary: Path, count: int) -> tuple[list[str], list[int]]:
    """Sentences and their classes, as many of each class."""
    drawn = random.Random(0)
    pieces = vocabulary.read_text(encoding="utf-8").splitlines()
    words = [w for w in pieces[2000:14000] if w.isascii() and w.isalpha() and len(w) > 3]
    feelings = [line.split("\t")[:2] for line in lexicon.read_text(encoding="utf-8").splitlines()]
    known = [(word, float(value)) for word, value in feelings if word.isascii() and word.isalpha() and len(word) > 2]
    slots = {"bad": [w for w, v in known if v <= -1.0], "good": [w for w, v in known if v >= 1.0]}
    neutral = sorted(set(words) - {w for w, _ in known})

    def pick(slot: str) -> str:
        return drawn.choice(slots.get(slot, neutral))

    frames = {label: text.strip().splitlines() for label, text in FRAMES.items()}
    sentences: list[str] = []
    classes: list[int] = []
    for number in range(count):
        label = CLASSES[number % len(CLASSES)]
        verb, done = pick("v"), pick("v")
        filled = drawn.choice(frames[label])
        while "{bad}" in filled or "{good}" in filled:
            filled = filled.replace("{bad}", pick("bad"), 1).replace("{good}", pick("good"), 1)
        filled = filled.format(
            n=pick("n"),
            m=pick("m"),
            k=pick("k"),
            a=pick("a"),
            b=pick("b"),
            v=verb,
            d=past(done),
            g=going(verb),
            x="0",
            t=drawn.choice(TIMES),
            p=drawn.choice(PERIODS),
        )
        if drawn.random() < 0.3:
            filled = (
                filled.rstrip(".?")
                + drawn.choice((" " + drawn.choice(TIMES), " and the " + pick("n"), " for a " + pick("n")))
                + filled[-1]
            )
        sentences.append(drawn.choice(OPENINGS) + filled)
        classes.append(CLASSES.index(label))
    return sentences, classes


def fit(rows: list[np.ndarray], classes: list[int]) -> np.ndarray:
    """(BUCKETS, classes) weights: averaged stochastic gradient descent on the multinomial log loss."""
    weights = np.zeros((BUCKETS, len(CLASSES)))
    total = np.zeros_like(weights)
    order, steps = list(range(len(rows))), 0
    for epoch in range(EPOCHS):
        random.Random(epoch).shuffle(order)
        rate = RATE / (1 + epoch)
        for start in range(0, len(order), 64):
            batch = order[start : start + 64]
            flat = np.concatenate([rows[i] for i in batch])
            owner = np.repeat(np.arange(len(batch)), [len(rows[i]) for i in batch])
            scale = 1 / np.sqrt([len(rows[i]) for i in batch])
            scores = np.zeros((len(batch), len(CLASSES)))
            np.add.at(scores, owner, weights[flat])
            scores *= scale[:, None]
            shares = np.exp(scores - scores.max(axis=1, keepdims=True))
            shares /= shares.sum(axis=1, keepdims=True)
            shares[np.arange(len(batch)), [classes[i] for i in batch]] -= 1
            weights *= 1 - rate * DECAY * 64
            np.add.at(weights, flat, -rate * (shares * scale[:, None])[owner] / 8)
            total += weights
            steps += 1
    return total / steps


def main() -> None:
    lexicon, out = Path(sys.argv[1]), Path(sys.argv[2])
    vocabulary = Path(__file__).parent.parent / "aia/ventures/vectors/data/vocab.txt"
    sentences, classes = made(lexicon, vocabulary, SENTENCES)
    buckets, owners = features(sentences)
    order = np.argsort(owners, kind="stable")
    ends = np.cumsum(np.bincount(owners))[:-1]
    weights = fit(np.split(buckets[order], ends), classes)
    scales = np.abs(weights).max(axis=0) / 127
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out, weights=np.round(weights / scales).astype(np.int8), scales=scales.astype(np.float32))


if __name__ == "__main__":
    main()
