import re
import subprocess
import sys
import threading
import unicodedata

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError
from argon2.profiles import CHEAPEST, RFC_9106_LOW_MEMORY
from hypothesis import given
from hypothesis import strategies as st

from access import blocklist, passwords
from access.passwords import (
    LONGEST,
    LONGEST_AS_TYPED,
    WeakPassword,
    check_password,
    hash_password,
    needs_rehash,
    verify_password,
)


TULIPS = "tulips on a slow train"
ANNA = {"login": "ameyer", "name": "Anna Meyer", "practice_name": "Lakeside"}
# One sign that stands for eighteen, and one accent that joins no letter before it.
EIGHTEEN_IN_ONE = "\ufdfa"
ACCENT = "\u0301"


class Recorder:
    """Stands in for argon2: what it verified, and how often it worked at once."""

    def __init__(self):
        self.verified = []
        self.hashed = []
        self.most = 0

    def hash(self, password):
        self.hashed.append(password)
        return "hash"

    def verify(self, stored, password):
        self.verified.append(stored)
        raise VerifyMismatchError


class Crowded(Recorder):
    """Works until four work at once, and a moment longer for a fifth to come in."""

    def __init__(self):
        super().__init__()
        self._inside = 0
        self._change = threading.Condition()

    def hash(self, password):
        self._work()
        return super().hash(password)

    def verify(self, stored, password):
        self._work()
        return super().verify(stored, password)

    def _work(self):
        with self._change:
            self._inside += 1
            self.most = max(self.most, self._inside)
            self._change.notify_all()
            self._change.wait_for(lambda: self.most >= 4, timeout=5)
            self._change.wait_for(lambda: self.most > 4, timeout=0.1)
            self._inside -= 1


@pytest.fixture(scope="module")
def tulips():
    return hash_password(TULIPS)


@pytest.fixture
def cheap(monkeypatch):
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher.from_parameters(CHEAPEST))


@pytest.fixture
def nobodys():
    return passwords._nobodys_hash()


def refusal(password, **who):
    with pytest.raises(WeakPassword) as refused:
        check_password(password, **{**ANNA, "second_factor": False, **who})
    return str(refused.value)


# Kept and verified


def test_only_the_password_itself_is_verified(tulips):
    assert verify_password(tulips, TULIPS)
    assert not verify_password(tulips, TULIPS + " ")
    assert not verify_password(tulips, TULIPS.title())
    assert not verify_password(tulips, "")


def test_what_is_kept_is_argon2id_of_rfc_9106_with_its_own_salt(tulips):
    assert tulips.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert extract_parameters(tulips) == RFC_9106_LOW_MEMORY
    assert hash_password(TULIPS) != tulips


def test_what_was_kept_with_other_parameters_is_verified_and_to_be_kept_anew(tulips):
    weaker = PasswordHasher.from_parameters(CHEAPEST).hash(TULIPS.encode())
    assert verify_password(weaker, TULIPS)
    assert needs_rehash(weaker)
    assert not needs_rehash(tulips)


@pytest.mark.parametrize("password", ["", TULIPS, "x" * (LONGEST + 1)])
def test_no_account_has_no_password(password):
    assert verify_password(None, password) is False


def test_the_password_behind_the_hash_of_nobody_opens_nothing(monkeypatch):
    monkeypatch.setattr(passwords, "_nobodys_hash", lambda: hash_password(TULIPS))
    assert verify_password(None, TULIPS) is False


def test_the_hash_of_nobody_takes_the_same_work_and_is_made_once(nobodys):
    assert extract_parameters(nobodys) == RFC_9106_LOW_MEMORY
    assert passwords._nobodys_hash() is nobodys


def test_the_hash_of_nobody_is_of_something_random(monkeypatch):
    recorder = Recorder()
    monkeypatch.setattr(passwords, "_HASHER", recorder)
    for _ in range(3):
        passwords._nobodys_hash.__wrapped__()
    assert len(set(recorder.hashed)) == 3
    assert min(map(len, recorder.hashed)) >= 32


@pytest.mark.parametrize(
    ("stored", "password", "verified"),
    [
        ("hers", TULIPS, "hers"),
        (None, TULIPS, "nobody's"),
        ("hers", "x" * (LONGEST + 1), "nobody's"),
        (None, "x" * (LONGEST_AS_TYPED + 1), "nobody's"),
    ],
)
def test_exactly_one_hash_is_verified_whoever_it_is(
    monkeypatch, stored, password, verified
):
    recorder = Recorder()
    monkeypatch.setattr(passwords, "_HASHER", recorder)
    monkeypatch.setattr(passwords, "_nobodys_hash", lambda: "nobody's")
    assert not verify_password(stored, password)
    assert recorder.verified == [verified]


