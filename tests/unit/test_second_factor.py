import base64
import hmac
import re
import time
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from math import log2
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree

import pyotp
import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from access.second_factor import (
    RECOVERY_ALPHABET,
    RECOVERY_CODES,
    hash_recovery_code,
    matching_step,
    new_recovery_codes,
    new_secret,
    provisioning_uri,
    qr_svg,
)


# The secret of RFC 6238, appendix B; the last six of its eight digits.
RFC_SECRET = base64.b32encode(b"1234567890" * 2).decode()
RFC_CODES = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]
# With that secret two steps in a row have the same code.
TWIN_STEP, TWIN_CODE = 57766335, "251166"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOON_STEP = int(NOON.timestamp()) // 30
CODE = "7QXA-4MPD-9KRT-2HVW-C6NE-5YJF"


def match(code, now=NOON, after_step=None, secret=RFC_SECRET):
    return matching_step(secret, code, now=now, after_step=after_step)


def code_of(step):
    return pyotp.TOTP(RFC_SECRET).generate_otp(step)


def seconds(number):
    return datetime.fromtimestamp(number, UTC)


# Codes


@pytest.mark.parametrize(("second", "code"), RFC_CODES)
def test_agrees_with_the_test_values_of_rfc_6238(second, code):
    assert match(code, seconds(second)) == second // 30


