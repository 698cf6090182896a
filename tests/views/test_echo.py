"""What was typed is said back in words that cannot mislead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measures.pcl5 import PCL5
from measures.phq9 import PHQ9
from measures.scoring import score
from views.echo import echo_lines, every_echo, item_9_asks
from views.wording import incomplete_words


COMPLETE = (2, 2, 1, 3, 0, 1, 1, 2, 1)


def test_says_total_band_changes_and_item_9():
    assert echo_lines(PHQ9, answers=COMPLETE, baseline=20, previous=12) == [
        "PHQ-9 total 13 of 27 (moderate).",
        "From baseline (20): −7 points (−35 %).",
        "From the last form (12): +1 point (+8 %).",
        "Item 9: 1, several days. An alert opens when this is saved.",
    ]


def test_says_when_nothing_changed():
    lines = echo_lines(PHQ9, answers=COMPLETE, baseline=13)
    assert "From baseline (13): no change." in lines


def test_a_baseline_of_zero_gives_points_and_no_percent():
    lines = echo_lines(PHQ9, answers=COMPLETE, baseline=0)
    assert "From baseline (0): +13 points." in lines


def test_a_zero_is_never_called_safe():
    lines = echo_lines(PHQ9, answers=(*COMPLETE[:8], 0))
    assert lines[-1] == "Item 9: 0, not at all. This alone does not rule out risk."


def test_an_incomplete_form_has_a_range_and_no_change():
    lines = echo_lines(PHQ9, answers=(None, *COMPLETE[1:8], None), baseline=20)
    assert lines == [
        "PHQ-9 incomplete: 7 of 9 items answered. No total; it must lie from 10 to 16. "
        "An incomplete form is kept and shown, and counts in no rate.",
        "Item 9 was not answered. This is not a 0; ask the patient. An alert opens "
        "when this is saved.",
    ]


def test_a_total_alone_leaves_item_9_unknown():
    lines = echo_lines(PHQ9, total=13)
    assert lines == [
        "PHQ-9 total 13 of 27 (moderate), answers not known.",
        "Item 9 is not known: only a total was received.",
    ]


def test_the_pcl5_has_neither_bands_nor_a_suicide_item():
    assert echo_lines(PCL5, answers=(2,) * 20) == ["PCL-5 total 40 of 80."]


@pytest.mark.parametrize(
    ("measure", "answers", "asks"),
    [
        (PHQ9, (0,) * 8 + (1,), True),
        (PHQ9, (3,) * 8 + (0,), False),
        (PHQ9, (3,) * 8 + (None,), True),
        (PHQ9, None, False),
        (PCL5, (4,) * 20, False),
    ],
)
def test_item_9_asks_for_something_from_1_and_where_it_was_left_out(
    measure, answers, asks
):
    assert item_9_asks(measure, answers) is asks


# What the browser chooses from is what Python would have said.


def forms_of(measure):
    answer = st.none() | st.integers(0, measure.highest_answer)
    return st.lists(
        answer, min_size=measure.item_count, max_size=measure.item_count
    ).map(tuple)


def chosen(measure, answers, echo):
    """Choose as item_form.js does."""
    typed = [a for a in answers if a is not None]
    total, gaps = sum(typed), len(answers) - len(typed)
    lines = list(echo.totals[total])
    if gaps:
        highest = total + gaps * measure.highest_answer
        numbers = {"answered": len(typed), "lowest": total, "highest": highest}
        lines = [echo.incomplete.format(**numbers)]
    if echo.watched is not None:
        item_9 = answers[measure.suicide_item - 1]
        lines += [echo.watched_unanswered if item_9 is None else echo.watched[item_9]]
    return lines


@pytest.mark.parametrize("measure", [PHQ9, PCL5], ids=lambda m: m.code)
@given(data=st.data())
def test_whatever_is_typed_the_browser_says_what_python_says(measure, data):
    answers = data.draw(forms_of(measure))
    earlier = {
        name: data.draw(st.none() | st.integers(0, measure.highest_total))
        for name in ("baseline", "previous")
    }
    said = chosen(measure, answers, every_echo(measure, **earlier))
    assert said == echo_lines(measure, answers=answers, **earlier)


def test_there_is_a_sentence_for_every_total_and_every_answer_to_item_9():
    phq9, pcl5 = every_echo(PHQ9), every_echo(PCL5)
    assert (len(phq9.totals), len(phq9.watched)) == (28, 4)
    assert (len(pcl5.totals), pcl5.watched) == (81, None)


def test_an_incomplete_form_is_called_the_same_here_and_on_the_patients_page():
    answers = (1,) * 8 + (None,)
    (line, _) = echo_lines(PHQ9, answers=answers)
    assert line.startswith(incomplete_words("phq9", score(PHQ9, answers)))
