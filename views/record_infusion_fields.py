"""The fields of an infusion: what was given, and how it went."""

from datetime import datetime, timedelta

import streamlit as st

from data.infusions import InfusionFacts
from data.moments import aware
from data.tables import (
    ADVERSE_EVENTS,
    DISSOCIATION,
    HIGHEST_DOSE_MG,
    HIGHEST_DOSE_MG_PER_KG,
    LONGEST_INFUSION_MINUTES,
    MOMENTS_OF_VITALS,
    PHASES,
    ROUTES,
    VITALS,
    WEIGHT_KG,
)
from views import state


FIELD_WIDTH = 180
"""Four of these fill a row on a desk's screen, and two of them a tablet's."""

VITAL_WORDS = {
    "systolic": "Systolic (mmHg)",
    "diastolic": "Diastolic (mmHg)",
    "pulse": "Pulse (per minute)",
}
MOMENT_WORDS = {"before": "Before", "peak": "At the peak", "after": "After"}
NOTES = {
    "adverse_events": "Other adverse events, in words",
    "note": "Note",
    "intention": "Patient's intention before",
    "integration_note": "Integration note after",
}


def ask_given(facts: InfusionFacts, key: str) -> dict[str, object]:
    """Ask what was given and when, starting with these facts.

    Parameters
    ----------
    facts
        What the fields hold at first.
    key
        Begins the keys of the widgets.

    Returns
    -------
    dict
        The facts by their names in ``InfusionFacts``.
    """
    row = st.container(horizontal=True)
    started = datetime.combine(
        row.date_input(
            "Date",
            facts.started_at.date(),
            max_value=state.today() + timedelta(days=1),
            key=f"{key}-date",
            format="YYYY-MM-DD",
            width=FIELD_WIDTH,
        ),
        row.time_input(
            "Time",
            facts.started_at.time(),
            step=300,
            key=f"{key}-time",
            width=FIELD_WIDTH,
        ),
    )
    phases = (*PHASES, None)
    return {
        "started_at": aware(started),
        "time_known": True,
        "phase": row.selectbox(
            "Phase",
            phases,
            phases.index(facts.phase),
            format_func=lambda p: p or "not recorded",
            key=f"{key}-phase",
            width=FIELD_WIDTH,
        ),
        "route": row.selectbox(
            "Route",
            ROUTES,
            ROUTES.index(facts.route),
            key=f"{key}-route",
            width=FIELD_WIDTH,
        ),
        **_ask_dose(facts, key),
    }


def ask_how_it_went(facts: InfusionFacts, key: str) -> dict[str, object]:
    """Ask for readings, dissociation, adverse events and notes; all may stay open.

    Parameters and return value are those of :func:`ask_given`.
    """
    readings = _ask_vitals(facts, key)
    went, events = st.columns([1, 2])
    dissociation = went.selectbox(
        "Dissociation",
        (None, *DISSOCIATION),
        (None, *DISSOCIATION).index(facts.dissociation),
        format_func=lambda degree: degree or "not recorded",
        key=f"{key}-dissociation",
    )
    codes = events.multiselect(
        "Adverse events",
        ADVERSE_EVENTS,
        facts.adverse_event_codes,
        placeholder="None recorded",
        key=f"{key}-events",
    )
    notes = {}
    for (name, words), column in zip(NOTES.items(), 2 * st.columns(2), strict=True):
        written = column.text_area(
            words, getattr(facts, name) or "", key=f"{key}-{name}", height=80
        )
        notes[name] = written.strip() or None
    return {
        **readings,
        "dissociation": dissociation,
        "adverse_event_codes": tuple(codes),
        **notes,
    }


def dose_mg(weight_kg: float | None, mg_per_kg: float | None) -> float | None:
    """Return the dose in mg, to a tenth; None while weight or mg/kg is open.

    Examples
    --------
    >>> dose_mg(82.5, 0.5), dose_mg(None, 0.5)
    (41.2, None)
    """
    if not weight_kg or not mg_per_kg:
        return None
    return round(weight_kg * mg_per_kg, 1)


