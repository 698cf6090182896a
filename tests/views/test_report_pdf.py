"""The report as a file: one tagged page, of words that are never taken for markup."""

import ast
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from pypdf import PdfReader

from analysis.trajectory import course_trajectories
from data.infusions import InfusionFacts
from data.patients import Course, Patient
from measures.registry import MEASURES
from views import report_pdf as report_pdf_module
from views.course_record import CourseRecord
from views.report_chart import chart_key, course_svg, date_ticks
from views.report_facts import Printed, progress_report
from views.report_pdf import SQUARE, SQUARE_MEANS, printable, report_pdf


START = datetime(2024, 1, 1, 9, tzinfo=UTC)
AT = datetime(2026, 3, 1, 14, 5, tzinfo=UTC)
PRINTED = Printed(by="Dr Lee", at=AT, practice="Riverside Ketamine")
PATIENT = Patient("0123456789abcdef", "MRN-77", "Ada", "Lovelace", None, None)
HOSTILE = [
    '#panic("out")',
    "#set page(width: 1cm)",
    '"); #read("/etc/passwd")',
    "\\u{41} \\",
    "= Heading",
    "*bold* _it_ `raw` $x^2$ @ref <label> [body] // note /* x */",
    "#import sys: inputs",
    "{{ name }} </svg><script>alert(1)</script>",
    "'--\"~...---",
]


def form(number, measure="phq9", day=0, total=12, **facts):
    """Return a form as the analysis reads one; ``total`` None: no answer at all."""
    asked = MEASURES[measure]
    given = SimpleNamespace(
        measure=measure,
        recall_window=facts.get("window", asked.default_recall_window.code),
        completed_at=START + timedelta(days=day),
        time_known=True,
        answers=(None,) * asked.item_count if total is None else None,
    )
    return SimpleNamespace(id=number, facts=given, total=total, item_9=None)


def record(forms=(), infusions=(), **facts):
    given = [
        SimpleNamespace(
            number=n, facts=InfusionFacts(START + timedelta(days=day, hours=1))
        )
        for n, day in enumerate(infusions, start=1)
    ]
    usual = dict.fromkeys(Course.__dataclass_fields__)
    usual |= {"id": 1, "patient_id": PATIENT.id, "number": 1, "site": "Main site"}
    usual["opened"] = START.date()
    baselines = {
        (f.facts.measure, f.facts.recall_window): f.id
        for f in forms
        if f.id in facts.get("baselines", ())
    }
    known = {
        "course": Course(**usual | facts.get("course", {})),
        "forms": {f.id: f for f in forms},
        "infusions": given,
        "induction": facts.get("induction", len(given)),
        "trajectories": course_trajectories(forms, given, baselines),
    }
    empty = {n: [] for n in CourseRecord.__dataclass_fields__ if n not in known}
    return CourseRecord(**known | empty)


def many(forms):
    """Return a course of both measures with so many forms, every mark among them."""
    made = []
    for n in range(forms):
        measure = ("phq9", "pcl5")[n % 2]
        total = None if n % 7 == 6 else 5 + n % 20
        made.append(form(n, measure, day=n * 3 - 2, total=total))
    days = range(0, max(1, forms * 3), 7)
    return record(made, list(days)[:40], baselines=(0, 1), induction=6)


def made(of, patient=PATIENT, printed=PRINTED, alerts=()):
    return report_pdf(progress_report(of, patient, alerts, printed), printed.at)


def page(content):
    (only,) = PdfReader(BytesIO(content)).pages
    return only


def text_of(content):
    return page(content).extract_text()


def heights(content, pattern):
    """Return how high above the foot of the page pieces of text are, in points."""
    found = []

    def note(text, matrix, position, *_):
        if re.match(pattern, text.strip()):
            x, y = position[4:6]
            found.append(x * matrix[1] + y * matrix[3] + matrix[5])

    page(content).extract_text(visitor_text=note)
    return found


def is_clear_of_the_foot(content):
    """Whether the table, or what is said below it, ends above the definitions."""
    (foot,) = heights(content, "Baseline: The last")
    return min(heights(content, r"(PHQ-9|PCL-5)$|\d+ of \d+ forms")) > foot + 9


def squeezed(text):
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("forms", [0, 1, 2, 20, 100, 400])
def test_it_is_one_page_however_many_forms_there_are(forms):
    assert len(PdfReader(BytesIO(made(many(forms)))).pages) == 1


def test_as_many_forms_as_there_is_room_for_are_listed_and_the_others_counted():
    assert "not listed" not in text_of(made(many(8)))
    text = " ".join(text_of(made(many(100))).split())
    left = left_out(made(many(100)))
    rows = re.findall(r"[a-z] 20\d\d\s*(?:PHQ-9|PCL-5)\s*\d", text.split("Marks")[1])
    assert len(rows) == 100 - left >= 14
    # The baselines first, and the latest last.
    assert text.index("30 Dec 2023 PHQ-9") < text.index("22 Oct 2024 PCL-5 24")


