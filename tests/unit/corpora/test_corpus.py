"""A corpus made fit to be kept: masks, near repeats, languages, floods of rubbish."""

import json
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aia.corpora.cleaning import CleanOptions, clean
from aia.corpora.sample import generate
from aia.corpora.sources import ReadOptions, read_rows
from aia.text.language import language_of
from aia.text.near_duplicates.repeats import near_repeats
from aia.text.personal_data import masked

WORDS = (
    "invoice export fails every month and nobody answers the card was charged twice app crashes when login".split()
)


def cleaned(texts, **options):
    rows = [{"id": f"d{i}", "text": text} for i, text in enumerate(texts)]
    return clean(read_rows("rows", rows, ReadOptions()), CleanOptions(**options))


PRIVATE = {
    "email": ["ada.l+x@mail.example.org", "A_B@x.co"],
    "phone": ["+1 415-555-0132", "(415) 555-0132", "415.555.0132", "+49 30 1234567", "020 79460958"],
    "card": ["4111 1111 1111 1111", "5500-0000-0000-0004", "340000000000009"],
    "iban": ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"],
    "social security number": ["123-45-6789"],
    "ip address": ["192.168.12.1", "2001:db8::ff00:42:8329"],
    "credential": ["AKIAABCDEFGHIJKLMNOP", "ghp_" + "a1" * 18, "sk-" + "ab12" * 8],
}


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in PRIVATE.items() for value in values])
def test_what_is_personal_is_masked_and_every_offset_stays(kind, value):
    text = f"Please help, mine is {value}, and it fails again."
    found = Counter()
    result = masked(text, found)
    assert found == {kind: 1}
    assert len(result) == len(text)
    assert result.startswith("Please help, mine is ")
    assert result.endswith(", and it fails again.")
    assert not any(c.isdigit() for c in result)
    assert masked(result, Counter()) == result


@pytest.mark.parametrize(
    "text",
    [
        "I paid $1,234,567.89 on 2024-03-01 and 03/04/2024, order 20240301.",
        "Version 2.14.3 fails, error 0x80070005 at 10:45:12, ticket 4111 1111 1111 1112.",
        "Section 1.2.3.4.5 of the 2019-2020 report, 100 200 300 people, ratio 16:9.",
        "The password is wrong and the pin was refused @ the shop.",
        "GB82WEST12345698765433 has a wrong checksum. XXXX XXXX charged me on XX/XX/2019.",
        "std::vector and a::b are C++; 300.400.500.600 is no address.",
    ],
)
def test_amounts_dates_versions_and_numbers_of_orders_stay(text):
    found = Counter()
    assert (masked(text, found), found) == (text, Counter())


def test_a_password_that_is_told_is_masked_and_the_word_stays():
    assert masked("my password is hunter22, ok", Counter()) == "my password is XXXXXXXX, ok"


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab1 2@.:-+()/XDE89", max_size=120))
def test_masks_never_change_the_length_of_a_text(text):
    once = masked(text, Counter())
    assert len(once) == len(text)
    assert all(a in (b, "X") for a, b in zip(once, text, strict=True))


def test_counts_of_masks_are_told_and_authors_named_by_address_get_another_name():
    rows = [{"text": f"Write to a{i}@b.org, it fails.", "author": "ada@b.org"} for i in range(3)]
    corpus = clean(read_rows("rows", rows, ReadOptions()), CleanOptions(near_repeat=1.0))
    assert corpus.reading.changed == {"masked email": 3}
    assert len({d.author for d in corpus.documents}) == 1
    assert "@b.org" not in json.dumps([[d.text, d.author] for d in corpus.documents]).replace("X@X.XXX", "")
    kept = clean(read_rows("rows", rows, ReadOptions()), CleanOptions(near_repeat=1.0, keep_private=True))
    assert [d.author for d in kept.documents] == ["ada@b.org"] * 3


def test_near_repeats_are_left_out_and_told_with_examples():
    rng = random.Random(0)
    base = [" ".join(rng.choices(WORDS, k=60)) for _ in range(20)]
    copies = [f"{text} ref {i}" for i, text in enumerate(base * 19)]
    corpus = cleaned(base + copies)
    assert [d.text for d in corpus.documents] == base
    assert corpus.reading.rejected == {"near repeat": 380}
    assert corpus.reading.rejected_rows[0].reason == "near repeat of d0 (0.97)"


