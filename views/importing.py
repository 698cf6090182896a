"""Import infusions and forms from CSV files: look first, then all of it or nothing."""

import hashlib
from collections.abc import Sequence

import streamlit as st

from data.actors import Right
from data.database import Engine
from data.errors import RecordError
from data.exchange.importing import (
    Batch,
    Options,
    Preview,
    commit_import,
    preview_import,
    read_files,
)
from data.exchange.mapping import NO_MAPPING, Mapping, read_mapping
from data.exchange.problems import (
    ImportRefused,
    Problem,
    problems_csv,
)
from data.exchange.reading import SourceFile
from data.exchange.refused import is_refusal, note_refused
from data.exchange.templates import MAPPING_EXAMPLE, TEMPLATES
from data.patients import INDICATIONS
from views import state
from views.components import choose_site, stop_without_site
from views.import_wording import (
    button,
    done,
    found,
    not_used,
    people,
    preview_rows,
    problem_rows,
)
from views.seen import offer_file
from views.state import reading, writing
from views.wording import INDICATION_WORDS, escape


CHOSEN = "import-attempt"
READ = "import-read"
DONE = "import-done"
REFUSED = "import-refused"

MOST_SHOWN = 100


def importing() -> None:
    """Draw the page."""
    st.title("Import")
    engine = state.engine()
    stop_without_site()
    st.write(
        "Infusions and forms from CSV files. You see first what a file would add; "
        "then all of it is added, or nothing. The same file again adds nothing."
    )
    sources, mapping = _choose_files()
    _say_what_was_done(files_chosen=bool(sources))
    _offer_templates(expanded=not sources)
    if not sources and DONE not in st.session_state:
        st.info(
            "Choose one or more CSV files. To see what they should look like, take a "
            "template above."
        )
    if not sources:
        return
    options = _choose_options(engine)
    batch = _read(sources, mapping)
    try:
        with reading(engine) as connection:
            preview = preview_import(connection, batch, options)
    except RecordError as error:  # such as a site that has to be chosen
        st.error(escape(str(error)))
        return
    _note_refused(engine, preview.problems)
    _show(preview)
    _offer_import(engine, batch, options, preview)


def _say_what_was_done(*, files_chosen: bool) -> None:
    if files_chosen:
        st.session_state.pop(DONE, None)
    if DONE not in st.session_state:
        return
    st.success(st.session_state[DONE])
    caseload, outcomes = st.columns(2)
    caseload.page_link("caseload.py", label="See the patients")
    if state.actor().may(Right.READ_OUTCOMES):
        outcomes.page_link("results/outcomes.py", label="See the outcomes")


def _choose_files() -> tuple[list[SourceFile], Mapping]:
    attempt = st.session_state.get(CHOSEN, 0)
    files, rules = st.columns(2)
    chosen = files.file_uploader(
        "CSV files of infusions or forms",
        type=["csv", "tsv", "txt"],
        accept_multiple_files=True,
        key=f"import-files-{attempt}",
    )
    declared = rules.file_uploader(
        "Mapping file, if the columns have other names",
        type="toml",
        key=f"import-mapping-{attempt}",
        help="Says what columns mean, and what the file itself does not say.",
    )
    sources = [SourceFile(file.name, file.getvalue()) for file in chosen]
    if declared is None:
        return sources, NO_MAPPING
    try:
        return sources, read_mapping(declared.getvalue(), declared.name)
    except ImportRefused as refused:
        st.error(escape(str(refused)))
        st.stop()


def _offer_templates(*, expanded: bool) -> None:
    with st.expander("Templates", expanded=expanded):
        st.write(
            "Each has a header and one invented row to replace. Dates are written "
            "year first: 2025-01-31, or 2025-01-31 14:30. Without a time, a form "
            "counts as before an infusion of the same day. Unanswered items stay "
            "blank. For a PCL-5 say which days it asked about."
        )
        with st.container(horizontal=True):
            for name, make in TEMPLATES.items():
                st.download_button(name, make(), file_name=name, mime="text/csv")
            st.download_button(
                "mapping.toml",
                MAPPING_EXAMPLE,
                file_name="mapping.toml",
                mime="text/plain",
            )