def test_it_is_one_page_with_everything_at_its_longest():
    long = "Wolfeschlegelsteinhausenbergerdorff " * 9
    course = {
        "clinician": long,
        "site": long,
        "closed": AT.date(),
        "indication": "both",
    }
    alerts = [SimpleNamespace(item_9=3, completed_at=AT)] * 9
    shown = many(100)
    content = made(
        replace(shown, course=replace(shown.course, **course)),
        Patient("0", long, long, long, START.date(), None),
        replace(PRINTED, by=long, practice=long, is_example=True),
        alerts,
    )
    assert 100 - left_out(content) >= 2
    assert is_clear_of_the_foot(content)


@pytest.mark.parametrize("forms", [14, 16, 18, 20, 22, 24, 26, 100])
def test_the_table_ends_above_what_is_below_it(forms):
    content = made(many(forms))
    assert is_clear_of_the_foot(content)


def left_out(content):
    text = " ".join(text_of(content).split())
    return int(re.search(r"(\d+) of 100 forms are not listed", text).group(1))


def test_it_fits_a4_and_us_letter_alike():
    millimetres = [
        float(side) * 25.4 / 72 for side in page(made(many(20))).mediabox[2:]
    ]
    assert millimetres == pytest.approx([210, 279])


def test_it_is_tagged_and_names_nobody_in_its_properties():
    reader = PdfReader(BytesIO(made(many(20))))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert "/StructTreeRoot" in root
    xmp = root["/Metadata"].get_object().get_data().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in xmp
    assert reader.metadata.title == "Progress report"
    assert "Lovelace" not in f"{reader.metadata}{xmp}"


def tags(node):
    """Return every tag below a node of the structure tree, with its words if any."""
    node = node.get_object()
    if not isinstance(node, dict):
        return (
            [found for child in node for found in tags(child)]
            if isinstance(node, list)
            else []
        )
    own = [(node["/S"], node.get("/Alt"))] if "/S" in node else []
    return own + (tags(node["/K"]) if "/K" in node else [])


def test_the_drawing_is_told_in_words_and_the_table_has_headers():
    root = PdfReader(BytesIO(made(many(20)))).trailer["/Root"]
    found = tags(root["/StructTreeRoot"])
    kinds = [kind for kind, _ in found]
    assert {"/H1", "/H2", "/Table", "/TH", "/Figure"} <= set(kinds)
    assert kinds.count("/TH") == 7
    (words,) = {alt for kind, alt in found if kind == "/Figure"}
    assert words.startswith("PHQ-9, 10 forms") and words.endswith("Lower is better.")


def test_the_same_words_at_the_same_moment_are_the_same_bytes():
    assert made(many(20)) == made(many(20))
    later = replace(PRINTED, at=AT + timedelta(minutes=1))
    assert made(many(20)) != made(many(20), printed=later)


def test_its_fonts_are_the_compilers_own():
    fonts = page(made(many(20)))["/Resources"]["/Font"].values()
    names = {font.get_object()["/BaseFont"].split("+")[-1] for font in fonts}
    assert all(name.startswith(("Libertinus", "DejaVu")) for name in names)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_somebody_typed_is_shown_as_it_was_typed(text):
    patient = Patient("0", text, text, None, None, None)
    shown = many(4)
    shown = replace(shown, course=replace(shown.course, clinician=text, site=text))
    printed = replace(PRINTED, by=text, practice=text)
    found = squeezed(text_of(made(shown, patient, printed)))
    assert found.count(squeezed(text)) >= 5


def test_the_page_reads_no_file_and_takes_no_package():
    source = report_pdf_module.PAGE.decode()
    assert not re.findall(r"#?\b(?:import|include|read|plugin|eval)\b\s*[(\"]", source)
    assert source.count("sys.inputs") == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Łucja Żółć", "Łucja Żółć"),
        ("Νίκος Юрий", "Νίκος Юрий"),
        ("שרה خالد", "שרה خالد"),
        ("Nguyễn Thị", "Nguyễn Thị"),
        ("漢字", SQUARE * 2),
        ("Ada \U0001f600", f"Ada {SQUARE}"),
        ("a\x00b\x1bc", f"a{SQUARE}b{SQUARE}c"),
        ("a\u202eb\u200bc\ud800", f"a{SQUARE}b{SQUARE}c{SQUARE}"),
    ],
)
def test_what_cannot_be_drawn_is_a_square_and_said_to_be(text, shown):
    assert printable(text) == shown
    patient = Patient("0", "A-1", text, None, None, None)
    found = text_of(made(many(4), patient))
    assert (SQUARE_MEANS in found) is (SQUARE in shown)


