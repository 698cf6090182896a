"""What an export shows of small numbers, and what it hides so that they stay hidden."""

from dataclasses import replace

import pytest

from analysis.proportions import wilson_proportion
from analysis.suppression import (
    FREE_REST,
    OUTCOME_LAYOUT,
    PROTECTED_REST,
    Asked,
    Hidden,
    Layout,
    Sum,
    suppress,
)


def table(drawn):
    """Return rows by name; the first column is the name, the rest whole numbers."""
    header, _, *lines = drawn.strip().splitlines()
    names = [cell.strip() for cell in header.split("|")][1:]
    rows = {}
    for line in lines:
        row, *cells = [cell.strip() for cell in line.split("|")]
        rows[row] = {n: int(c) for n, c in zip(names, cells, strict=True)}
    return rows


def printed(found):
    """Return each row as it is printed: ``<5`` and ``-`` for what is hidden."""
    words = {"fewer than 5": "<5", "not shown": "-"}
    return {
        name: " ".join(
            words[shown.text] if isinstance(shown, Hidden) else str(shown)
            for shown in row.values()
        )
        for name, row in found.rows.items()
    }


ALONE = Layout(counts=("forms",))


def test_a_count_under_five_is_fewer_than_5_and_a_0_is_too():
    rows = table("""
        clinician | forms
        ----------+------
        Adams     | 0
        Baker     | 1
        Clark     | 4
        Davis     | 5
    """)
    assert printed(suppress(rows, ALONE)) == {
        "Adams": "<5",
        "Baker": "<5",
        "Clark": "<5",
        "Davis": "5",
    }


def test_the_limit_is_the_practices_to_raise():
    rows = {"Adams": {"forms": 9}, "Baker": {"forms": 10}}
    found = suppress(rows, ALONE, fewer_than=10)
    assert found.rows["Adams"]["forms"].text == "fewer than 10"
    assert (found.rows["Baker"]["forms"], found.small) == (10, 1)


def test_one_small_count_beside_a_total_takes_a_second_with_it():
    rows = table("""
        clinician | forms
        ----------+------
        Adams     | 3
        Baker     | 12
        Clark     | 20
        all       | 35
    """)
    found = suppress(rows, replace(ALONE, total_row="all"))
    assert printed(found) == {"Adams": "<5", "Baker": "-", "Clark": "20", "all": "35"}
    assert (found.small, found.protecting) == (1, 1)


def test_two_small_counts_protect_each_other():
    rows = table("""
        clinician | forms
        ----------+------
        Adams     | 3
        Baker     | 2
        Clark     | 20
        all       | 25
    """)
    found = suppress(rows, replace(ALONE, total_row="all"))
    assert printed(found) == {"Adams": "<5", "Baker": "<5", "Clark": "20", "all": "25"}


@pytest.mark.parametrize("few", [0, 4])
def test_two_small_counts_that_can_only_be_both_0_or_both_4_need_a_third(few):
    rows = {
        "Adams": {"forms": few},
        "Baker": {"forms": few},
        "Clark": {"forms": 20},
        "Davis": {"forms": 30},
        "all": {"forms": 2 * few + 50},
    }
    found = suppress(rows, replace(ALONE, total_row="all"))
    assert printed(found)["Clark"] == "-"
    assert printed(found)["Davis"] == "30"


EVENTS = Layout(
    counts=("measured", "events"),
    sums=(Sum("measured", ("events",), PROTECTED_REST),),
)


def test_events_are_hidden_where_few_had_none():
    rows = table("""
        clinician | measured | events
        ----------+----------+-------
        Adams     | 12       | 10
        Baker     | 12       | 12
        Clark     | 12       | 7
        Davis     | 12       | 2
    """)
    assert printed(suppress(rows, EVENTS)) == {
        "Adams": "12 -",
        "Baker": "12 -",
        "Clark": "12 7",
        "Davis": "12 <5",
    }


def test_what_is_left_over_may_stay_known_where_the_table_says_so():
    layout = replace(EVENTS, sums=(Sum("measured", ("events",), FREE_REST),))
    rows = {"Adams": {"measured": 12, "events": 10}}
    assert printed(suppress(rows, layout)) == {"Adams": "12 10"}


