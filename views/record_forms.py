"""The forms: typed, said back, then saved; or corrected."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import streamlit as st

from data.assessments import (
    Assessment,
    AssessmentFacts,
    add_assessment,
    correct_assessment,
    get_assessment,
    list_assessments,
    void_assessment,
)
from data.database import Engine
from data.errors import RecordError
from data.frames import baseline_ids
from data.infusions import list_infusions
from data.moments import aware, now_at_practice
from data.patients import Course, Patient, get_course, get_patient
from measures.definition import Measure
from measures.registry import MEASURES
from views import echo, item_form, state
from views.components import kept
from views.record_patient import identity_band, label
from views.seen import note_patient_seen
from views.state import reading, writing
from views.wording import moment_words


UNDO_REASON = "Undone right after it was recorded"
NOW = "now"
OTHER = "other"


@dataclass(frozen=True)
class Moment:
    """When forms were completed: a code that names the moment, and the moment.

    ``at`` is None for "now", which is read when the form is saved.
    """

    code: str
    words: str
    at: datetime | None
    time_known: bool = True


def forms_section(engine: Engine, patient: Patient, course: Course) -> None:
    """Ask for the forms of one moment, one measure after the other."""
    st.subheader("Forms")
    moment = _choose_moment(engine, course)
    codes = st.pills(
        "Measures",
        list(MEASURES),
        selection_mode="multi",
        default=_usual_measures(course),
        format_func=lambda code: MEASURES[code].name,
        key=f"measures-{course.id}",
    )
    if not codes:
        st.info("Choose a measure to record.")
        return
    waiting = True
    for code in (code for code in MEASURES if code in codes):
        recorded = _measure_section(
            engine, patient, course, MEASURES[code], moment, autofocus=waiting
        )
        waiting = waiting and recorded
    if waiting and st.button("See the trajectory", type="primary"):
        state.go_to("patient.py", patient=patient.id)


def correct_assessment_section(engine: Engine, asked: str) -> None:
    """Let one form be corrected, with a reason."""
    try:
        with reading(engine) as connection:
            old = get_assessment(connection, int(asked))
            course = get_course(connection, old.course_id)
            patient = get_patient(connection, course.patient_id)
    except (RecordError, ValueError):
        st.error("This form is not here.")
        return
    if old.state != "current":
        st.error(
            "This form was corrected or withdrawn already; open the patient again."
        )
        return
    note_patient_seen(engine, patient.id)
    measure = MEASURES[old.facts.measure]
    identity_band(patient, course)
    st.subheader(f"Correct the {measure.name} of {_completed(old.facts)}")
    st.caption("The form as it was stays readable in its history.")
    completed_at = _ask_moment(f"correct-{old.id}", old.facts.completed_at)
    entry = _Entry(
        patient, course, measure, old.facts.recall_window, f"correct-{old.id}"
    )
    facts = _entered(entry, old.facts, autofocus=True)
    if facts is None:
        return
    facts = replace(facts, completed_at=completed_at, source=old.facts.source)
    reason = st.text_input("Why is this corrected?", key=f"why-{old.id}")
    decision = _review(engine, entry, facts)
    if decision and kept(lambda: _correct(engine, old, facts, reason, entry)):
        entry.forget()
        state.go_to("patient.py", patient=patient.id)


@dataclass(frozen=True)
class _Entry:
    """One form being filled in; ``name`` keeps it apart from every other."""

    patient: Patient
    course: Course
    measure: Measure
    recall_window: str
    moment: str

    @property
    def name(self) -> str:
        return "-".join(
            (
                state.practice(),
                str(self.course.id),
                self.measure.code,
                self.recall_window,
                self.moment,
            )
        )

    @property
    def token(self) -> str:
        key = f"token-{self.name}"
        return st.session_state.setdefault(key, secrets.token_hex(16))

    @property
    def typed(self) -> AssessmentFacts | None:
        """What was entered and waits to be confirmed."""
        return st.session_state.get(f"typed-{self.name}")

    def keep(self, facts: AssessmentFacts) -> None:
        st.session_state[f"typed-{self.name}"] = facts

    def go_back(self) -> None:
        st.session_state[f"back-{self.name}"] = st.session_state.pop(
            f"typed-{self.name}", None
        )

    @property
    def sent_back(self) -> AssessmentFacts | None:
        return st.session_state.get(f"back-{self.name}")

    def forget(self) -> None:
        for kind in ("typed", "back", "token"):
            st.session_state.pop(f"{kind}-{self.name}", None)


def _usual_measures(course: Course) -> list[str]:
    return ["phq9"] if course.indication == "depression" else list(MEASURES)


def _choose_moment(engine: Engine, course: Course) -> Moment:
    with reading(engine) as connection:
        infusions = list_infusions(connection, course.id)
    moments = {
        NOW: Moment(NOW, "Now, not with an infusion", None),
        OTHER: Moment(OTHER, "Another date and time", None),
    }
    if infusions:
        last = infusions[-1]
        words = f"Before infusion {last.number} ({last.facts.started_at:%d %b %H:%M})"
        code = f"before-{last.id}"
        moments = {code: Moment(code, words, last.facts.started_at)} | moments
    given_today = infusions and infusions[-1].facts.started_at.date() == state.today()
    chosen = st.segmented_control(
        "Completed",
        list(moments),
        default=next(iter(moments)) if given_today else NOW,
        required=True,
        format_func=lambda code: moments[code].words,
        key=f"moment-{course.id}-{len(infusions)}",
    )
    if chosen != OTHER:
        return moments[chosen]
    at = _ask_moment(f"other-{course.id}", now_at_practice())
    return Moment(f"{at:%Y%m%d%H%M}", f"{at:%d %b %Y %H:%M}", at)


def _ask_moment(key: str, default: datetime) -> datetime:
    day, time, _ = st.columns([1, 1, 3])
    return aware(
        datetime.combine(
            day.date_input(
                "Completed on",
                default.date(),
                max_value=state.today() + timedelta(days=1),
                key=f"{key}-date",
                format="YYYY-MM-DD",
            ),
            time.time_input("at", default.time(), step=300, key=f"{key}-time"),
        )
    )


def _measure_section(
    engine: Engine,
    patient: Patient,
    course: Course,
    measure: Measure,
    moment: Moment,
    *,
    autofocus: bool,
) -> bool:
    """Ask for one measure and return whether it is recorded for this moment."""
    with st.container(border=True):
        window = _choose_window(engine, course, measure)
        entry = _Entry(patient, course, measure, window, moment.code)
        saved = _already_recorded(engine, entry, moment)
        if saved is not None:
            _recorded(engine, entry, saved)
            return True
        facts = _entered(entry, entry.sent_back, autofocus=autofocus)
        if facts is None:
            return False
        facts = replace(
            facts,
            completed_at=moment.at or now_at_practice(),
            time_known=moment.time_known,
        )
        if _review(engine, entry, facts) and kept(lambda: _save(engine, entry, facts)):
            st.rerun()
        return False


def _choose_window(engine: Engine, course: Course, measure: Measure) -> str:
    windows = [window.code for window in measure.recall_windows]
    if len(windows) == 1:
        return windows[0]
    with reading(engine) as connection:
        used = [
            a.facts.recall_window
            for a in list_assessments(connection, course.id)
            if a.facts.measure == measure.code
        ]
    return st.segmented_control(
        f"{measure.name} recall window",
        windows,
        default=used[-1] if used else windows[0],
        required=True,
        format_func=lambda code: measure.recall_window(code).name,
        key=f"window-{course.id}-{measure.code}",
        help=(
            "Which days this form asked about. Scores of different windows are never "
            "joined or mixed. The PCL-5 was validated for the past month."
        ),
    )


def _already_recorded(
    engine: Engine, entry: _Entry, moment: Moment
) -> Assessment | None:
    saved_id = st.session_state.get(f"saved-{entry.name}")
    with reading(engine) as connection:
        forms = list_assessments(connection, entry.course.id)
    for form in forms:
        same = (form.facts.measure, form.facts.recall_window) == (
            entry.measure.code,
            entry.recall_window,
        )
        if same and (form.id == saved_id or form.facts.completed_at == moment.at):
            return form
    return None


def _entered(
    entry: _Entry, start: AssessmentFacts | None, *, autofocus: bool
) -> AssessmentFacts | None:
    """Return what was typed once it waits to be confirmed; ask for it until then."""
    if entry.typed is not None:
        return entry.typed
    total_only = st.toggle(
        "Only the total is known (old record)",
        value=bool(start and start.answers is None),
        key=f"total-only-{entry.name}",
    )
    if total_only:
        _ask_total(entry, start)
    else:
        _ask_items(entry, start, autofocus)
    return None


def _ask_items(entry: _Entry, start: AssessmentFacts | None, autofocus: bool) -> None:
    measure = entry.measure
    window = measure.recall_window(entry.recall_window)
    functional = measure.functional_item
    submitted = item_form.item_form(
        name=f"{measure.name}, {window.name}",
        stem=window.stem,
        items=[item.text for item in measure.items],
        answers=[(answer.score, answer.text) for answer in measure.answers],
        functional=functional
        and (functional.text, [(a.score, a.text) for a in functional.answers]),
        record=entry.name,
        token=entry.token,
        key=f"form-{entry.name}",
        values=start.answers if start and start.answers else None,
        functional_value=start.difficulty if start else None,
        watch_item=measure.suicide_item,
        save_label=f"Check {measure.name}",
        autofocus=autofocus,
    )
    st.caption(measure.licence)
    if submitted is None:
        return
    entry.keep(
        AssessmentFacts(
            measure=measure.code,
            recall_window=entry.recall_window,
            completed_at=now_at_practice(),
            answers=tuple(submitted["values"]),
            difficulty=submitted["functional"],
            partial_reason=submitted["partial_reason"],
        )
    )
    st.rerun()


def _ask_total(entry: _Entry, start: AssessmentFacts | None) -> None:
    measure = entry.measure
    total = st.number_input(
        f"{measure.name} total, 0 to {measure.highest_total}",
        0,
        measure.highest_total,
        start.total if start else None,
        key=f"total-{entry.name}",
    )
    st.caption(
        "A total alone counts in rates; its items, item 9 included, stay unknown."
    )
    if st.button(f"Check {measure.name}", disabled=total is None):
        entry.keep(
            AssessmentFacts(
                measure=measure.code,
                recall_window=entry.recall_window,
                completed_at=now_at_practice(),
                total=total,
                source="clinician",
            )
        )
        st.rerun()


def _review(engine: Engine, entry: _Entry, facts: AssessmentFacts) -> bool:
    """Say back what was typed, for whom; return whether it is to be saved."""
    measure = entry.measure
    baseline, previous = _earlier_totals(engine, entry, facts)
    st.markdown(f"**Save this {measure.name}?**")
    st.text(f"{label(entry.patient)}\n{_completed(facts)}")
    lines = echo.echo_lines(
        measure,
        answers=facts.answers,
        total=facts.total,
        baseline=baseline,
        previous=previous,
    )
    for line in lines[:-1] if measure.suicide_item else lines:
        st.text(line)
    if measure.suicide_item:
        positive = echo.item_9_positive(measure, facts.answers)
        (st.warning if positive else st.text)(lines[-1])
    save, back, _ = st.columns([2, 2, 4])
    back.button("Go back", on_click=entry.go_back, key=f"back-button-{entry.name}")
    return save.button(
        f"Save {measure.name}",
        type="primary",
        shortcut="Ctrl+Enter",
        key=f"save-{entry.name}",
    )


def _earlier_totals(
    engine: Engine, entry: _Entry, facts: AssessmentFacts
) -> tuple[int | None, int | None]:
    """Return the baseline's and the last complete total before this form."""
    stream = (entry.measure.code, entry.recall_window)
    with reading(engine) as connection:
        forms = list_assessments(connection, entry.course.id)
        baseline_id = baseline_ids(connection, entry.course.id).get(stream)
    complete = [
        form
        for form in forms
        if (form.facts.measure, form.facts.recall_window) == stream
        and form.total is not None
        and form.facts.completed_at < facts.completed_at
    ]
    baseline = [form.total for form in complete if form.id == baseline_id]
    previous = [form.total for form in complete if form.id != baseline_id]
    return baseline[0] if baseline else None, previous[-1] if previous else None


