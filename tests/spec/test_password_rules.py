"""Which passwords may be chosen.

Asked of Anna Meyer, login ameyer, at Lakeside Ketamine Clinic. The first answer is for
a password that is all she needs, the second for one with a code beside it. A table has
the limit itself and one past it.
"""

import pytest

from access.passwords import WeakPassword, check_password


ANNA = {
    "login": "ameyer",
    "name": "Anna Meyer",
    "practice_name": "Lakeside Ketamine Clinic",
}
ANSWERS = {
    "too short": "too short",
    "too long": "too long",
    "first that anybody tries": "common",
    "repeats one short piece": "repeated",
    "neighbouring keys": "run",
    "little more than your login": "known",
}


def told(table):
    """Return the answers to each drawn password, beside what is expected."""
    _, _, *lines = table.strip().splitlines()
    rows = [[cell.strip() for cell in line.split("|")] for line in lines]
    found = [[p, answer(p, False), answer(p, True)] for p, *_ in rows]
    return found, rows


def answer(password, second_factor, **who):
    try:
        check_password(password, **{**ANNA, **who}, second_factor=second_factor)
    except WeakPassword as refusal:
        [known] = [word for part, word in ANSWERS.items() if part in str(refusal)]
        return known
    return "yes"


def test_length_counts_and_half_of_it_is_enough_beside_a_code():
    found, expected = told(
        """
        password                     | alone     | with a code
        -----------------------------+-----------+------------
                                     | too short | too short
        tulip v                      | too short | too short
        tulip va                     | too short | yes
        tulip vase mule              | yes       | yes
        tulip vase mul               | too short | yes
        tulip vase mule snow         | yes       | yes
        """
    )
    assert found == expected


def test_any_characters_will_do_and_none_has_to_be_there():
    found, expected = told(
        """
        password                     | alone     | with a code
        -----------------------------+-----------+------------
        tulipvasemulesnow            | yes       | yes
        TULIP VASE MULE SNOW         | yes       | yes
        Tülpe Väse Mäultier          | yes       | yes
        тюльпан ваза мул             | yes       | yes
        क्षितिज पर नीला पर्वत           | yes       | yes
        湖边的郁金香在慢慢地开着呢真美 | yes       | yes
        🌷🐴🏺⛄🚂🐢🍋🧭🎻🪁🦔🌂🧤🥁🛶   | yes       | yes
        902846173059182              | yes       | yes
        ?:/=;.%'[)(*-]+              | yes       | yes
        kT7#w!Qz9@pL2&x              | yes       | yes
        """
    )
    assert found == expected


def test_a_common_password_stays_common_with_digits_and_signs_around_it():
    found, expected = told(
        """
        password                     | alone     | with a code
        -----------------------------+-----------+------------
        password                     | too short | common
        Password                     | too short | common
        p@ssw0rd                     | too short | common
        trustno1                     | too short | common
        1qaz2wsx3edc4rfv             | common    | common
        Password1                    | too short | common
        Password-2026!!              | common    | common
        2026 Password 2026           | common    | common
        p a s s w o r d 2026         | common    | common
        abc123-20262026              | common    | common
        Pässwörd20262026             | common    | common
        password qwertyuiop          | common    | common
        password of the tulips       | yes       | yes
        trust no 1 at the lake       | yes       | yes
        """
    )
    assert found == expected


def test_a_short_piece_again_and_again_is_still_short():
    found, expected = told(
        """
        password                     | alone     | with a code
        -----------------------------+-----------+------------
        aaaaaaaaaaaaaaa              | repeated  | repeated
        abcabcabcabcabc              | repeated  | repeated
        AbcaBcabCabcab               | too short | repeated
        vase-vase-vase-vase          | repeated  | repeated
        vase-vase-vase-vase 2026     | repeated  | repeated
        vase.vase                    | too short | repeated
        tulipvasemulestulipvasemules | repeated  | repeated
        tulipvasemulessTulipvasemuless | yes     | yes
        tulip vase mule tulip        | yes       | yes
        4829301847562aa              | yes       | yes
        vase tulip vase mule         | yes       | yes
        """
    )
    assert found == expected


def test_neighbouring_keys_letters_or_numbers_hardly_count():
    found, expected = told(
        """
        password                     | alone     | with a code
        -----------------------------+-----------+------------
        123456789012345              | run       | run
        098765432109876              | run       | run
        k l m n o p q r              | run       | run
        abcdefghijklmno              | run       | run
        zyxwvutsrqponml              | run       | run
        aabbccddeeffggh              | run       | run
        qwertyuiopasdfgh             | run       | run
        poiuztrewqlkjhg              | run       | run
        zaq1xsw2cde3vfr4             | run       | run
        zaq12wsxcde34rfv             | run       | run
        !@#$%^&*()_+!@#              | run       | run
        qwertyuiop tuli              | run       | yes
        vase mu!!!!!!!!              | run       | yes
        qwertyuiop tulip vase        | yes       | yes
        1234 tulip vase mule         | yes       | yes
        first student power          | yes       | yes
        """
    )
    assert found == expected


def test_what_everybody_knows_of_a_person_hardly_counts():
    found, expected = told(
        """
        password                     | alone     | with a code
        -----------------------------+-----------+------------
        ameyer2026                   | too short | known
        AnnaMeyerAnnaMe              | known     | known
        AnnaMeyerAnnaMeyer           | repeated  | repeated
        anna-meyer-2026              | known     | known
        Meyer, Anna / Lakeside       | known     | known
        LakesideKetamineClinic       | known     | known
        Infusion Outcomes            | known     | known
        infusion-outcomes-2026!      | known     | known
        infusion outcomes 4 me       | known     | known
        a n n a m e y e r 2 0 2 6    | known     | known
        Änna Meÿer 2026              | known     | known
        ameyer12345678901            | known     | known
        meyer tulip vas              | yes       | yes
        meyer tulip v 1              | known     | yes
        Lakeside mules in the snow   | yes       | yes
        """
    )
    assert found == expected


@pytest.mark.parametrize("who", ["login", "name", "practice_name"])
def test_login_name_and_practice_are_each_known(who):
    assert answer("kestrelhouse-26", False) == "yes"
    assert answer("kestrelhouse-26", False, **{who: "Kestrelhouse"}) == "known"


def test_nothing_is_known_of_somebody_without_a_name():
    nobody = {"login": "", "name": "", "practice_name": ""}
    assert answer("anna-meyer-2026", False, **nobody) == "yes"
    assert answer("infusion-outcomes", False, **nobody) == "known"


@pytest.mark.parametrize("second_factor", [False, True])
def test_the_longest_password_has_128_characters(second_factor):
    sentence = "tulips on a slow train to a lake without any name; " * 3
    assert answer(sentence[:128], second_factor) == "yes"
    assert answer(sentence[:129], second_factor) == "too long"