@pytest.mark.parametrize("second", [0, 29])
@pytest.mark.parametrize(
    ("steps", "accepted"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_one_step_either_side_is_accepted(second, steps, accepted):
    now = NOON + timedelta(seconds=second)
    step = NOON_STEP + steps
    assert match(code_of(step), now) == (step if accepted else None)


def test_a_code_is_accepted_once():
    code = code_of(NOON_STEP)
    assert match(code, after_step=NOON_STEP - 1) == NOON_STEP
    assert match(code, after_step=NOON_STEP) is None


def test_an_earlier_code_is_refused_after_a_later_one():
    earlier, later = code_of(NOON_STEP - 1), code_of(NOON_STEP + 1)
    assert match(earlier, after_step=NOON_STEP - 1) is None
    assert match(earlier, after_step=NOON_STEP) is None
    assert match(later, after_step=NOON_STEP) == NOON_STEP + 1


def test_a_last_step_of_zero_is_a_step():
    assert match("287082", seconds(59), after_step=0) == 1
    assert match(code_of(0), seconds(59), after_step=0) is None


def test_digits_that_two_steps_share_are_used_up_for_both():
    now = seconds(TWIN_STEP * 30)
    assert code_of(TWIN_STEP) == code_of(TWIN_STEP + 1) == TWIN_CODE
    assert match(TWIN_CODE, now) == TWIN_STEP + 1
    assert match(TWIN_CODE, now, after_step=TWIN_STEP + 1) is None


@pytest.mark.parametrize(
    "typed",
    ["287 082", " 287082 ", "28 70 82", "287\u00a0082", "287082\r\n", "2 8 7 0 8 2"],
)
def test_spaces_in_a_code_do_not_count(typed):
    assert match(typed, seconds(59)) == 1


@pytest.mark.parametrize(
    "typed",
    [
        *("", " ", "28708", "2870822", "287-082", "287082.", "+87082", "28708x"),
        *("0x7082", "287082\x00", "\ud83c87082", "²87082"),
        # The same digits, full-width and Arabic, which int() would take.
        *("\uff12\uff18\uff17\uff10\uff18\uff12", "٢٨٧٠٨٢", "287082٢"),
    ],
)
def test_anything_but_six_ascii_digits_is_refused(typed):
    assert match(typed, seconds(59)) is None


@given(st.text(max_size=12))
def test_no_other_text_matches(typed):
    assert match(typed) is None or "".join(typed.split()) in {
        code_of(NOON_STEP + steps) for steps in (-1, 0, 1)
    }


def test_a_code_of_another_secret_is_refused():
    assert match(code_of(NOON_STEP), secret=new_secret()) is None


def test_a_moment_without_a_zone_is_meant_in_utc(monkeypatch):
    monkeypatch.setenv("TZ", "America/Chicago")
    time.tzset()
    try:
        assert match("287082", datetime(1970, 1, 1, 0, 0, 59)) == 1
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_moment_in_any_zone_is_the_same_moment():
    chicago = NOON.astimezone(timezone(timedelta(hours=-6)))
    assert match(code_of(NOON_STEP), chicago) == NOON_STEP


def test_every_step_is_compared_in_constant_time_whichever_matches(monkeypatch):
    compared = []
    honest = hmac.compare_digest
    monkeypatch.setattr(
        hmac, "compare_digest", lambda a, b: compared.append(a) or honest(a, b)
    )
    window = [code_of(NOON_STEP + steps) for steps in (-1, 0, 1)]
    for code in (*window, "000000"):
        match(code)
    assert compared == window * 4


# What an authenticator is told


def test_a_new_secret_has_160_bits_and_is_new():
    some = [new_secret() for _ in range(50)]
    assert len(set(some)) == 50
    assert {len(base64.b32decode(secret)) for secret in some} == {20}


@pytest.mark.parametrize(
    ("login", "issuer"),
    [
        ("ameyer", "Lake House"),
        ("anna.meyer+x@lake.example", "Müller & Söhne?"),
        ("ameyer", "Lake/House #1 100%"),
        ("ameyer", "クリニック"),
    ],
)
def test_an_authenticator_reads_back_what_it_was_told(login, issuer):
    secret = new_secret()
    told = pyotp.parse_uri(provisioning_uri(secret, login, issuer))
    assert (told.secret, told.name, told.issuer) == (secret, login, issuer)
    assert (told.digits, told.interval, told.digest().name) == (6, 30, "sha1")
    now = datetime.now(UTC)
    assert match(told.at(now), now, secret=secret) is not None


def test_issuer_and_login_are_parted_by_the_only_colon():
    uri = urlsplit(provisioning_uri(RFC_SECRET, "a:meyer", "Lake: House"))
    assert unquote(uri.path) == "/Lake  House:a meyer"
    assert parse_qs(uri.query)["issuer"] == ["Lake  House"]


# The QR code


URI = provisioning_uri(RFC_SECRET, "ameyer", "Lake House")


def drawn_modules(svg):
    """Return the dark modules as column and row, read from the path that is drawn."""
    [path] = [p.get("d") for p in ElementTree.fromstring(svg).iter() if p.get("stroke")]
    column, row, dark = 0, 0.0, set()
    for move, x, y, length in re.findall(r"([Mm])(-?\d+) (-?[\d.]+)h(\d+)", path):
        column, row = (
            (int(x), float(y)) if move == "M" else (column + int(x), row + float(y))
        )
        dark |= {(column + step, int(row)) for step in range(int(length))}
        column += int(length)
    return dark


def test_the_qr_code_has_the_modules_of_the_address_in_a_margin_of_four():
    expected = {
        (column + 4, row + 4)
        for row, line in enumerate(segno.make_qr(URI, error="m").matrix)
        for column, module in enumerate(line)
        if module
    }
    assert drawn_modules(qr_svg(URI)) == expected
    assert drawn_modules(qr_svg(URI + "x")) != expected


def test_the_qr_code_is_black_on_white_to_its_edge_in_any_theme():
    svg = ElementTree.fromstring(qr_svg(URI))
    ground, modules = svg
    _, _, side, _ = svg.get("viewBox").split()
    assert ground.attrib == {"fill": "#fff", "d": f"M0 0h{side}v{side}h-{side}z"}
    assert modules.get("stroke") == "#000"
    assert svg.get("width") == svg.get("height") == "240"


def test_the_qr_code_is_named_for_those_who_do_not_see_it():
    svg = ElementTree.fromstring(qr_svg(URI))
    assert svg.get("role") == "img"
    assert svg.get("aria-label") == "QR code for an authenticator app"


@pytest.mark.parametrize("login", ["ameyer", '"><script>alert(1)</script>', "{{ 1 }}"])
def test_the_qr_code_holds_no_text_script_style_or_reference(login):
    svg = qr_svg(provisioning_uri(RFC_SECRET, login, "Lake House"))
    tree = ElementTree.fromstring(svg)
    assert [element.tag for element in tree.iter()] == ["svg", "path", "path"]
    attributes = {name for element in tree.iter() for name in element.attrib}
    assert attributes == {
        *("role", "aria-label", "shape-rendering", "width", "height", "viewBox"),
        *("fill", "stroke", "d"),
    }
    assert "http" not in svg
    assert RFC_SECRET not in svg


# Recovery codes


def test_there_are_ten_recovery_codes_and_none_twice():
    codes = [code for _ in range(20) for code in new_recovery_codes()]
    assert len(new_recovery_codes()) == RECOVERY_CODES == 10
    assert len({hash_recovery_code(code) for code in codes}) == 200


def test_a_recovery_code_is_six_groups_of_four():
    pattern = "-".join([f"[{RECOVERY_ALPHABET}]{{4}}"] * 6)
    assert all(re.fullmatch(pattern, code) for code in new_recovery_codes())


def test_every_character_of_the_alphabet_is_drawn_and_anywhere():
    codes = [code.replace("-", "") for _ in range(60) for code in new_recovery_codes()]
    for place in range(24):
        assert {code[place] for code in codes} == set(RECOVERY_ALPHABET)


def test_a_recovery_code_has_at_least_the_112_bits_that_a_plain_hash_needs():
    [code, *_] = new_recovery_codes()
    characters = len(code.replace("-", ""))
    assert len(set(RECOVERY_ALPHABET)) == len(RECOVERY_ALPHABET) == 26
    assert characters * log2(len(RECOVERY_ALPHABET)) >= 112


@pytest.mark.parametrize("alike", ["0O", "1IL", "2Z", "5S", "6G", "8B", "UV"])
def test_of_what_looks_alike_at_most_one_is_in_a_code(alike):
    assert len(set(alike) & set(RECOVERY_ALPHABET)) <= 1


@pytest.mark.parametrize(
    "typed",
    [
        CODE,
        CODE.lower(),
        CODE.replace("-", ""),
        f"  {CODE.replace('-', ' ')}\n",
        "7QXA–4MPD—9KRT−2HVW\u2011C6NE\u00ad5YJF",
        "7QXA\u00a04MPD\u20099KRT 2HVW C6NE 5YJF",
    ],
)
def test_case_spaces_and_dashes_of_a_recovery_code_do_not_count(typed):
    bare = CODE.replace("-", "").encode()
    assert hash_recovery_code(typed) == sha256(bare).hexdigest()


@pytest.mark.parametrize(
    "typed", ["8" + CODE[1:], CODE[:-1], CODE + "2", CODE + "é", "", "\ud83c"]
)
def test_every_character_of_a_recovery_code_counts(typed):
    assert hash_recovery_code(typed) != hash_recovery_code(CODE)


def test_what_is_stored_of_a_new_code_is_found_again_by_what_is_typed():
    for code in new_recovery_codes():
        typed = code.lower().replace("-", " ")
        assert hash_recovery_code(typed) == hash_recovery_code(code)