def test_the_hash_of_nobody_is_made_before_the_first_of_any_kind(monkeypatch):
    made = []
    monkeypatch.setattr(passwords, "_HASHER", Recorder())
    monkeypatch.setattr(passwords, "_nobodys_hash", lambda: made.append(True) or "")
    verify_password("hers", TULIPS)
    assert made == [True]


@pytest.mark.parametrize(
    ("work", "asked"), [(hash_password, [TULIPS]), (verify_password, ["hers", TULIPS])]
)
def test_a_crowd_has_its_turn_four_at_a_time(monkeypatch, nobodys, work, asked):
    crowded = Crowded()
    monkeypatch.setattr(passwords, "_HASHER", crowded)
    crowd = [threading.Thread(target=work, args=asked) for _ in range(6)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert crowded.most == 4
    assert len(crowded.hashed + crowded.verified) == 6


def test_a_damaged_hash_is_a_failure_and_no_wrong_password():
    with pytest.raises(ValueError):
        verify_password("not a hash", TULIPS)


@given(st.text(alphabet=st.characters(codec=None), max_size=LONGEST // 18))
def test_whatever_can_be_typed_can_be_kept(password):
    cheapest = PasswordHasher.from_parameters(CHEAPEST)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", cheapest)
        stored = hash_password(password)
        assert verify_password(stored, password)
        assert not verify_password(stored, password + "x")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Zoë likes a slow train", "Zoe\u0308 likes a slow train"),
        ("ﬁve tulips on a train", "five tulips on a train"),
        ("ＴＵＬＩＰＳ and trains", "TULIPS and trains"),  # noqa: RUF001
        ("tulips\u00a0on\u00a0a train", "tulips on a train"),
    ],
)
def test_the_same_password_from_another_keyboard_is_the_same(cheap, one, other):
    assert verify_password(hash_password(one), other)
    assert verify_password(hash_password(other), one)


@pytest.mark.parametrize("half", ["\ud83c", "tulips \udfff train"])
def test_half_a_character_is_a_wrong_password(tulips, half):
    assert not verify_password(tulips, half)


# The limit


def test_the_limit_is_counted_once_accents_are_joined(cheap):
    joined, apart = "é" * LONGEST, ("e" + ACCENT) * LONGEST
    assert verify_password(hash_password(apart), joined)
    with pytest.raises(WeakPassword, match="too long, 129 of at most 128"):
        hash_password(apart + "e")


@pytest.mark.parametrize("length", [LONGEST + 1, LONGEST_AS_TYPED + 1])
def test_nothing_longer_is_kept_or_cut_off(cheap, length):
    with pytest.raises(WeakPassword, match=f"too long, {length} of at most 128"):
        hash_password("x" * length)
    assert not verify_password(hash_password("x" * LONGEST), "x" * length)


def test_what_is_far_too_long_is_not_even_normalised(monkeypatch):
    normalised = []
    monkeypatch.setattr(
        unicodedata, "normalize", lambda form, text: normalised.append(text) or text
    )
    assert "too long" in refusal(ACCENT * (LONGEST_AS_TYPED + 1))
    assert not verify_password(None, ACCENT * (LONGEST_AS_TYPED + 1))
    assert normalised == []


def test_one_character_that_stands_for_many_is_one():
    assert len(unicodedata.normalize("NFKC", EIGHTEEN_IN_ONE)) == 18
    assert "too short, 1 of at least 15 characters" in refusal(EIGHTEEN_IN_ONE)


def test_a_letter_typed_with_its_accent_apart_is_one():
    assert "too short, 14 of at least 15 characters" in refusal(
        "tulip vase mu" + "e" + ACCENT
    )


# Refused in words


@pytest.mark.parametrize(
    "password",
    [
        "tulip",
        "Password-2026!!",
        "vase-vase-vase-vase",
        "zyxwvutsrqponmlk",
        "Meyer-Lakeside-2026",
        "tulips on a slow train " * 8,
    ],
)
def test_a_refusal_is_one_sentence_without_the_password(password):
    sentence = refusal(password)
    assert password.casefold() not in sentence.casefold()
    assert sentence.count(";") == 1
    assert "." not in sentence


def test_a_refusal_for_names_does_not_repeat_the_names():
    sentence = refusal("Meyer-Lakeside-2026")
    assert "meyer" not in sentence.casefold()
    assert "lakeside" not in sentence.casefold()


def test_a_weak_password_is_a_value_error():
    assert issubclass(WeakPassword, ValueError)


@given(st.text(alphabet=st.characters(codec=None), max_size=200), st.booleans())
def test_every_password_is_allowed_or_refused_in_words(password, second_factor):
    try:
        check_password(password, **ANNA, second_factor=second_factor)
    except WeakPassword as refused:
        assert re.fullmatch("This [^;]+; choose [a-z ]+ instead", str(refused))


@given(st.text(alphabet=st.characters(codec="ascii"), max_size=40))
def test_case_alone_makes_no_password_stronger(password):
    answers = set()
    for typed in (password, password.upper(), password.lower(), password.swapcase()):
        try:
            check_password(typed, **ANNA, second_factor=True)
            answers.add("yes")
        except WeakPassword as refused:
            answers.add(str(refused))
    assert len(answers) == 1


# The blocklist


def test_every_common_password_is_refused_beside_a_code():
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    common = [word for word in FREQUENCY_LISTS["passwords"] if len(word) >= 8]
    assert len(common) > 10_000
    for word in common:
        refusal(word, second_factor=True)


@pytest.mark.parametrize("ending", ["2026!!!!!!!!", "12345678901"])
def test_every_common_password_with_a_letter_is_refused_however_it_is_drawn_out(ending):
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    for word in FREQUENCY_LISTS["passwords"][:2000]:
        if not word.isdecimal():
            refusal(word.capitalize() + ending)


def test_many_digits_are_not_common_because_the_first_are():
    assert blocklist.is_common("123123")
    assert blocklist.is_common("!123123!")
    assert not blocklist.is_common("123123902846173")


@pytest.mark.parametrize(
    "run",
    [
        *("abcd", "yzab", "5678", "8901", "!@#$", "tyui", "asdf", "zxcv", "rtzu"),
        *("yxcv", "azer", "qsdf", "wxcv", "2wsx", "5tgb", "qazw", "rfvt", "tgby"),
        *("aabb", "aaab", "1222", "zzzz", "....", "яяяя"),
    ],
)
def test_four_neighbours_are_a_run_both_ways(run):
    assert blocklist.is_run(run, 1)
    assert blocklist.is_run(run[::-1], 1)
    assert not blocklist.is_run(run[:3], 100)


@pytest.mark.parametrize("word", ["first", "power", "acegik", "was", "adgj", "qaws"])
def test_what_no_finger_slides_along_is_no_run(word):
    assert not blocklist.is_run(word, 100)


def test_a_sign_parts_a_password_where_it_is_the_only_one():
    assert blocklist.is_run("qw-er-tyuiop", 4)
    assert not blocklist.is_run("qw-er+tyuiop", 4)


def test_a_run_does_not_count_beside_names():
    assert blocklist.is_known("meyerqwertyuiop", ["Meyer"], 8)
    assert not blocklist.is_known("meyerqwertyuiop", ["Meier"], 8)


def test_short_names_are_left_where_they_are():
    assert not blocklist.is_known("a lion and a lily", ["Li An", "And", "Lio"], 16)
    assert blocklist.is_known("lian2026", ["Li An"], 4)


def test_signs_between_names_count_once_of_each_kind_and_spaces_never():
    names = ["Anna Meyer"]
    assert blocklist.is_known("anna/+/+/+/+/+meyer/+x", names, 4)
    assert not blocklist.is_known("anna/+x/+meyer*y", names, 4)
    assert blocklist.is_known("x anna y meyer z", names, 4)


def test_the_longest_name_is_taken_out_first_and_leaves_a_gap():
    assert blocklist.is_known("annabel2026", ["Anna Annabel"], 3)
    assert not blocklist.is_known("anmeyerna", ["Anna Meyer"], 4)


def test_a_syllable_that_can_be_taken_apart_is_one_character():
    assert blocklist.is_known("meyer튤립꽃병", ["Meyer"], 5)
    assert not blocklist.is_known("meyer튤립꽃병", ["Meyer"], 4)


def test_the_common_passwords_are_loaded_by_those_who_choose_one():
    code = (
        "import sys; from access import passwords as p; "
        "p.verify_password(None, 'x'); sys.stdout.write(str('zxcvbn' in sys.modules)); "
        "p.check_password('tulips on a slow train', login='a', name='A', "
        "practice_name='', second_factor=False); "
        "sys.stdout.write(str('zxcvbn' in sys.modules))"
    )
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, cwd=".")
    assert result.stdout == "FalseTrue", result.stderr
