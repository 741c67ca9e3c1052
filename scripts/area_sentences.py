"""Made-up sentences of areas of life and work, a line each: python scripts/area_sentences.py AREAS.txt N > out.

AREAS.txt (`scripts/everyday_areas.txt`) names the things of an area, what people do there and how things go. A
sentence keeps to one area, as people do, so the table learns words in the company they keep; frames ask, want,
fail, complain, praise, offer and report, with the asides of everyday writing before and behind.
"""

import random
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

CORES = """
how do i {v}?|how can i {v}?|how do i {v} with the {n}?|where can i {v}?|when can i {v}?|can i {v}?|can i {v} {t}?
can you {v} for me?|could you help me {v}?|is it possible to {v}?|is there a way to {v}?|am i allowed to {v}?
do i have to {v}?|do i need my {n} to {v}?|do i need to {v} before i {w}?|should i {v} or {w}?
is it too late to {v}?|what do i need to {v}?|what happens if i {v}?|what if i forget to {v}?|who can {v}?
who do i ask to {v}?|how long does it take to {v}?|how much does it cost to {v}?|how often should i {v}?
why can't i {v}?|why do i have to {v}?|why is it so hard to {v}?|why does it take {p} to {v}?
what is the best way to {v}?|will i be charged if i {v}?|does it cost extra to {v}?|can i still {v} after {p}?
can my partner {v} too?|i want to {v}|i would like to {v}|i need to {v} {t}|i need help to {v}
i have to {v}, but the {n} {s}|i am trying to {v}|i tried to {v} and it failed|i tried to {v} but the {n} {s}
i can't {v}|i cannot {v} any more|i was not able to {v}|i don't know how to {v}|i forgot to {v}|i do not want to {v}
i never asked to {v}|i had to {v} twice|i have been trying to {v} {p}|i keep trying to {v} but nothing happens
i decided to {v}|they would not let me {v}|it won't let me {v}|they told me to {v}
they promised to {v} and never did|nobody could help me {v}|please {v}|please let me {v}|please explain how to {v}
please stop asking me to {v}|every time i {v} i get an error|every time i {v} the {n} {s}|it was easy to {v}
it is impossible to {v}|you should be able to {v}|i wish i could {v}|it would be great to {v}|add an option to {v}
let us {v} {t}|we help people {v}|we make it easy to {v}|the easiest way to {v}|a tool to {v}|an app to {v} and {w}
software to {v}|{v} and {w} in one place|{v} without a {n}|{v} in minutes, not weeks|helping companies {v}|{v}
to {v} you need a {n}|before you {v}, check the {n}|you can {v} {t}|do not {v} if the {n} {s}|my {n} {s}|my {n} {s}
the {n} {s}|the {n} {s}|the {n} for my {m} {s}|our {n} {s}|this {n} {s}|{n} {s}|my {n} {s} and i want to {v}
my {n} {s} and now i can't {v}|my {n} {s} {t}|my new {n} {s}|their {n} {s}|the {n} {s}, so i could not {v}
the {n} {s} and nobody told me|the {n} {s} even though the {m} was fine|is it normal that the {n} {s}?
what can i do when the {n} {s}?|who pays if the {n} {s}?|why is it that my {n} {s}?|i am upset that the {n} {s}
i think the {n} {s}|they say the {n} {s}|it is not true that the {n} {s}|what if the {n} {s}?|where is my {n}?
where do i find the {n}?|when will i get my {n}?|when does the {n} come?|why is there no {n}?|what is a {n}?
what is the {n} for?|how does the {n} work?|which {n} should i choose?|which {n} is best for {m}?
how much is the {n}?|how many {n}s can i have?|do you have a {n}?|do you offer a {n} with {m}?|is the {n} free?
can i change my {n}?|can i get another {n}?|can i use my {n} {t}?|does the {n} include the {m}?|do i need a {n}?
is a {n} better than a {m}?|who is responsible for the {n}?|what are the rules about the {n}?
what's wrong with my {n}?|i lost my {n}|i need a new {n}|i got the wrong {n}|i did not get my {n}|i have no {n}
i am waiting for my {n}|i have been waiting {p} for the {n}|i have a question about the {n}
i have a problem with my {n} and the {m}|i paid for a {n} that i never got|i don't need the {n} any more
i can't find the {n}|i can see the {n} but not the {m}|i do not understand the {n}|i never got a reply about the {n}
i love the {n}|i hate the {n}|someone took my {n}|there is a problem with the {n}|there was no {n}
there is something wrong with the {n}|the {n} is great but the {m} is awful|the {n} is too expensive
the {n} is worse than before|not happy with the {n}|great {n}, fair price|best {n} i ever had|terrible {n}
{n} problem|{n} missing|{n} not working|{n} and {m}|{n} for {m}|{n} question|no {n} {t}|wrong {n}|new {n} needed
more {n}s, fewer {m}s|a better {n}|a {n} for everyone|a marketplace for {n}s|they lost my {n}|they took away my {n}
they gave me the wrong {n}|they charged me for the {n}|they changed the {n}|the company refuses to fix the {n}
the company ignored my letter about the {n}|he showed me the {n}|she asked for a {n}|we build a {n} that can {v}
we sell {n}s to people who {v}|{n} platform for {m}s|smart {n} for {a}|{n}s made simple|{g} is hard
{g} is not possible|{g} takes too long|{g} costs extra|{g} made things worse|{g} did not help|{g} failed again
i have trouble {g}|i am tired of {g}|i am thinking of {g}|i have been {g} {p}|i stopped {g}|i got charged for {g}
i was {g} when the {n} broke|i saved {p} by {g}|thanks for {g}|instead of {g}, i want to {w}|we spend hours {g}
problem with {g}|question about {g}|tips for {g}|fee for {g}|rules for {g}|software for {g}|help with {g}
what is the fee for {g}?|is {g} free?|is {g} safe?|what are the steps for {g}?|any tips on {g}?|do you support {g}?
do you offer help with {g}?|what do i do after {g}?|how come {g} does not work?|is {g} better than {h}?
after {g}, the {n} {s}|before {g}, read this|while {g}, i lost my {n}|without {g} you cannot {w}|{g} and {h}
how many times can i {v}?|how soon can i {v}?|how far in advance can i {v}?|how come i can't {v}?
at what time does the {n} open?|for how long is the {n} valid?|by when do i have to {v}?|whose {n} is this?
which {n} do i need to {v}?|what kind of {n} do you have?|what else can i do with the {n}?|what about my {n}?
has my {n} been sent?|has anyone else had a {n} like this?|have you seen my {n}?|did you get my {n}?
did my {n} change?|was my {n} approved?|were there any changes to the {n}?|would you recommend this {n}?
would it be possible to {v} {t}?|shouldn't the {n} be here by now?|isn't the {n} included?|aren't {n}s free?
doesn't the {n} come with a {m}?|don't you have any {n}s?|can't you just {v}?|won't the {n} expire?
haven't you received my {n}?|couldn't i just {v}?|tell me about the {n}|show me my {n}|give me a {n}|send me the {n}
explain the {n}|change my {n}|cancel the {n}|check my {n}|remove the {n}|update my {n}|my {n} and {m} don't match
my {n} is different from my {m}|my {n} is gone|my {n} looks strange|my {n} was not what i expected
my {n} is still not here|your {n} is wrong|your {n} does not work for me|i already have a {n}|i just got my {n}
i just want the {n}|i can only see one {n}|i thought the {n} was free|i saw a {n} i don't know
i didn't ask for the {n}|i didn't know about the {n}|i don't have enough {n}s|i would rather have a {m}
i might need a {n}|i accidentally lost my {n}|i want to know more about the {n}|i am interested in the {n}
i am not sure which {n} to take|i am still waiting for the {n} from {day}|i am worried about my {n}
i am allergic to {n}s|it says my {n} {s}|it says i have to {v}|it keeps asking me to {v}|it has been {p} and no {n}
there are too many {n}s|there was a {n} but no {m}|nothing happens when i {v}|everything about the {n} is bad
both the {n} and the {m} are gone|neither the {n} nor the {m} {s}|no more {n}s, please|if the {n} {s}, can i {v}?
if i {v}, do i lose my {n}?|once i {v}, when does the {n} come?|until the {n} comes i can't {v}
""".strip()
BEFORE = """
hi, |hello, |hello there, |help! |please help. |urgent: |quick question: |excuse me, |so, |ok, |well, |sorry, |
thanks. |i'm new here. |i am confused. |i am very disappointed. |i just want to know: |can someone tell me, |
i moved recently, and |since last week |as of today |last month |after all this time |for the second time |
on {day} |in {month} |to my surprise |unfortunately |honestly, |by the way, |actually |apparently |
because of this, |i called them and |i noticed that |it seems that |i believe |it looks like |i was told that |
my friend says |
"""
AFTER = """
, please help| and i don't know why|. what should i do?|. what can i do?|. any idea why?|. is that normal?|. why?
. how?|. please advise|. thanks|. thank you|. thank you in advance|. can you check?|. please fix this
. i need it soon| right now|. this is urgent|. it is urgent| for my {r}| with my {r}| because of my {r}| {t}
 since {day}| {p} ago| after {p}| again|. nobody answers|. i called three times|. i want my money back
. i am not happy|. never again|. very annoying|. not good|. it used to work|. it worked before|. that is not fair
. it makes no sense| and it is not my fault| as i expected|. please tell me how| instead| as soon as possible
, is that right?|, don't you think?| and so far nothing happened|. how long will it take?|. how much is it?
. can you explain?|. did i do something wrong?| for {c}| of {c}|, which cost {c}
"""
TIMES = """
today|yesterday|tomorrow|tonight|last week|next week|this morning|on the weekend|every day|at night|online|at home
abroad|from another country|from my phone|by email|by phone|in person|at once|in advance|on time|for free
without an account|in the app|on the website|in the evening|twice|before friday|in europe|in the city
on short notice|on my own
"""
PERIODS = (
    "two days|three weeks|a month|hours|ten minutes|half a year|a long time|all day|five days|a week|years|45 minutes"
)
RELATIVES = (
    "wife|husband|son|daughter|mother|father|business|team|family|brother|sister|friend|company|customers|kids"
)
AUDIENCES = "small businesses|families|beginners|teams|professionals|developers|older people|students|schools|europe"
COSTS = "$20|$150.00|£40|50 euros|$1,200|10 dollars|$5|300 pounds|{$75.00}|€9.99"
DAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday|{number}/{number}|xx/xx/xxxx"
MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
ELSEWHERE = 0.12
"""How often a word comes from another area."""

