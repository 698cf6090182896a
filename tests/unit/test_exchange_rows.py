"""Rows to infusions and forms; each refusal names place, value and what is allowed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.assessments import AssessmentFacts, assessment_values
from data.exchange.cells import CellFault
from data.exchange.dates import MOST_REMEMBERED, DateColumn
from data.exchange.importing import MOST_PROBLEMS
from data.moments import from_minutes, today
from measures.registry import MEASURES
from tests.exchange_files import FORM, INFUSION, read, sentences, the_row


ANSWERS = "1,2,0,3,1,0,2,1,0"
LONG_ITEMS = (
    "record_number,completed_at,measure,recall_window,"
    + ",".join(f"item_{n}" for n in range(1, 21))
    + ",total,difficulty"
)


def form(cells=ANSWERS, at="2025-01-31", record="A"):
    return f"{FORM}\n{record},{at},{cells}\n"


def infusion(cells="0.5,35,40,IV,induction", at="2025-01-31 10:00"):
    return f"{INFUSION}\nA,{at},{cells}\n"


def long(measure="phq9", window="", items=ANSWERS, total="", difficulty=""):
    blank = "," * (20 - len(items.split(",")))
    return (
        f"{LONG_ITEMS}\nA,2025-01-31,{measure},{window},{items}{blank},{total},"
        f"{difficulty}\n"
    )


REFUSED = {
    "answer": (
        form("1,2,0,7,1,0,2,1,0"),
        "file.csv row 2, column phq9_4: '7' is not an answer; allowed: 0 to 3, or "
        "blank",
    ),
    "comma": (form('1,"3,0",0,1,1,0,2,1,0'), "column phq9_2: '3,0' is not an answer"),
    "half": (form("1,2.5,0,1,1,0,2,1,0"), "column phq9_2: '2.5' is not an answer"),
    "words": (
        form("Several days,2,0,1,1,0,2,1,0"),
        "column phq9_1: 'Several days' is not an answer; allowed: 0 to 3, or blank",
    ),
    "record": (form(record=" "), "the record number is blank; allowed: one in every"),
    "no date": (form(at=""), "column completed_at: the date is blank; allowed: YYYY"),
    "no day": (form(at="2025-02-29"), "'2025-02-29' is not a date; allowed: YYYY"),
    "text": (form(at="yesterday"), "column completed_at: 'yesterday' is not a date"),
    "two digits": (form(at="31.01.25"), "'31.01.25' is not a date"),
    "hour": (form(at="2025-01-31 24:00"), "'2025-01-31 24:00' is not a date"),
    "future": (form(at="2999-01-01"), "'2999-01-01' is in the future; allowed: until"),
    "early": (form(at="1999-12-31"), "is too early; allowed: from 2000-01-01"),
    "total": (
        "record_number,completed_at,phq9_total\nA,2025-01-31,28\n",
        "column phq9_total: '28' is not a total of the PHQ-9; allowed: 0 to 27",
    ),
    "total beside items": (
        f"{FORM},phq9_total\nA,2025-01-31,{ANSWERS},99\n",
        "column phq9_total: '99' is not a total of the PHQ-9",
    ),
    "measure": (
        long("gad7"),
        "column measure: 'gad7' is not a known measure; allowed: phq9, pcl5",
    ),
    "no measure": (long(""), "column measure: the measure is blank; allowed: phq9"),
    "window": (
        long("phq9", "past_week"),
        "column recall_window: 'past_week' is not a recall window of the PHQ-9; "
        "allowed: two_weeks",
    ),
    "no window": (
        long("pcl5"),
        "which days the PCL-5 asked about is not said; allowed: past_month, past_week",
    ),
    "too many items": (
        long("phq9", items=f"{ANSWERS},1"),
        "column item_10: '1' is one item too many; the PHQ-9 has 9; allowed: blank",
    ),
    "difficulty": (
        long("phq9", difficulty="4"),
        "column difficulty: '4' is not an answer; allowed: 0 to 3",
    ),
    "no difficulty": (
        long("pcl5", "past_week", difficulty="1"),
        "column difficulty: '1' the PCL-5 has no question on difficulty",
    ),
    "route": (
        infusion("0.5,35,40,rectal,induction"),
        "column route: 'rectal' is not a route; allowed: IV, IM, SC, intranasal",
    ),
    "phase": (
        infusion("0.5,35,40,IV,booster"),
        "column phase: 'booster' is not a phase; allowed: induction, maintenance",
    ),
    "dose": (
        infusion("35,,40,IV,"),
        "column dose_mg_per_kg: '35' is not a dose; allowed: above 0, up to 5",
    ),
    "no dose": (infusion("0,,40,IV,"), "column dose_mg_per_kg: '0' is not a dose"),
    "comma dose": (infusion('"0,5",,40,IV,'), "'0,5' is not a dose; allowed: above 0"),
    "huge dose": (infusion(",501,40,IV,"), "column dose_mg: '501' is not a dose"),
    "minutes": (
        infusion("0.5,,601,IV,"),
        "column minutes: '601' is not a number of minutes; allowed: 1 to 600",
    ),
    "start": (infusion(at="soon"), "column started_at: 'soon' is not a date"),
}


@pytest.mark.parametrize(("text", "says"), REFUSED.values(), ids=REFUSED)
def test_refuses_by_file_row_column_value_and_what_is_allowed(text, says):
    (said,) = sentences(text)
    assert said.startswith("file.csv row 2")
    assert says in said


def test_every_problem_of_a_file_is_told_not_the_first_alone():
    said = sentences(f"{FORM}\nA,2025-01-31,9,8,,,,,,,\nB,soon,{ANSWERS}\n")
    assert [sentence.split(":")[0] for sentence in said] == [
        "file.csv row 2, column phq9_1",
        "file.csv row 2, column phq9_2",
        "file.csv row 3, column completed_at",
    ]


def test_a_complete_form_has_its_total_and_item_9():
    row = the_row(form("1,2,0,3,1,0,2,1,1"))
    assert (row.answers, row.total, row.item_9) == ("120310211", 11, 1)
    assert row.recall_window == "two_weeks"


@pytest.mark.parametrize("blank", ["", " ", "-"])
def test_an_unanswered_item_is_never_0(blank):
    row = the_row(form(f"1,2,0,3,1,0,2,1,{blank}"))
    assert (row.answers, row.answered, row.total) == ("12031021-", 8, None)
    assert row.item_9 is None


@pytest.mark.parametrize("three", ["3", "3.0", " 3 ", "3.00", "03"])
def test_a_whole_number_may_be_written_as_spreadsheets_do(three):
    assert the_row(form(f"{three},2,0,3,1,0,2,1,0")).answers == "320310210"


def test_a_total_alone_leaves_item_9_unknown():
    row = the_row("record_number,completed_at,phq9_total\nA,2025-01-31,12.0\n")
    assert (row.answers, row.total, row.item_9) == (None, 12, None)


def test_items_win_over_another_total_and_it_is_listed():
    batch = read(f"{FORM},phq9_total\nA,2025-01-31,{ANSWERS},12\n")
    assert not batch.problems
    assert batch.readings[0].accepted[0].total == 10
    assert [n.sentence for n in batch.notices] == [
        "file.csv row 2, column phq9_total: '12' is not the sum of the items, 10; the "
        "items are kept"
    ]


def test_a_total_of_an_incomplete_form_is_listed_and_not_used():
    batch = read(f"{FORM},phq9_total\nA,2025-01-31,3,,,,,,,,,8\n")
    assert batch.readings[0].accepted[0].total is None
    (notice,) = batch.notices
    assert "is stated with 1 of 9 items answered" in notice.fault


def test_the_same_total_as_the_items_says_nothing_new():
    assert not read(f"{FORM},phq9_total\nA,2025-01-31,{ANSWERS},10\n").notices


def test_a_row_without_any_answer_is_counted_and_left_out():
    batch = read(f"{FORM}\nA,2025-01-31,{ANSWERS}\n,soon,,,,,-,,,,\n")
    assert not batch.problems
    assert batch.readings[0].rows_without_answers == 1
    assert len(batch.readings[0].accepted) == 1


def test_two_measures_in_a_row_are_two_forms():
    pcl5 = ",".join(f"pcl5_{n}" for n in range(1, 21))
    header = f"{FORM},{pcl5},recall_window"
    row = f"A,2025-01-31,{ANSWERS}{',1' * 20},past_week"
    forms = read(f"{header}\n{row}\n").readings[0].accepted
    assert [(f.measure, f.recall_window, f.total) for f in forms] == [
        ("phq9", "two_weeks", 10),
        ("pcl5", "past_week", 20),
    ]


def test_each_measure_may_have_its_own_date():
    header = "record_number,phq9_date,phq9_total,pcl5_date,pcl5_total"
    file = f"{header}\nA,2025-01-30,9,2025-01-31,40\n"
    forms = read(file, '[declare]\nrecall_window = "past_week"').readings[0].accepted
    days = [from_minutes(f.moment.minute, f.moment.offset).day for f in forms]
    assert days == [30, 31]


@pytest.mark.parametrize("window", ["past_week", "Past week", "PAST-WEEK"])
def test_a_recall_window_may_be_written_as_its_name(window):
    assert the_row(long("PCL-5", window)).recall_window == "past_week"


def test_a_declared_recall_window_that_no_form_can_have_is_refused():
    declared = '[declare]\nrecall_window = "past_week"'
    (said,) = sentences(form(), declared)
    assert "recall_window = 'past_week': no form of the file has it" in said


def test_answers_in_words_are_translated_when_declared():
    words = "Not at all,several days,MORE THAN HALF THE DAYS,Nearly every day,,,,,"
    labels = '[declare]\nanswers = "labels"'
    assert the_row(form(words), labels).answers == "0123-----"
    (said,) = sentences(form("Sometimes,,,,,,,,"), labels)
    assert "'Sometimes' is not an answer; allowed: Not at all, Several days" in said


def test_a_declared_missing_value_never_hides_one_that_is_allowed():
    file = (
        f"{FORM},phq9_total\nA,2025-01-31,9,NA,.,1,1,1,1,1,1,\nB,2025-01-31{',9' * 10}"
    )
    declared = '[declare]\nmissing = ["9", "NA", "."]'
    batch = read(file, declared)
    assert not batch.problems
    first, second = batch.readings[0].accepted
    assert first.answers == "---111111"
    assert (second.answers, second.total) == (None, 9)


def test_a_missing_value_of_an_infusion_is_not_recorded():
    row = the_row(infusion("NA,999,NA,IV,NA"), '[declare]\nmissing = ["NA", "999"]')
    assert (row.dose_mg_per_kg, row.dose_mg, row.minutes, row.phase) == (None,) * 4


def test_an_infusion_keeps_what_the_row_says():
    row = the_row(infusion("0.5,35,40.0,im,Maintenance"))
    assert (row.dose_mg_per_kg, row.dose_mg, row.minutes) == (0.5, 35, 40)
    assert (row.route, row.phase) == ("IM", "maintenance")


def test_infusions_without_a_route_are_counted():
    batch = read(infusion("0.5,35,40,,"))
    assert [n.sentence for n in batch.notices] == [
        "file.csv, column route: no route given; kept as IV (1 row)"
    ]


# Dates.


def moment_of(text, mapping=""):
    row = the_row(text, mapping)
    return from_minutes(row.moment.minute, row.moment.offset), row.moment.time_known


@pytest.fixture(autouse=True)
def chicago(monkeypatch):
    monkeypatch.setenv("TIME_ZONE", "America/Chicago")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2025-01-31 14:30", datetime(2025, 1, 31, 20, 30, tzinfo=UTC)),
        ("2025-01-31 9:05", datetime(2025, 1, 31, 15, 5, tzinfo=UTC)),
        ("2025-07-31T14:30:59", datetime(2025, 7, 31, 19, 30, tzinfo=UTC)),
        ("2025-01-31T14:30:00.500Z", datetime(2025, 1, 31, 14, 30, tzinfo=UTC)),
        ("2025-01-31 14:30 +02:00", datetime(2025, 1, 31, 12, 30, tzinfo=UTC)),
        ("2025-01-31T14:30-0500", datetime(2025, 1, 31, 19, 30, tzinfo=UTC)),
    ],
)
def test_a_time_without_a_zone_is_meant_at_the_practice(text, utc):
    assert moment_of(form(at=text)) == (utc, True)


def test_a_day_without_a_time_puts_forms_before_infusions():
    completed, known = moment_of(form(at="2025-01-31"))
    started, also_known = moment_of(infusion(at="2025-01-31"))
    assert (completed.hour, started.hour) == (0, 12)
    assert not known and not also_known


def test_an_infusion_of_today_without_a_time_is_not_in_the_future():
    assert moment_of(infusion(at=f"{today()}"))[0].hour == 12


def test_one_minute_from_now_is_in_the_future():
    soon = datetime.now(UTC) + timedelta(minutes=2)
    (said,) = sentences(form(at=f"{soon:%Y-%m-%dT%H:%M}Z"))
    assert "is in the future" in said


def test_a_zone_may_be_a_day_ahead_of_the_practice():
    now = datetime(2025, 1, 31, 20, tzinfo=ZoneInfo("America/Chicago"))
    column = DateColumn("f.csv", "completed_at", None, now)
    moment = column.read(2, "2025-02-01 10:00+14:00")
    assert from_minutes(moment.minute, moment.offset).astimezone(UTC).hour == 20
    with pytest.raises(CellFault, match="in the future"):
        column.read(3, "2025-02-01")


def test_many_moments_are_each_read():
    column = DateColumn("f.csv", "completed_at", None, datetime.now(UTC))
    first = datetime(2024, 1, 1, tzinfo=UTC)
    moments = [first + timedelta(minutes=n) for n in range(MOST_REMEMBERED + 2)]
    read = [column.read(2, moment.isoformat()).minute for moment in moments]
    assert read == list(range(read[0], read[0] + len(moments)))


def test_another_order_is_asked_about_once():
    said = sentences(f"{FORM}\n" + f"A,03/04/2025,{ANSWERS}\n" * 3)
    assert said == [
        "file.csv row 2, column completed_at: '03/04/2025' may be day-month-year or "
        "month-day-year (3 rows); allowed: YYYY-MM-DD, or YYYY-MM-DD HH:MM; or in a "
        'mapping file: [declare] date_order = "day-month-year" or "month-day-year"'
    ]


@pytest.mark.parametrize(
    ("order", "text", "day"),
    [
        ("day-month-year", "4.3.2025", (3, 4)),
        ("month-day-year", "04/03/2025", (4, 3)),
        ("month-day-year", "4/3/2025 14:30", (4, 3)),
        ("month-day-year", "2025-04-03", (4, 3)),
    ],
)
def test_a_declared_order_is_followed_and_year_first_always_read(order, text, day):
    declared = f'[declare]\ndate_order = "{order}"'
    found, _ = moment_of(form(at=text), declared)
    assert (found.month, found.day) == day


@pytest.mark.parametrize(
    ("first", "second", "says"),
    [
        ("25/03/2025", "03/25/2025", "'03/25/2025' is not day-month-year"),
        ("2025-03-25", "25/03/2025", "mixes date orders: row 2 is year-month-day"),
        ("25/03/2025", "2025-03-25", "mixes date orders: row 2 is day-month-year"),
    ],
)
def test_mixed_orders_are_refused_even_when_one_is_declared(first, second, says):
    rows = f"A,{first},{ANSWERS}\nB,{second},{ANSWERS}\n"
    (said,) = sentences(f"{FORM}\n{rows}", '[declare]\ndate_order = "day-month-year"')
    assert said.startswith("file.csv row 3, column completed_at")
    assert says in said


def test_mixed_orders_are_named_when_none_is_declared():
    rows = f"A,25/03/2025,{ANSWERS}\nB,03/25/2025,{ANSWERS}\n"
    (said,) = sentences(f"{FORM}\n{rows}")
    assert "mixes day-month-year (row 2) and month-day-year (row 3)" in said


@pytest.mark.parametrize("text", ["31/02/2025", "0/3/2025", "31-01.2025"])
def test_a_day_that_is_not_in_the_calendar_is_no_date(text):
    (said,) = sentences(form(at=text), '[declare]\ndate_order = "day-month-year"')
    assert f"'{text}' is not a date" in said


def test_a_declared_day_of_all_forms_is_checked_too():
    header = "record_number,phq9_total"
    future = '[declare]\ncompleted_at = "2999-01-01"'
    (said,) = sentences(f"{header}\nA,9\n", future)
    assert "declare completed_at = 2999-01-01: is in the future" in said
    dated = "[declare]\ncompleted_at = 2024-01-01"
    assert moment_of(f"{header}\nA,9\n", dated)[0].day == 1


@pytest.mark.parametrize(
    ("declared", "number"),
    [
        ('record_number = "row"', "file-2"),
        ('record_number = "row"\nrecord_prefix = "OLD-"', "OLD-2"),
        ('record_number = "MRN"', "7"),
        ('record_number = "MRN"\nrecord_prefix = "OLD-"', "OLD-7"),
    ],
)
def test_record_numbers_may_be_declared(declared, number):
    file = "MRN,completed_at,phq9_total\n7,2025-01-31,9\n"
    assert the_row(file, f"[declare]\n{declared}").record_number == number


# Properties.


def test_a_file_of_nothing_but_problems_is_not_read_to_its_end():
    wrong = "A,2999-01-01," + ANSWERS + "\n"
    said = sentences(f"{FORM}\n" + wrong * (MOST_PROBLEMS + 50))
    assert len(said) == MOST_PROBLEMS + 1
    last = MOST_PROBLEMS + 1  # the header is row 1
    assert said[-1] == (
        f"file.csv: has {MOST_PROBLEMS:,} problems up to row {last:,}; the rest was "
        "not read"
    )


MEASURE = st.sampled_from(list(MEASURES.values()))


@st.composite
def answered(draw):
    measure = draw(MEASURE)
    answer = st.none() | st.integers(0, measure.highest_answer)
    size = measure.item_count
    answers = draw(st.lists(answer, min_size=size, max_size=size).filter(any_given))
    return measure, tuple(answers)


def any_given(answers):
    return any(answer is not None for answer in answers)


@given(answered())
def test_a_form_is_scored_as_one_that_is_typed_in(typed):
    measure, answers = typed
    window = measure.default_recall_window.code
    cells = ",".join("" if a is None else str(a) for a in answers)
    row = the_row(long(measure.code, window, cells))
    facts = AssessmentFacts(
        measure.code, window, datetime(2025, 1, 31, tzinfo=UTC), answers=answers
    )
    expected = assessment_values(facts)
    names = ("answers", "answered", "total", "item_9")
    assert {n: getattr(row, n) for n in names} == {n: expected[n] for n in names}