def test_a_count_cannot_be_worked_out_along_a_row_and_down_a_column():
    rows = table("""
        clinician | measured | responded | not
        ----------+----------+-----------+----
        Adams     | 13       | 10        | 3
        Baker     | 26       | 14        | 12
        Clark     | 30       | 20        | 10
        all       | 69       | 44        | 25
    """)
    layout = Layout(
        counts=("measured", "responded", "not"),
        sums=(Sum("measured", ("responded", "not")),),
        total_row="all",
    )
    assert printed(suppress(rows, layout)) == {
        "Adams": "13 - <5",
        "Baker": "26 - -",
        "Clark": "30 20 10",
        "all": "69 44 25",
    }


def rate_row(started, eligible, due, measured, events):
    return {
        "started": started,
        "eligible": eligible,
        "due": due,
        "measured": measured,
        "events": events,
        "observed": wilson_proportion(events, measured) if measured else None,
        "nonresponse": wilson_proportion(events, due) if due else None,
        "completeness": wilson_proportion(measured, due) if due else None,
        "bounds": (events / due, (events + due - measured) / due) if due else None,
        "months": "2026-01 to 2026-06",
    }


def test_a_share_goes_with_its_counts():
    found = suppress({"Adams": rate_row(30, 24, 20, 18, 3)}, OUTCOME_LAYOUT)
    row = found.rows["Adams"]
    assert row["events"].text == "fewer than 5"
    assert {row[c].text for c in ("observed", "nonresponse", "bounds")} == {"not shown"}
    assert row["completeness"] == wilson_proportion(18, 20)
    assert (row["measured"], row["months"]) == (18, "2026-01 to 2026-06")


def test_no_data_is_hidden_with_its_counts_or_it_would_say_0():
    found = suppress({"Adams": rate_row(30, 24, 0, 0, 0)}, OUTCOME_LAYOUT)
    row = found.rows["Adams"]
    assert row["measured"].text == "fewer than 5"
    assert row["observed"].text == row["completeness"].text == "not shown"


@pytest.mark.parametrize("count", [None, True, -1])
def test_an_unknown_count_is_refused_and_never_taken_for_0(count):
    with pytest.raises(ValueError, match="a count must be"):
        suppress({"Adams": {"forms": count}}, ALONE)


def test_a_missing_column_is_refused():
    with pytest.raises(ValueError, match="a count must be"):
        suppress({"Adams": {}}, ALONE)


def test_a_sum_that_does_not_hold_is_refused():
    layout = Layout(
        ("measured", "events", "not"), (Sum("measured", ("events", "not")),)
    )
    with pytest.raises(ValueError, match="'measured' is not the sum of events, not"):
        suppress({"Adams": {"measured": 9, "events": 5, "not": 5}}, layout)


def test_a_total_that_does_not_hold_is_refused():
    rows = {"Adams": {"forms": 9}, "all": {"forms": 10}}
    with pytest.raises(ValueError, match="'all' is not the sum of the rows"):
        suppress(rows, replace(ALONE, total_row="all"))


def test_a_limit_that_protects_nothing_is_refused():
    with pytest.raises(ValueError, match="3 or more"):
        suppress({}, ALONE, fewer_than=2)


def test_one_total_may_be_split_in_two_ways():
    rows = table("""
        clinician | all | responded | remitted
        ----------+-----+-----------+---------
        Adams     | 20  | 12        | 8
        Baker     | 30  | 28        | 9
    """)
    layout = Layout(
        counts=("all", "responded", "remitted"),
        sums=(
            Sum("all", ("responded",), PROTECTED_REST),
            Sum("all", ("remitted",), PROTECTED_REST),
        ),
    )
    assert printed(suppress(rows, layout)) == {"Adams": "20 12 8", "Baker": "30 - 9"}


