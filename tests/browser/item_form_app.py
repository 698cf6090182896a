"""Item forms one after the other, for test_item_form.py to type into.

Query parameters: ``run`` names the records, so that tests do not meet; ``forms`` lists
the measures; ``together`` shows all of them from the start; ``refuse`` saves nothing;
``confirm`` asks on a page of its own before it saves; ``review`` lets the form say back
what was typed; ``draft`` lets it send drafts, and starts with the digits given.
"""

import json
import uuid

import streamlit as st

from measures.definition import Answer, Measure
from measures.registry import MEASURES
from views import item_form
from views.echo import every_echo


@st.cache_resource
def memory() -> dict[str, dict]:
    """Return what outlives a page, but not the server."""
    return {"messages": {}, "saved": {}, "runs": {}}


def main() -> None:
    st.set_page_config(page_title="Item forms", page_icon="📝", layout="wide")
    st.title("Record")
    run = st.query_params.get("run", "run")
    codes = st.query_params.get("forms", "phq9").split(",")
    memory()["runs"][run] = memory()["runs"].get(run, 0) + 1
    entry(run, codes)
    with st.container(key="kept"):
        kept = {name: part.get(run) for name, part in memory().items()}
        st.text(json.dumps(kept | {"tokens": tokens()}))
    st.text_input("Note", key="note")
    if st.button("Undo"):
        undo(run)
        st.rerun()


def entry(run: str, codes: list[str]) -> None:
    if waiting := st.session_state.get("waiting"):
        return confirm(run, *waiting)
    open_codes = [code for code in codes if code not in saved(run)]
    shown = codes if "together" in st.query_params else open_codes[:1]
    for code in shown:
        enter(run, MEASURES[code], autofocus=code == next(iter(open_codes), None))
    return None


def confirm(run: str, code: str, submission: item_form.Submission) -> None:
    if st.button("Confirm", shortcut="Ctrl+Enter"):
        keep(run, code, submission)


def enter(run: str, measure: Measure, *, autofocus: bool) -> None:
    key, record = f"form-{measure.code}", f"{run}/{measure.code}"
    difficulty = measure.functional_item
    submission = item_form.item_form(
        name=measure.name,
        stem=measure.default_recall_window.stem,
        items=[item.text for item in measure.items],
        answers=pairs(measure.answers),
        functional=difficulty and (difficulty.text, pairs(difficulty.answers)),
        watch_item=measure.suicide_item,
        values=values_of_draft(),
        review=review(measure) if "review" in st.query_params else None,
        draft=draft_box(measure) if "draft" in st.query_params else None,
        record=record,
        token=tokens().setdefault(record, uuid.uuid4().hex),
        key=key,
        save_label=f"Save {measure.name}",
        autofocus=autofocus,
    )
    if submission:
        memory()["messages"].setdefault(run, []).append(submission["token"])
        take(run, measure.code, submission)


def take(run: str, code: str, submission: item_form.Submission) -> None:
    if "confirm" in st.query_params:
        st.session_state["waiting"] = code, submission
        st.rerun()
    if "refuse" not in st.query_params:
        keep(run, code, submission)


def keep(run: str, code: str, submission: item_form.Submission) -> None:
    st.session_state["waiting"] = None
    saved(run).setdefault(code, submission)
    st.rerun()


def undo(run: str) -> None:
    saved(run).clear()
    tokens().clear()


def tokens() -> dict[str, str]:
    return st.session_state.setdefault("tokens", {})


def saved(run: str) -> dict[str, item_form.Submission]:
    return memory()["saved"].setdefault(run, {})


def review(measure: Measure) -> item_form.Review:
    return item_form.Review(
        title=f"Save this {measure.name}?",
        about="Ash, Ada\nCompleted: now",
        echo=every_echo(measure, baseline=20),
        save_label=f"Keep {measure.name}",
    )


def draft_box(measure: Measure) -> item_form.DraftBox:
    kept = "Kept from 10:42; Clear starts again." if values_of_draft() else ""
    about = {"course": 7, "measure": measure.code}
    return item_form.DraftBox("/draft", about, kept)


def values_of_draft() -> list[int | None] | None:
    digits = st.query_params.get("draft")
    return [None if d == "-" else int(d) for d in digits] if digits else None


def pairs(answers: tuple[Answer, ...]) -> list[tuple[int, str]]:
    return [(answer.score, answer.text) for answer in answers]


if __name__ == "__main__":
    main()