def _recorded(engine: Engine, entry: _Entry, form: Assessment) -> None:
    lines = echo.echo_lines(
        entry.measure, answers=form.facts.answers, total=form.facts.total
    )
    st.success(f"Recorded, {_completed(form.facts)}. {lines[0]}")
    if echo.item_9_positive(entry.measure, form.facts.answers):
        st.warning(
            "Item 9 was answered 1 or more: an alert is open on the patient's page "
            "until somebody records what was done."
        )
    correct, undo, _ = st.columns([1, 1, 5])
    if correct.button("Correct", key=f"correct-{form.id}"):
        state.go_to("record.py", correct=form.id)
    just_saved = st.session_state.get(f"saved-{entry.name}") == form.id
    undone = just_saved and undo.button("Undo", key=f"undo-{form.id}")
    if undone and kept(lambda: _undo(engine, form.id)):
        st.session_state.pop(f"saved-{entry.name}")
        st.rerun()


def _completed(facts: AssessmentFacts) -> str:
    return moment_words(facts.completed_at, time_known=facts.time_known)


def _save(engine: Engine, entry: _Entry, facts: AssessmentFacts) -> None:
    with writing(engine) as connection:
        saved_id = add_assessment(
            connection,
            course_id=entry.course.id,
            facts=facts,
            submission_id=entry.token,
        )
    entry.forget()
    st.session_state[f"saved-{entry.name}"] = saved_id


def _correct(
    engine: Engine, old: Assessment, facts: AssessmentFacts, reason: str, entry: _Entry
) -> None:
    with writing(engine) as connection:
        correct_assessment(
            connection,
            old.id,
            facts=facts,
            reason=reason,
            submission_id=entry.token,
        )


def _undo(engine: Engine, assessment_id: int) -> None:
    with writing(engine) as connection:
        void_assessment(connection, assessment_id, reason=UNDO_REASON)
