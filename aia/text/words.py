"""Words of a text: lower case, without masks, numbers and the commonest English words."""

import re

_WORD = re.compile(r"[a-z][a-z']*[a-z]|[^\W\d_]{2,}", re.IGNORECASE)
_ADDRESS = re.compile(r"[\s\"'.,:;!?-]*(?:RT )?(?:@\w+(?:[ \t,:;.!-]+|$))+")
_MARKING = re.compile(r"[<&]")
_MARKUP = re.compile(r"</?[a-z][^<>]{0,300}>|&(?:[a-z]{2,8}|#\d{1,7}|#x[\da-f]{1,6});", re.IGNORECASE)
_MASK = re.compile(r"[xX]{2,}")

STOP_WORDS = frozenset(
    """a about above after again all also am an and any are as at be because been before being below between both but
    by can cannot could did do does doing don down during each few for from further get got had has have having he her
    here hers him his how however i if in into is it its itself just let like made make me more most much my myself no
    nor not now of off on once one only or other our ours out over own per please same she should so some still such
    than that the their them then there these they this those through to too told under until up us very via want was
    we were what when where which while who whom why will with would yet you your yours said say says asked ask know
    even since without also called call back went go going im ive id dont doesnt didnt cant wont isnt wasnt hi hello
    thanks thank anyone someone something anything really never always another need needs would've it's i'm i've
    wish way able please possible great
    don't doesn't didn't can't won't isn't wasn't there's that's what's haven't hasn't couldn't wouldn't aren't
    """.split()
)


def tokens(text: str) -> list[str]:
    """Every word in order, masks such as XXXX left out."""
    return [word for word in _WORD.findall(text.lower().replace("’", "'")) if not _MASK.fullmatch(word)]


def content_words(text: str) -> list[str]:
    """Tokens that are not stop words."""
    return [word for word in tokens(text) if word not in STOP_WORDS and len(word) > 1]


def unaddressed(text: str) -> str:
    """Without the handles at its beginning: they say to whom it was said, not what."""
    if "@" not in text:
        return text
    found = _ADDRESS.match(text)
    return text if found is None or found.end() == len(text) else text[found.end() :]


def unmarked(text: str) -> str:
    """Without such handles, and without tags and entities of the web: the words that somebody chose."""
    text = unaddressed(text)
    return _MARKUP.sub(" ", text) if _MARKING.search(text) else text