def _choose_options(engine: Engine) -> Options:
    new_patients = st.checkbox(
        "Add patients whose record number is not in this practice",
        help="Without this, such rows are refused by name.",
    )
    if not new_patients:
        return Options()
    indication = st.selectbox(
        "Indication of new patients, where the file gives none",
        INDICATIONS,
        index=None,
        format_func=INDICATION_WORDS.get,
        placeholder="Not recorded",
    )
    return Options(
        new_patients=True, indication=indication, site_id=choose_site(engine)
    )


def _read(sources: Sequence[SourceFile], mapping: Mapping) -> Batch:
    """Read the files, once for each choice of files and mapping."""
    fingerprints = [f"{source.name} {source.sha256}" for source in sources]
    key = hashlib.sha256(repr((fingerprints, mapping)).encode()).hexdigest()
    known, batch = st.session_state.get(READ, (None, None))
    if known != key:
        bar = st.progress(0.0, "Reading …")
        batch = read_files(sources, mapping, progress=bar.progress)
        bar.empty()
        st.session_state[READ] = key, batch
    return batch


def _note_refused(engine: Engine, problems: Sequence[Problem]) -> None:
    """Note once that the files cannot be imported, whatever is allowed on the page."""
    read, _ = st.session_state[READ]
    # The example and the own practice are two databases.
    this = str(engine.url), read
    if not is_refusal(problems) or st.session_state.get(REFUSED) == this:
        return
    with writing(engine) as connection:
        note_refused(connection, problems)
    st.session_state[REFUSED] = this


def _show(preview: Preview) -> None:
    if preview.problems:
        st.error(found(preview))
        _show_problems(preview.problems)
    st.subheader("What would be added")
    if not preview.files:
        st.write("Nothing can be told of a file that cannot be read.")
        return
    _show_table(preview_rows(preview))
    st.write(people(preview))
    for sentence in not_used(preview):
        st.caption(escape(sentence))
    if not preview.problems:
        st.info(found(preview))
    if preview.notices:
        with st.expander(f"Good to know ({len(preview.notices):,})"):
            _show_table(problem_rows(preview.notices[:MOST_SHOWN]))


def _show_problems(problems: Sequence[Problem]) -> None:
    _show_table(problem_rows(problems[:MOST_SHOWN]))
    if len(problems) > MOST_SHOWN:
        st.caption(f"The first {MOST_SHOWN}; all of them are in the download.")
    offer_file(
        "Download the problems",
        lambda _connection: problems_csv(problems),
        file_name="import-problems.csv",
        mime="text/csv",
        what="import problems",
    )


def _show_table(rows: Sequence[dict[str, str]]) -> None:
    """Show texts that may come from a file as they are, not as Markdown."""
    if rows:
        st.table(
            [{escape(name): escape(text) for name, text in row.items()} for row in rows]
        )


def _offer_import(
    engine: Engine, batch: Batch, options: Options, preview: Preview
) -> None:
    if preview.problems or not preview.to_add:
        return
    if not st.button(button(preview), type="primary"):
        return
    bar = st.progress(0.0, "Importing …")
    try:
        with writing(engine) as connection:
            added = commit_import(connection, batch, options, progress=bar.progress)
    except RecordError as error:
        bar.empty()
        if isinstance(error, ImportRefused):
            _note_refused(engine, error.problems)
        st.error(escape(str(error)))
        return
    st.session_state[DONE] = done(added)
    st.session_state[CHOSEN] = st.session_state.get(CHOSEN, 0) + 1
    del st.session_state[READ]
    st.rerun()


importing()
