"""The door's own pages: complete without a script, and usable by everybody."""

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import jinja2
import pytest

from access import pages
from access.csrf import Form
from access.enrolment import enrolment_values
from access.pages import redirect
from data.accounts import Account


TEMPLATES = Path(pages.__file__).parent / "templates"
# These are parts of others; the tablet's pages are drawn in the tests of the tablet.
PARTS = {"base.html", "parts.html", "confirm.html"}
VOID = {"br", "input", "link", "meta"}
NASTY = '<script>alert("x")</script>\'&'

LEE = Account(
    id=3,
    login=f"lee{NASTY}",
    name=f"Dr Lee{NASTY}",
    roles=frozenset({"clinician"}),
    sites=frozenset({1}),
    has_password=True,
    has_second_factor=True,
    disabled=False,
)
FILLED = Form({"login": NASTY, "name": NASTY, "practice_name": NASTY, "treats": "yes"})
ENROLMENT = enrolment_values(
    "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", login=NASTY, practice_name=NASTY
)
WRONG = {"password": NASTY}
SET_UP = {"rules": "15", "longest_login": 64, "longest_name": 100}

# Every page as it may look, by file.
DRAWN = {
    "account.html": [
        {
            "note": note,
            "account": account,
            "roles": roles,
            "sites": sites,
            "required": required,
            "codes_left": codes_left,
            "sign_ins": ["Monday"],
        }
        for note, account, roles, sites, required, codes_left in [
            ("", LEE, ["lead"], [], False, 1),
            (NASTY, LEE, [NASTY, "lead"], [NASTY, "B"], True, 10),
            ("", Account(**vars(LEE) | {"has_password": False}), ["lead"], [], True, 0),
            (
                "",
                Account(**vars(LEE) | {"has_second_factor": False}),
                ["lead"],
                ["A"],
                False,
                0,
            ),
        ]
    ],
    "code.html": [
        {"onward": "/", "fault": "", "recovery": False},
        {"onward": NASTY, "fault": NASTY, "recovery": True},
    ],
    "codes.html": [{"codes": ["A-B", "C-D"], "onward": NASTY, "login": NASTY}],
    "enrolment.html": [
        {"onward": "/", "faults": {}, "asks_password": False, **ENROLMENT},
        {"onward": "/", "faults": {"code": "x"}, "asks_password": True, **ENROLMENT},
        {"onward": NASTY, "faults": WRONG, "asks_password": True, **ENROLMENT},
    ],
    "login.html": [
        {"onward": "/", "login": "", "note": "", "fault": "", "provider": None},
        {
            "onward": NASTY,
            "login": NASTY,
            "note": NASTY,
            "fault": NASTY,
            "provider": NASTY,
        },
    ],
    "new_codes.html": [{"login": NASTY, "faults": {}}, {"login": "x", "faults": WRONG}],
    "password.html": [
        {"login": NASTY, "faults": {}, "rules": "15"},
        {"login": NASTY, "faults": {"new_password_again": "x"}, "rules": "15"},
    ],
    "remove_factor.html": [
        {"login": NASTY, "faults": {}},
        {"login": "x", "faults": WRONG},
    ],
    "sentence.html": [{"title": NASTY, "text": NASTY, "way": NASTY, "way_says": NASTY}],
    "setup.html": [
        {"form": Form({}), "faults": {}, **SET_UP},
        {"form": FILLED, "faults": {"name": NASTY, "new_password": NASTY}, **SET_UP},
    ],
    "single_sign_on.html": [{"title": NASTY, "text": NASTY}],
    "welcome.html": [
        {"invited": LEE, "faults": {}, "rules": "15"},
        {"invited": LEE, "faults": {"new_password": NASTY}, "rules": "15"},
    ],
}
EVERY_PAGE = [
    pytest.param((name, values), id=f"{name} {number}")
    for name, drawn in DRAWN.items()
    for number, values in enumerate(drawn, 1)
]


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text):
        super().__init__()
        self.open = []
        self.tags = []
        self.texts = {}
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs), tuple(self.open)))
        assert len(dict(attrs)) == len(attrs), f"{tag} says something twice: {attrs}"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs), tuple(self.open)))

    def handle_endtag(self, tag):
        assert self.open, f"{tag} closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        for tag in self.open:
            self.texts[tag] = self.texts.get(tag, "") + data

    def all(self, tag, **wanted):
        return [
            attrs
            for found, attrs, _ in self.tags
            if found == tag and wanted.items() <= attrs.items()
        ]


def drawn(name, values):
    template = pages._templates.get_template(name)
    return template.render(practice_name=NASTY, form_token="f" * 64, **values)


@pytest.fixture(params=EVERY_PAGE)
def page(request):
    return Page(drawn(*request.param))


def visible_inputs(page):
    return [one for one in page.all("input") if one.get("type") != "hidden"]


def test_every_page_is_looked_at_here():
    files = {path.name for path in TEMPLATES.glob("*.html")}
    here = {name for name in files if not name.startswith("kiosk")}
    assert here == DRAWN.keys() | PARTS