def test_distinct_short_complaints_survive():
    rows, _ = generate(0, 2_000)
    distinct = list({row["text"]: None for row in rows})
    assert len(cleaned(distinct, languages=False).documents) >= 0.97 * len(distinct)


def reference(texts, threshold):
    """The same by comparing all with all."""
    sets = [frozenset(zip(*(t.split()[i:] for i in range(3)), strict=False)) for t in texts]
    kept, out = [], []
    for i, own in enumerate(sets):
        if any(len(own & sets[j]) / max(len(own | sets[j]), 1) >= threshold for j in kept):
            out.append(i)
        else:
            kept.append(i)
    return out


def test_nearly_all_repeats_that_a_comparison_of_all_with_all_finds_are_found_and_no_other():
    rng = random.Random(1)
    texts = []
    for _ in range(60):
        words = rng.choices([f"w{i}" for i in range(400)], k=rng.randint(30, 120))
        texts.append(" ".join(words))
        for changes in (1, 3, 12):
            changed = list(words)
            for _ in range(changes):
                changed[rng.randrange(len(changed))] = f"w{rng.randrange(400)}"
            texts.append(" ".join(changed))
    wanted, found = set(reference(texts, 0.8)), {repeat.place for repeat in near_repeats(texts, 0.8)}
    assert found <= wanted
    assert len(found) >= 0.9 * len(wanted) > 20


def test_near_repeats_are_the_same_however_the_texts_are_cut_into_sets():
    rng = random.Random(2)
    texts = [" ".join(rng.choices(WORDS, k=rng.randint(1, 50))) for _ in range(3_000)]
    texts += [text + " again" for text in texts[::3]]
    whole = near_repeats(texts, 0.9)
    assert whole == near_repeats(list(texts), 0.9)
    assert {r.place for r in near_repeats(texts[:4_000] + texts[:1], 0.9)} == {r.place for r in whole} | {4_000}


@pytest.mark.parametrize("texts", [[], [""], ["", ""], ["one"], ["one", "two"], ["one two", "one two"]])
def test_texts_of_few_words_are_no_trouble(texts):
    assert all(repeat.of < repeat.place for repeat in near_repeats(texts, 0.9))


SAID = {
    "en": "I cannot log in to the app since the last update and nobody answers my messages.",
    "de": "Seit dem letzten Update kann ich mich nicht mehr anmelden und niemand antwortet.",
    "fr": "Depuis la mise à jour, je ne peux plus me connecter et personne ne répond.",
    "es": "Desde la última actualización no puedo iniciar sesión y nadie me responde.",
    "it": "Dopo l'ultimo aggiornamento non riesco più ad accedere e nessuno risponde.",
    "pt": "Desde a última atualização não consigo entrar e ninguém responde às mensagens.",
    "nl": "Sinds de laatste update kan ik niet meer inloggen en niemand antwoordt.",
    "ru": "После последнего обновления я не могу войти, и никто не отвечает.",
    "ja": "最後の更新からログインできず、誰も返事をしません。",
    "zh": "自从上次更新以来我无法登录，也没有人回复我。",
    "ar": "منذ آخر تحديث لا أستطيع تسجيل الدخول ولا أحد يرد.",
    "tr": "Son güncellemeden beri giriş yapamıyorum ve kimse cevap vermiyor.",
    "pl": "Od ostatniej aktualizacji nie mogę się zalogować i nikt nie odpowiada.",
    "sv": "Sedan den senaste uppdateringen kan jag inte logga in och ingen svarar.",
}


@pytest.mark.parametrize("code", SAID)
def test_a_sentence_tells_its_language(code):
    assert language_of(SAID[code]) == code


@pytest.mark.parametrize("text", ["", "ok", "12345", "???", "lol", "XXXX"])
def test_a_text_that_tells_no_language_has_none(text):
    assert language_of(text) is None


def test_plain_complaints_are_not_taken_for_another_language():
    rows, _ = generate(3, 1_500)
    codes = Counter(language_of(row["text"]) for row in rows)
    assert sum(count for code, count in codes.items() if code not in {"en", None}) <= 0.01 * len(rows)


def test_other_languages_are_counted_by_code_and_kept():
    corpus = cleaned(list(SAID.values()))
    assert len(corpus.documents) == len(SAID)
    assert corpus.reading.changed == {f"in language {code}": 1 for code in sorted(SAID) if code != "en"}
    assert corpus.documents[1].fields["language"] == "de"