Area = Mapping[str, Sequence[str]]


def parts(text: str) -> list[str]:
    """The pieces between bars and ends of lines; spaces count."""
    return [part for line in text.strip("\n").split("\n") for part in line.split("|") if part]


def areas_of(text: str) -> list[Area]:
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    blocks = [lines[i : i + 4] for i in range(0, len(lines), 4)]
    return [{line[0]: line[3:].split(", ") for line in block[1:]} for block in blocks]


def doing(act: str) -> str:
    """ "planning a trip" of "plan a trip"."""
    verb, space, rest = act.partition(" ")
    if re.fullmatch(r"[^aeiou]*[aeiou][bdgmnprt]", verb):
        verb += verb[-1]
    elif verb.endswith("e") and not verb.endswith(("ee", "ye")):
        verb = verb[:-1]
    return f"{verb}ing{space}{rest}"


class Writer:
    """Draws sentences; the same seed draws the same ones."""

    def __init__(self, areas: Sequence[Area], seed: int) -> None:
        self.areas = areas
        self.random = random.Random(seed)
        self.cores, self.before, self.after = parts(CORES), parts(BEFORE), parts(AFTER)
        self.fixed = {
            "t": parts(TIMES), "p": parts(PERIODS), "r": parts(RELATIVES), "a": parts(AUDIENCES), "c": parts(COSTS),
            "day": parts(DAYS), "month": parts(MONTHS),
        }  # fmt: skip

    def sentence(self) -> str:
        pick, chance = self.random.choice, self.random.random
        area = pick(self.areas)

        def of(kind: str) -> str:
            return pick((pick(self.areas) if chance() < ELSEWHERE else area)[kind])

        text = pick(self.cores)
        if chance() < 0.2:
            text = pick(self.before) + text
        if chance() < 0.35:
            text = text.rstrip("?") + pick(self.after)
        if chance() < 0.06:
            text = f"{text}. {pick(self.cores)}"
        fixed = {slot: pick(words) for slot, words in self.fixed.items()}
        fixed["day"] = fixed["day"].format(number=self.random.randrange(1, 30))
        things = {"n": of("n"), "m": of("n"), "s": of("s"), "v": of("v"), "w": of("v")}
        filled = text.format(**things, g=doing(things["v"]), h=doing(things["w"]), **fixed)
        return filled if filled.endswith(("?", "!")) or chance() < 0.5 else filled + "."


def main() -> None:
    areas, count = areas_of(Path(sys.argv[1]).read_text(encoding="utf-8")), int(sys.argv[2])
    writer = Writer(areas, seed=0)
    lines: dict[str, None] = {}
    while len(lines) < count:
        lines[writer.sentence()] = None
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
