"""Passwords that somebody who guesses tries first.

NIST SP 800-63B-4, section 3.1.1.2, has the whole password compared with common and
expected ones and their derivatives, never single words in it: an unrelated word beside
a common one makes it hard to guess. So each rule asks what is left of the whole.
"""

import re
import string
import unicodedata
from collections.abc import Iterable, Iterator


# "Li" and "and" are in too many other words to be taken out of a password.
SHORTEST_KNOWN_WORD = 4
# Three neighbours are in many words ("first", "power"), four in hardly any.
SHORTEST_RUN = 4
# A piece this long is a password by itself, and repeating it does no harm.
SHORTEST_PIECE_TO_REPEAT = 15

_LINES = (
    string.ascii_lowercase + "abc",
    string.digits + "012",
    "!@#$%^&*()_+",
    # The rows of QWERTY, QWERTZ and AZERTY keyboards.
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    # Down the columns, each from the top, and then back and forth.
    "1qaz2wsx3edc4rfv",
    "4rfv5tgb6yhn7ujm",
    "qazwsxedcrfv",
    "rfvtgbyhnujm",
)
_SIGNS = string.punctuation + string.whitespace
_AROUND = string.digits + _SIGNS
_ACCENTS = re.compile("[\u0300-\u036f]")


def is_common(password: str) -> bool:
    """Return whether this is a common password, digits, signs and runs beside it aside.

    Examples
    --------
    >>> is_common("Password"), is_common("!!Password-2026!!"), is_common("p a s s 1234")
    (True, True, True)
    >>> is_common("password of the tulips")
    False
    """
    # The list takes 35 ms and 14 MB; only choosing a password needs it. Its estimate of
    # strength is left alone: it keeps the last person's names in memory for the next.
    from zxcvbn.matching import RANKED_DICTIONARIES

    common = RANKED_DICTIONARIES["passwords"]
    forms = _forms(password)
    texts = (*forms, *map(_without_runs, forms))
    return any(trimmed in common for text in texts for trimmed in _trimmed(text))


def is_repeated(password: str, enough: int) -> bool:
    """Return whether this is one short piece again and again.

    The last time it may break off. Digits and signs around it do not count, where what
    they surround is ``enough`` characters long.

    Examples
    --------
    >>> is_repeated("abcabcabcab", 8), is_repeated("Tulip-Tulip-Tulip 1", 8)
    (True, True)
    >>> is_repeated("tulips are not roses", 8)
    False
    """
    forms = _forms(password)
    cores = [form.strip(_AROUND) for form in forms]
    return any(_repeats(text) for text in (*forms, *cores) if len(text) >= enough)


def is_run(password: str, enough: int) -> bool:
    """Return whether neighbours on a keyboard or in a series leave less than enough.

    A series is the alphabet, the numbers, or one character held down.

    Examples
    --------
    >>> is_run("qwertyuiop98765", 8), is_run("1234 tulips on a bicycle", 8)
    (True, False)
    """
    forms = _forms(password)
    return any(
        len(rest) < enough for form in forms if (rest := _without_runs(form)) != form
    )


def is_known(password: str, names: Iterable[str], enough: int) -> bool:
    """Return whether these names leave less than enough to guess.

    Neither runs nor the digits and signs around what is left count.

    Examples
    --------
    >>> names = ["Renée Meyer", "Lakeside Clinic"]
    >>> is_known("renee@lakeside2026", names, 8)
    True
    >>> is_known("meyer likes tulips", names, 8)
    False
    """
    words = _known_words(names)
    return any(
        _left_to_guess(rest) < enough
        for form in _forms(password)
        if (rest := _without_words(form, words)) != form
    )


def _forms(password: str) -> tuple[str, str]:
    """Return the password as all are compared, and without the sign that parts it."""
    plain = _plain(password)
    inner = plain.strip(_SIGNS)
    signs = set(inner) & set(_SIGNS)
    return plain, inner.replace(signs.pop(), "") if len(signs) == 1 else inner


def _plain(text: str) -> str:
    """Return the text without case and without Latin, Greek and Cyrillic accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFKC", _ACCENTS.sub("", decomposed))


def _trimmed(text: str) -> Iterator[str]:
    """Return the text with ever less of the digits and signs around its letters.

    Digits without a letter are looked up whole: the first of many may well be common.
    """
    yield text
    first = len(text) - len(text.lstrip(_AROUND))
    last = len(text.rstrip(_AROUND)) or len(text.rstrip(_SIGNS))
    for end in range(last, len(text) + 1):
        yield text[:end]
        yield text[first:end]


def _repeats(text: str) -> bool:
    longest = min(SHORTEST_PIECE_TO_REPEAT - 1, len(text) // 2)
    return any(text[size:] == text[:-size] for size in range(1, longest + 1))


def _windows(text: str) -> Iterator[tuple[int, str]]:
    for start in range(len(text) - SHORTEST_RUN + 1):
        yield start, text[start : start + SHORTEST_RUN]


def _runs() -> frozenset[str]:
    """Return every run of the shortest length, also with each key struck repeatedly."""
    struck = [
        "".join(key * times for key in line) for line in _LINES for times in (1, 2, 3)
    ]
    both_ways = struck + [line[::-1] for line in struck]
    return frozenset(run for line in both_ways for _, run in _windows(line))


_RUNS = _runs()


def _without_runs(text: str) -> str:
    in_runs = {
        start + offset
        for start, window in _windows(text)
        if window in _RUNS or len(set(window)) == 1
        for offset in range(SHORTEST_RUN)
    }
    return "".join(key for place, key in enumerate(text) if place not in in_runs)


def _known_words(names: Iterable[str]) -> list[str]:
    """Return the words of the names, and each name as one word; the longest first."""
    words = set()
    for name in names:
        parts = re.findall(r"[^\W_]+", _plain(name))
        words |= {*parts, "".join(parts)}
    long_enough = [word for word in words if len(word) >= SHORTEST_KNOWN_WORD]
    return sorted(long_enough, key=len, reverse=True)


def _without_words(text: str, words: Iterable[str]) -> str:
    for word in words:
        text = text.replace(word, " ")
    return text


def _left_to_guess(rest: str) -> int:
    """Return how many characters are left, of signs between them each kind once."""
    core = _without_runs(rest).strip(_AROUND)
    signs = set(core) & set(_SIGNS)
    return sum(key not in signs for key in core) + len(signs - {" "})