INFUSIONS = Layout(
    counts=("events", "patients", "with"),
    sums=(Sum("patients", ("with",), PROTECTED_REST),),
    derived={"share": ("events",)},
    total_row="any",
    not_added=("with",),
    same=("patients",),
    whose={"events": ("with", "patients")},
)


def infusions(drawn):
    rows = table(drawn)
    del rows["any"]["with"]
    return {name: {**row, "share": "33 %"} for name, row in rows.items()}


def test_records_of_few_patients_are_hidden_however_many():
    rows = infusions("""
        level  | events | patients | with
        -------+--------+----------+-----
        none   | 40     | 20       | 9
        mild   | 30     | 20       | 8
        severe | 12     | 20       | 2
        any    | 82     | 20       | 0
    """)
    assert printed_words(suppress(rows, INFUSIONS)) == {
        "none": "40 20 9",
        "mild": "- 20 8",
        "severe": "- 20 <5",
        "any": "82 20",
    }


def printed_words(found):
    """Return each row as it is printed, without the shares."""
    for row in found.rows.values():
        share = row.pop("share")
        assert isinstance(share, Hidden) is isinstance(row["events"], Hidden)
    return printed(found)


def test_few_patients_without_a_record_are_protected_too():
    rows = infusions("""
        level | events | patients | with
        ------+--------+----------+-----
        none  | 40     | 20       | 18
        mild  | 30     | 20       | 8
        any   | 70     | 20       | 0
    """)
    assert printed_words(suppress(rows, INFUSIONS)) == {
        "none": "40 20 -",
        "mild": "30 20 8",
        "any": "70 20",
    }


def test_a_count_that_is_the_same_in_every_row_is_known_from_any_of_them():
    layout = Layout(
        counts=("given", "stopped", "eligible"),
        sums=(Sum("eligible", ("given", "stopped")),),
        same=("eligible",),
    )
    rows = table("""
        infusion | given | stopped | eligible
        ---------+-------+---------+---------
        1        | 33    | 2       | 35
        2        | 25    | 10      | 35
        3        | 20    | 15      | 35
    """)
    # Hiding the eligible of the first row would be in vain: the others give them away.
    assert printed(suppress(rows, layout)) == {
        "1": "- <5 35",
        "2": "25 10 35",
        "3": "20 15 35",
    }
    rows["3"]["eligible"] = 36
    with pytest.raises(ValueError, match="'eligible' is not the same in every row"):
        suppress(rows, layout)


BESIDE = replace(EVENTS, derived={"share": ("measured", "events")}, asked="asked")


def answered(**rows):
    """Return a row for each: what it asks, of how many, and its counts as printed."""
    return {
        name: {
            "measured": n,
            "events": events,
            "share": "a share",
            "asked": Asked((question,), (events, others, due)),
        }
        for name, (question, n, events, others, due) in rows.items()
    }


def shown(**rows):
    found = suppress(answered(**rows), BESIDE).rows
    assert all("asked" not in row for row in found.values())
    return {
        name: [v.text if isinstance(v, Hidden) else v for v in row.values()]
        for name, row in found.items()
    }


def test_who_did_not_meet_it_is_hidden_in_every_row_that_asks_the_same():
    """17 of 25 due says 17 of the 20 measured, which is 3 without."""
    hidden = shown(measured=("end", 20, 17, 3, 25), due=("end", 25, 17, 3, 25))
    assert hidden["measured"] == [20, "not shown", "not shown"]
    assert hidden["due"] == [25, "not shown", "not shown"]


def test_a_row_of_nearly_the_same_courses_is_hidden_whole():
    found = shown(all=("end", 27, 14, 13, 27), some=("end", 24, 12, 12, 24))
    assert found["all"] == [27, 14, "a share"]
    assert found["some"] == ["not shown"] * 3


def test_rows_of_other_questions_or_of_the_same_courses_are_shown():
    found = shown(
        one=("end", 50, 30, 20, 60),
        again=("end", 60, 30, 20, 60),
        other=("day 1", 49, 30, 19, 60),
        fewer=("end", 30, 20, 10, 40),
    )
    assert [row[1] for row in found.values()] == [30, 30, 30, 20]
