"""Properties of what is said of the record, and its slow twin: loops, no frames."""

from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.columns import COURSES, empty
from analysis.data_quality import (
    FORM_VERSIONS,
    INFUSION_DAYS,
    QUESTIONS,
    classify_forms,
    classify_infusions,
    form_places,
    form_quality,
    forms_due,
    forms_of,
    infusions_without_forms,
    protocol_kept,
)
from analysis.schedule import BEFORE_LAST, CourseFacts, Schedule, due_of
from tests.record_tables import frame_of


FEW = settings(max_examples=60)

# Of each form: how often it was corrected, and whether it was withdrawn at last.
FORMS = st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=12)
DAYS = st.lists(st.integers(0, 25), max_size=8, unique=True).map(sorted)


def versions(forms, random):
    """Return the versions of some forms under ids that say nothing of their order."""
    count = sum(corrections + 1 for corrections, _ in forms)
    ids = random.sample(range(1, 1000), count)
    rows = []
    for corrections, withdrawn in forms:
        own = [ids.pop() for _ in range(corrections + 1)]
        for number, assessment_id in enumerate(own):
            last = number == corrections
            state = ("void" if withdrawn else "current") if last else "superseded"
            rows.append(
                {
                    "assessment_id": assessment_id,
                    "day": 0,
                    "recorded_day": number,
                    "state": state,
                    "corrects_id": own[number - 1] if number else None,
                }
            )
    random.shuffle(rows)
    return frame_of(rows, FORM_VERSIONS)


@given(FORMS, st.randoms(use_true_random=False))
@FEW
def test_each_form_is_there_once_with_its_corrections(forms, random):
    found = forms_of(versions(forms, random))
    told = zip(found["corrections"], found["state"], strict=True)
    assert sorted(told) == sorted(
        (corrections, "void" if withdrawn else "current")
        for corrections, withdrawn in forms
    )
    # Recorded first on day 0, whichever version is the last.
    assert (found["first_recorded_day"] == 0).all()
    assert found["first_id"].is_unique


@given(FORMS, st.randoms(use_true_random=False))
@FEW
def test_every_question_has_as_many_answers_as_forms_that_are_asked(forms, random):
    found = forms_of(versions(forms, random))
    standing = sum(not withdrawn for _, withdrawn in forms)
    for asked in form_quality(found):
        whole = len(forms) if asked.what == "withdrawn" else standing
        assert asked.records == whole
        assert asked.events <= asked.known <= asked.records


def without_twin(infusions, forms):
    found, before = [], None
    for day in infusions:
        earliest = day - 2 if before is None else max(day - 2, before + 1)
        if not any(earliest <= form <= day for form in forms):
            found.append(day)
        before = day
    return found


def frames(infusions, forms):
    given_ = frame_of([{"day": day} for day in infusions], INFUSION_DAYS)
    drawn = [{"day": day, "recorded_day": day} for day in forms]
    return given_, forms_of(frame_of(drawn, FORM_VERSIONS))


@given(DAYS, DAYS)
@FEW
def test_infusions_without_forms_are_those_of_a_loop(infusions, forms):
    found = classify_infusions(*frames(infusions, forms))
    without = found.loc[found["state"] == "event", "day"].tolist()
    assert without == without_twin(infusions, forms)


@given(DAYS.filter(len), DAYS)
@FEW
def test_the_last_infusion_is_without_a_form_when_the_day_itself_says_so(
    infusions, forms
):
    last = infusions[-1]
    facts = CourseFacts(
        measures=("phq9",),
        infusions=len(infusions),
        induction_infusions=len(infusions),
        first_day=infusions[0],
        previous_day=infusions[-2] if len(infusions) > 1 else None,
        last_day=last,
        last_induction_day=last,
        forms={"phq9": forms},
    )
    asked_for = any(due.why == BEFORE_LAST for due in due_of(facts, Schedule(), last))
    found = classify_infusions(*frames(infusions, forms)).iloc[-1]
    assert (found["state"] == "event") == asked_for


def test_without_records_nothing_is_said():
    forms = forms_of(empty(FORM_VERSIONS))
    assert [o.what for o in form_quality(forms)] == list(QUESTIONS)
    assert all(o.share is None for o in form_quality(forms))
    assert classify_forms(forms, "corrected").empty
    given_ = empty(INFUSION_DAYS)
    assert infusions_without_forms(given_, forms).share is None
    assert form_places(forms, given_, as_of_day=9).forms == 0
    due = forms_due(empty(COURSES), timepoint="weeks_2_4", measure="phq9", as_of_day=9)
    assert (due.started, due.completeness) == (0, None)
    kept = protocol_kept(empty(COURSES), as_of_day=9)
    assert (kept.started, kept.share) == (0, None)


def test_forms_without_infusions_and_infusions_without_forms():
    infusions, forms = frames([5], [])
    assert infusions_without_forms(infusions, forms).events == 1
    infusions, forms = frames([], [5])
    assert infusions_without_forms(infusions, forms).records == 0
    assert form_places(forms, infusions, as_of_day=9).waiting == 1