def test_nothing_runs_and_nothing_comes_from_elsewhere(page):
    for tag, attrs, _ in page.tags:
        assert tag not in {"script", "iframe", "object", "embed", "base", "img"}
        assert not [name for name in attrs if name.startswith("on")]
        for place in ("href", "src", "action"):
            value = attrs.get(place, "/")
            if "alert" not in value:
                assert re.match(r"/(?!/)", value), (tag, place, value)
    assert "url(" not in page.texts["style"]
    assert "@import" not in page.texts["style"]


def test_it_says_what_it_is(page):
    assert page.all("html") == [{"lang": "en"}]
    assert page.texts["title"].strip().endswith("· Infusion Outcomes")
    assert page.texts["title"].split("·")[0].strip()
    assert page.texts["h1"].strip()
    for tag in ("h1", "main", "title"):
        assert len(page.all(tag)) == 1, tag
    assert page.all("meta", name="viewport")[0]["content"].startswith(
        "width=device-width"
    )
    assert "user-scalable" not in str(page.all("meta"))


def test_nothing_stands_outside_of_the_landmarks(page):
    for tag, _, around in page.tags:
        inside = {"header", "main", "head"} & {tag, *around}
        assert inside or tag in {"html", "body", "head"}, tag


def test_every_field_has_a_label_and_says_what_belongs_in_it(page):
    labels = {one["for"] for one in page.all("label")}
    for field in visible_inputs(page):
        assert field["id"] in labels
        if field["type"] != "checkbox":
            assert field["autocomplete"], field
        if field["type"] == "password":
            assert field["autocomplete"] in {"current-password", "new-password"}
            assert "value" not in field, "a password is never sent back"
            assert "maxlength" not in field, "it would be cut short without a word"
    assert labels == {one["id"] for one in visible_inputs(page)}


def test_every_id_is_there_once_and_every_reference_leads_to_one(page):
    ids = Counter(attrs["id"] for _, attrs, _ in page.tags if "id" in attrs)
    assert not [name for name, count in ids.items() if count > 1]
    for _, attrs, _ in page.tags:
        for name in attrs.get("aria-describedby", "").split():
            assert name in ids


def test_at_most_one_field_takes_the_focus(page):
    taking = [one for one in visible_inputs(page) if "autofocus" in one]
    assert len(taking) <= 1
    faulty = page.all("input", **{"aria-invalid": "true"})
    if faulty:
        assert taking == faulty[:1], "the first faulty one"


def test_what_went_wrong_is_announced_beside_its_field(page):
    alerts = {one.get("id") for one in page.all("p", role="alert")}
    for field in page.all("input", **{"aria-invalid": "true"}):
        assert f"{field['id']}-fault" in alerts
        assert f"{field['id']}-fault" in field["aria-describedby"].split()


def test_every_form_holds_the_token_of_its_browser(page):
    sent = [one for one in page.all("form") if one.get("action") != "/logout"]
    tokens = page.all("input", name="form_token", type="hidden")
    assert [one["value"] for one in tokens] == ["f" * 64] * len(sent)
    assert all(one["method"] == "post" for one in page.all("form"))


def test_a_value_that_is_not_given_is_no_page():
    with pytest.raises(jinja2.UndefinedError):
        drawn("login.html", {})


# Colours.


def colours(scheme):
    """Return the colours of a scheme, by name."""
    text = (TEMPLATES / "base.html").read_text()
    light, dark = re.findall(
        r":root \{\s*(?:color-scheme[^;]*;)?([^}]*#[^}]*)\}", text
    )[:2]
    found = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", light))
    if scheme == "dark":
        found |= dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", dark))
    return found | {"white": "#ffffff"}


def luminance(colour):
    """Return the relative luminance (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    ]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


ON_WHAT = {
    "text": ["ground", "card", "wash"],
    "quiet": ["ground", "card"],
    "link": ["ground", "card", "wash"],
    "fault": ["card", "fault-wash"],
    "white": ["accent", "accent-pressed"],
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_enough(scheme):
    found = colours(scheme)
    assert len(found) == 14
    faint = {
        (ink, paper): round(contrast(found[ink], found[paper]), 2)
        for ink, papers in ON_WHAT.items()
        for paper in papers
        if contrast(found[ink], found[paper]) < 4.5
    }
    assert faint == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_edges_of_fields_and_the_focus_stand_out_enough(scheme):
    found = colours(scheme)
    for line, paper in [("edge", "card"), ("edge", "ground"), ("link", "card")]:
        assert contrast(found[line], found[paper]) >= 3, (line, paper)


def test_the_accent_is_streamlits():
    config = Path(".streamlit/config.toml").read_text()
    for scheme in ("light", "dark"):
        assert f'primaryColor = "{colours(scheme)["accent"]}"' in config


# Ways on.


def test_a_redirect_is_a_new_question_with_a_quoted_query():
    answer = redirect("/login", why="a b&c", next="/?x=1")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?why=a+b%26c&next=%2F%3Fx%3D1"
    assert redirect("/").headers["location"] == "/"