def dose_words(
    weight_kg: float | None, mg_per_kg: float | None, mg: float | None
) -> str:
    """Return how the dose in mg follows from the weight, or that it does not.

    Examples
    --------
    >>> dose_words(80, 0.5, 40.0), dose_words(82, 0.5, 40.0)
    ('0.5 mg/kg × 80 kg = 40 mg.', '0.5 mg/kg × 82 kg is 41 mg; entered is 40 mg.')
    """
    worked_out = dose_mg(weight_kg, mg_per_kg)
    if worked_out is None:
        return "With a weight and mg/kg, the dose in mg is worked out here."
    product = f"{mg_per_kg:g} mg/kg × {weight_kg:g} kg"
    if mg == worked_out:
        return f"{product} = {worked_out:g} mg."
    entered = "nothing" if mg is None else f"{mg:g} mg"
    return f"{product} is {worked_out:g} mg; entered is {entered}."


def _ask_dose(facts: InfusionFacts, key: str) -> dict[str, object]:
    _start_dose(facts, key)
    row = st.container(horizontal=True)
    lightest, heaviest = map(float, WEIGHT_KG)
    dose = {
        "weight_kg": row.number_input(
            "Weight (kg)",
            lightest,
            heaviest,
            facts.weight_kg,
            0.5,
            key=f"{key}-weight",
            on_change=_work_out,
            args=[key],
            width=FIELD_WIDTH,
        ),
        "dose_mg_per_kg": row.number_input(
            "Dose (mg/kg)",
            0.0,
            float(HIGHEST_DOSE_MG_PER_KG),
            facts.dose_mg_per_kg,
            0.05,
            key=f"{key}-mg-per-kg",
            on_change=_work_out,
            args=[key],
            width=FIELD_WIDTH,
        )
        or None,
        "dose_mg": row.number_input(
            "Dose (mg)",
            0.0,
            float(HIGHEST_DOSE_MG),
            None,
            1.0,
            key=f"{key}-mg",
            width=FIELD_WIDTH,
        )
        or None,
    }
    minutes = row.number_input(
        "Minutes",
        1,
        LONGEST_INFUSION_MINUTES,
        facts.minutes,
        key=f"{key}-minutes",
        width=FIELD_WIDTH,
    )
    _say_dose(dose, key)
    return {**dose, "minutes": minutes}


def _start_dose(facts: InfusionFacts, key: str) -> None:
    """Fill in the mg at first, and remember whether it was worked out or typed."""
    now = st.session_state
    if f"{key}-mg" in now:
        return
    worked_out = dose_mg(facts.weight_kg, facts.dose_mg_per_kg)
    now[f"{key}-mg"] = worked_out if facts.dose_mg is None else facts.dose_mg
    now[f"{key}-worked-out"] = worked_out


def _work_out(key: str) -> None:
    """Fill in the mg of another weight or mg/kg, unless somebody typed one."""
    now = st.session_state
    worked_out = dose_mg(now[f"{key}-weight"], now[f"{key}-mg-per-kg"])
    if worked_out is None:
        return
    if now[f"{key}-mg"] in (None, now[f"{key}-worked-out"]):
        now[f"{key}-mg"] = worked_out
    now[f"{key}-worked-out"] = worked_out


def _say_dose(dose: dict[str, float | None], key: str) -> None:
    worked_out = dose_mg(dose["weight_kg"], dose["dose_mg_per_kg"])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(dose_words(*dose.values()), width="content")
        if worked_out not in (None, dose["dose_mg"]):
            st.button(
                f"Use {worked_out:g} mg",
                on_click=_use,
                args=[key, worked_out],
                key=f"{key}-use",
            )


def _use(key: str, mg: float) -> None:
    st.session_state[f"{key}-mg"] = mg


def _ask_vitals(facts: InfusionFacts, key: str) -> dict[str, int | None]:
    """Ask for a small table of readings: a row a moment, a column a kind."""
    readings = {}
    for words, column in zip(VITAL_WORDS.values(), _vitals_row()[1:], strict=True):
        column.caption(words)
    for moment in MOMENTS_OF_VITALS:
        name_of_row, *cells = _vitals_row()
        name_of_row.text(MOMENT_WORDS[moment])
        for (name, (lowest, highest)), cell in zip(VITALS.items(), cells, strict=True):
            readings[f"{name}_{moment}"] = cell.number_input(
                f"{VITAL_WORDS[name]}, {MOMENT_WORDS[moment].lower()}",
                lowest,
                highest,
                getattr(facts, f"{name}_{moment}"),
                label_visibility="collapsed",
                key=f"{key}-{name}-{moment}",
            )
    return readings


def _vitals_row() -> list:
    return st.columns([2, 3, 3, 3], vertical_alignment="center", gap="small")