def test_everything_that_is_called_drawable_is():
    """A letter that no font has would stop the report: PDF/UA allows none."""
    drawable = [chr(n) for n in range(0x2600) if printable(chr(n)) != SQUARE]
    assert len(drawable) > 2_000
    report = progress_report(many(1), PATIENT, [], PRINTED)
    # Each after a letter: some are marks that stand on one.
    every = " ".join(f"o{character}" for character in drawable)
    for start in range(0, len(every), 4000):
        part = every[start : start + 4000]
        typeset = replace(report, rows=[], chart="", definitions=[part])
        assert report_pdf(typeset, AT)


# The drawing.


def drawn(of):
    shown = list(of.trajectories.values())
    return ElementTree.fromstring(course_svg(shown, of.infusions, of.induction))


def words_in(svg):
    return [node.text for node in svg.iter() if node.tag.endswith("text")]


def of_kind(svg, kind):
    return [node for node in svg.iter() if node.tag.endswith(f"}}{kind}")]


def test_the_drawing_says_which_way_is_better_and_what_each_line_is():
    shown = record(
        [form(1, day=-1, total=20), form(2, day=9, total=9)], [0], baselines=(1,)
    )
    words = words_in(drawn(shown))
    for wanted in (
        "PHQ-9 total",
        "← lower is better",
        "Response: 10 or less",
        "Remission (below 5)",
        "moderately severe",
        "20",
        "9",
        "1",
    ):
        assert wanted in words


def test_every_form_is_drawn_and_an_incomplete_one_is_a_range_not_a_point():
    shown = record([form(1, day=-1), form(2, day=9), form(3, day=12, total=None)], [0])
    svg = drawn(shown)
    uprights = [
        line
        for line in of_kind(svg, "line")
        if line.get("x1") == line.get("x2") and line.get("stroke") == "#1d2327"
    ]
    crosses = [
        line
        for line in of_kind(svg, "line")
        if line.get("x1") != line.get("x2")
        and line.get("y1") != line.get("y2")
        and line.get("stroke") == "#1d2327"
    ]
    assert len(uprights) == 1
    assert len(crosses) == 2 * 2  # two totals received without answers


def test_another_recall_window_has_a_line_of_its_own():
    forms = [
        form(1, "pcl5", day=-9, total=50),
        form(2, "pcl5", day=-8, total=50, window="past_week"),
        form(3, "pcl5", day=5, total=40),
        form(4, "pcl5", day=6, total=30, window="past_week"),
    ]
    shown = record(forms, [0])
    key = chart_key(list(shown.trajectories.values()), maintenance=False)
    assert "solid line: PCL-5, past month; dashed line: PCL-5, past week" in key
    slanted = [
        line
        for line in of_kind(drawn(shown), "line")
        if line.get("stroke-width") == "0.8"
        and line.get("stroke") == "#1d2327"
        and abs(float(line.get("x1")) - float(line.get("x2"))) > 10
    ]
    assert [line.get("stroke-dasharray") for line in slanted] == [None, "5 2.5"]


def test_a_maintenance_infusion_is_hollow():
    shown = record([form(1, day=-1)], [0, 3, 60], induction=2)
    fills = [path.get("fill") for path in of_kind(drawn(shown), "path")]
    assert fills == ["#5a636a", "#5a636a", "white"]
    key = chart_key(list(shown.trajectories.values()), maintenance=True)
    assert "hollow triangle: maintenance infusion" in key


def test_nothing_is_drawn_outside_the_drawing():
    svg = drawn(many(100))
    _, _, width, height = map(float, svg.get("viewBox").split())
    for node in svg.iter():
        for name in ("x", "x1", "x2", "cx"):
            assert 0 <= float(node.get(name, 0)) <= width
        for name in ("y", "y1", "y2", "cy"):
            assert -1 <= float(node.get(name, 0)) <= height


@pytest.mark.parametrize("days", [1, 5, 8, 20, 60, 200, 800, 3000, 9000])
def test_a_few_dates_stand_under_the_axis_whatever_its_length(days):
    ticks = date_ticks(
        datetime(2024, 1, 1), datetime(2024, 1, 1) + timedelta(days=days)
    )
    assert len(ticks) <= 8
    assert len(ticks) >= (1 if days < 5 else 2)
    assert ticks == sorted(set(ticks))


def test_the_words_of_the_drawing_are_our_own():
    """No text of a record is put into it: nothing there has to be escaped."""
    tree = ast.parse(
        (
            report_pdf_module.Path(report_pdf_module.__file__).parent
            / "report_chart.py"
        ).read_text(encoding="utf-8")
    )
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not names & {"note", "description", "clinician", "site", "family_name"}
