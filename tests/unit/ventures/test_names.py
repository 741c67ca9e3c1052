"""Names of needs: whole clauses that someone wrote, about what a group has in common."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aia.text.clauses import CLAUSES_MAX, WORDS_MAX, WORDS_MIN, clauses_of
from aia.text.need_cues import HINTED, LOOSE, NEUTRAL, PLAIN, TURNED, judges, says_little, says_nothing, stated
from aia.text.vectors import shipped_table
from aia.text.words import unaddressed, unmarked
from aia.ventures.needs.names import Name, name_groups, read_groups, terms_of


def named(*groups: list[str]) -> list[Name]:
    return name_groups(read_groups(groups))


def offered(text: str) -> dict[str, float]:
    return {" ".join(clause.words): clause.whole for clause in clauses_of(text)}


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("Where is my refund?", "Where is my refund"),
        ("Hello, I can't withdraw cash at the ATM", "I can't withdraw cash at the ATM"),
        ("I called and spoke to a rude clerk who hung up on me.", "I called and spoke to a rude clerk"),
        ("On 03/04/2019 they charged me twice, and nobody answers.", "they charged me twice"),
        ("Report stolen card", "Report stolen card"),
        ("I called the bank and I lost the case.", "I lost the case"),
        ("how do i export my songs", "how do i export my songs"),
        ("can you send me a receipt", "can you send me a receipt"),
        ("How to clean the filter of a kettle", "How to clean the filter of a kettle"),
    ],
)
def test_a_clause_that_can_stand_alone_is_offered_whole(text, clause):
    assert offered(text)[clause] >= 0.5


@pytest.mark.parametrize("asked", ["you", "they"])
def test_what_somebody_is_asked_to_do_is_offered_as_a_request(asked):
    found = offered(f"I ask that {asked} remove the late payments.")
    assert "remove the late payments" in found
    assert f"{asked} remove the late payments" not in found


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("They sent me a letter stating XXXX.", "They sent me a letter stating"),
        ("The amount should be around $400 a month.", "The amount should be around"),
        ("XXXX left my balance at zero.", "left my balance at zero"),
        ("They withheld the information by refusing my calls.", "information by refusing"),
        ("Where is my refund?", "is my refund"),
        ("They will not clear my record unless I pay the balance.", "I pay the balance"),
        ("I do not know how I can get a refund.", "I can get a refund"),
        ("I did not receive the box until months later.", "I did not receive the box"),
        ("They claim that I owe the money.", "I owe the money"),
        ("My husband and I lost our jobs.", "I lost our jobs"),
        ("I ask that you remove the late payments.", "you remove the late payments"),
        ("How do I keep my songs?", "I keep my songs"),
        ("Why can't I move the date?", "I move the date"),
        ("She suggested that we cancel the trip.", "we cancel the trip"),
        ("@kettles is the worst brand.", "kettles is the worst"),
        ("They sent a letter saying I owe a fee because I didn't return the box.", "I didn't return the box"),
        ("A letter says I owe {$250.00} because I kept the box", "I kept the box"),
        ("Guests who do not pay more for a bed get none.", "Guests who do not pay more"),
        ("They did not I wrote to them again.", "They did not I wrote to them again"),
        ("The seat I paid for was taken by another man.", "I paid for was taken"),
        ("Given the owners don't care about guests, why go?", "Given the owners don't care about guests"),
    ],
)
def test_what_is_cut_off_at_either_end_is_no_name(text, cut):
    assert cut not in offered(text)


@given(st.text(alphabet="aI wX1.,?\n'-é ", max_size=300) | st.text(max_size=300))
def test_clauses_are_runs_of_the_words_of_any_text_and_bounded(text):
    found = list(clauses_of(text))
    assert len(found) <= CLAUSES_MAX
    for clause in found:
        assert WORDS_MIN <= len(clause.words) <= WORDS_MAX
        assert 0 <= clause.whole <= 1
        place = 0
        for word in clause.words:
            place = text.index(word, place) + len(word)


def test_a_name_says_what_most_say_and_not_whom_one_of_them_means():
    refunds = [
        "Zubank will not refund the late fee to me.",
        "They will not refund the late fee.",
        "The late fee was not taken back, they refuse a refund.",
        "I asked for a refund of the late fee and they refused.",
        "No refund of my late fee.",
    ]
    logins = [f"I cannot log in to my account on my {thing}." for thing in ("phone", "tablet", "watch", "laptop")]
    refund, login = named(refunds, logins)
    assert "Zubank" not in refund.title
    assert {"refund", "late", "fee"} <= set(refund.title.lower().split())
    assert login.title.startswith("I cannot log in")


def test_handles_of_whom_a_text_speaks_to_are_in_no_name_and_no_vector():
    said = ["I cannot log in.", "I cannot log in today.", "Now I cannot log in."]
    (found,) = named([f"@acme_help @other: {text}" for text in said])
    assert found.title.removeprefix("Now ") in {"I cannot log in", "I cannot log in today"}
    assert unaddressed("RT @acme: hi") == "hi"
    assert unaddressed("mail me @ noon") == "mail me @ noon"
    assert unaddressed("@acme") == "@acme"
    with_handles, without = (
        shipped_table().encode(texts) for texts in (["@acme_help my bag is lost"], ["my bag is lost"])
    )
    assert (with_handles == without).all()


def test_markup_of_the_web_is_in_no_vector():
    assert unmarked('@a <b>my</b> bag &amp; case <a href="z">is</a> lost').split() == "my bag case is lost".split()
    assert unmarked("a < b & c > d") == "a < b & c > d"
    marked, plain = shipped_table().encode(["my &quot;bag&quot; is lost", "my bag is lost"])
    assert (marked == plain).all()


def test_a_name_knows_the_text_it_stands_in():
    groups = [[f"I cannot log in to my {thing}." for thing in ("bank", "shop", "club")], ["kaputt XXXX", "kaputt 12"]]
    found = named(*groups)
    assert found[0].place is not None
    assert found[0].title in groups[0][found[0].place]
    assert found[1].place is None


def test_a_second_group_takes_words_of_its_own_where_it_has_them():
    first = ["My train was cancelled.", "The train was cancelled.", "A train was cancelled again."]
    second = [
        "That train was cancelled.",
        "The train was cancelled and nobody rebooked my trip.",
        "Nobody rebooked my trip.",
    ]
    titles = [name.title for name in named(first, second)]
    assert "rebooked" in titles[1]


@pytest.mark.parametrize("deed", ["Contacted the desk about my lost key.", "He lost my key at the desk."])
def test_what_one_person_did_is_a_poorer_name_than_what_went_wrong(deed):
    desk = [deed, "The desk lost my key.", "My key is lost by the desk."]
    others = [f"I cannot log in to my account on my {thing}." for thing in ("phone", "tablet", "watch", "laptop")]
    assert named(desk, others)[0].title in {"The desk lost my key", "My key is lost by the desk"}


def test_no_two_groups_share_a_title_and_texts_without_a_clause_are_named_by_their_words():
    same = [["I cannot log in."] * 3, ["I cannot log in."] * 3, ["kaputt XXXX", "kaputt 12"]]
    titles = [name.title for name in named(*same)]
    assert len(set(titles)) == 3
    assert titles[2] == "kaputt"


def test_groups_without_a_clause_to_their_name_have_names_of_their_own():
    groups = [["support days"] * 4 for _ in range(5)]
    titles = [name.title for name in named(*groups)]
    assert len(set(titles)) == 5
    assert max(map(len, titles)) <= len("support, days (5)")


@pytest.mark.parametrize(
    ("clause", "worth"),
    [
        ("i can't log in to my account", PLAIN),
        ("my card was declined", PLAIN),
        ("please add a dark mode", PLAIN),
        ("they never answered my letter", PLAIN),
        ("i would like a refund", PLAIN),
        ("i called about a late fee", HINTED),
        ("i paid the balance in full", NEUTRAL),
        ("they had no issue with harassing calls", NEUTRAL),
        ("i have had no problem with the app", TURNED),
        ("i was never late on a payment", TURNED),
        ("i have done anything to deserve this", TURNED),
        ("can anyone send me a receipt", LOOSE),
        ("i have had no answer", LOOSE),
        ("i cannot dispute the charge", PLAIN),
        ("this letter does not dispute the debt", TURNED),
        ("we don't object to the price", TURNED),
        ("they did not contest the charge", PLAIN),
        ("the charge is not late", TURNED),
        ("it has not only songs but books", NEUTRAL),
        ("the shop doesn't charge fees", TURNED),
        ("they won't pay me", PLAIN),
    ],
)
def test_a_need_is_a_request_a_failure_or_a_denial_but_not_a_harm_that_is_denied(clause, worth):
    assert stated(clause.split()) == worth


@pytest.mark.parametrize(
    "clause",
    ["this is poor customer service", "worst app ever", "the support is really awful", "lunch for two was okay"],
)
def test_what_only_judges_is_told_from_what_fails(clause):
    assert judges(clause.split())
    assert not judges("the support never calls back".split())


def test_a_plea_without_an_object_says_nothing():
    assert says_nothing("please solve this problem".split())
    assert not says_nothing("please solve this login problem".split())


@pytest.mark.parametrize(
    "name",
    [
        "worst kettle ever",
        "please help me",
        "i have vowed to never use them again",
        "i would not recommend this shop",
        "we will not be returning",
        "i strongly advise everyone to never fly with them",
        "is the worst kettle to ever buy",
        "the worst holiday i've ever suffered",
        "makes me want to never fly with you",
    ],
)
def test_verdicts_pleas_and_threats_to_leave_say_little(name):
    assert says_little(name.split())


@pytest.mark.parametrize(
    "name",
    [
        "what are some good places to eat",
        "the field app is useless when there is no signal",
        "the food was awful",
        "i can't use my card again",
        "the login page is terrible and crashes",
        "they won't let me use my voucher",
        "i want a better map",
        "staff were rude to my mother",
        "i cannot book a seat anymore",
    ],
)
def test_what_tells_a_need_in_strong_words_does_not_say_little(name):
    assert not says_little(name.split())


def test_a_name_states_the_problem_and_not_what_somebody_did_or_thinks_of_it():
    delivery = [
        "I paid for the parcel delivery.",
        "This is terrible parcel delivery.",
        "I had no issue with the parcel delivery before.",
        "They will not refund me unless I pay the parcel delivery.",
        "The parcel delivery never arrived.",
    ]
    others = [f"I cannot log in to my account on my {thing}." for thing in ("phone", "tablet", "watch", "laptop")]
    assert named(delivery, others)[0].title == "The parcel delivery never arrived"


def test_a_union_of_groups_is_told_by_what_its_members_share_and_others_lack():
    refunds, fees, logins = read_groups(
        [["Refund my ticket money"] * 3, ["The ticket fee is wrong"] * 3, ["I cannot log in to the shop"] * 3]
    )
    tickets, shop = terms_of([[refunds, fees], [logins]])
    assert tickets[0] == "ticket"
    assert shop[0] in {"log", "shop"}


def test_of_words_that_begin_alike_one_stands_for_a_union():
    playing, skipping, other = read_groups(
        [["The song stops"] * 3, ["Skip many songs, skip a song"] * 3, ["I cannot log in to the shop"] * 3]
    )
    songs, _ = terms_of([[playing, skipping], [other]])
    assert [word for word in songs if word.startswith("song")] == ["song"]


def test_words_that_all_unions_say_alike_tell_none_of_them():
    ways = ["payment late", "report wrong", "phone rude"]
    told = terms_of([[group] for group in read_groups([[f"credit account {way}"] * 4 for way in ways])])
    assert [set(words[:2]) for words in told] == [set(way.split()) for way in ways]
