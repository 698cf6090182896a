"""What an import would do or has done, in words and tables; for pages and terminals."""

from collections.abc import Iterable

from data.exchange.importing import FilePreview, Preview
from data.exchange.problems import Problem
from views.results.wording.numbers import counted


MOST_COLUMNS_LISTED = 8


def preview_rows(preview: Preview) -> list[dict[str, str]]:
    """Return what each file holds and would add: a row per count, a column per file."""
    counts = [(file.file, _counts(file)) for file in preview.files]
    return [
        {"What": name} | {file: told[name] for file, told in counts}
        for name in (counts[0][1] if counts else ())
    ]


def people(preview: Preview) -> str:
    """Return whose records they are, in one sentence."""
    new = counted(preview.patients_new, "new patient")
    known = f"{preview.patients_known} known"
    opened = counted(preview.courses_opened, "course")
    sentence = f"{new}, {known}; {opened} to open."
    if preview.rows_of_several_courses:
        rows = counted(preview.rows_of_several_courses, "row")
        sentence += (
            f" {rows} of patients with several courses: each goes to the latest course "
            "opened on or before its day, else to the first."
        )
    return sentence


def not_used(preview: Preview) -> list[str]:
    """Return a sentence for each file that has columns nothing is taken from."""
    return [_not_used(file) for file in preview.files if file.columns_not_used]


def found(preview: Preview) -> str:
    """Return what stands in the way, or that nothing does, in one sentence."""
    problems = len(preview.problems)
    if problems:
        noun = "problem" if problems == 1 else "problems"
        return f"{problems:,} {noun}: nothing can be imported until there are none."
    if not preview.to_add:
        already = f"{preview.already_there:,}"
        return f"Nothing to add: all {already} records of the file are there already."
    return f"No problems. {_records(preview.to_add)} can be imported."


def button(preview: Preview) -> str:
    """Return what the button that imports says."""
    return f"Import {_records(preview.to_add)}"


def done(preview: Preview) -> str:
    """Return what was imported, in one sentence."""
    if not preview.to_add:
        return found(preview)
    forms = sum(_forms(file) for file in preview.files)
    infusions = sum(file.infusions for file in preview.files)
    records = _all_but_none(counted(infusions, "infusion"), counted(forms, "form"))
    people = _all_but_none(
        counted(preview.patients_new, "new patient"),
        counted(preview.patients_known, "known patient"),
    )
    alerts = counted(preview.alerts_opened, "item-9 alert")
    opened = f" {alerts} opened." if preview.alerts_opened else ""
    return f"Imported {records} of {people}.{opened}"


def problem_rows(problems: Iterable[Problem]) -> list[dict[str, str]]:
    """Return problems, or notices, as a table."""
    return [
        {
            "File": problem.file,
            "Row": "" if problem.row is None else str(problem.row),
            "Column": problem.column,
            "Value": problem.value,
            "Problem": problem.fault,
            "Allowed": problem.allowed,
        }
        for problem in problems
    ]


def _counts(file: FilePreview) -> dict[str, str]:
    counts = {
        "Rows": file.rows,
        "To add": file.to_add,
        "Recorded already": file.already_there,
        "Infusions": file.infusions,
        "Forms complete": file.forms_complete,
        "Forms incomplete": file.forms_incomplete,
        "Forms with a total only": file.forms_total_only,
        "Forms with item 9 above 0": file.item_9_positive,
        "Forms with item 9 not answered": file.item_9_left_out,
        "Rows without answers": file.rows_without_answers,
        "Blank rows": file.blank_rows,
    }
    return {"Holds": file.kind} | {name: f"{n:,}" for name, n in counts.items()}


def _all_but_none(*counts: str) -> str:
    return " and ".join(count for count in counts if not count.startswith("0 "))


def _records(number: int) -> str:
    return f"{number:,} record" if number == 1 else f"{number:,} records"


def _forms(file: FilePreview) -> int:
    return file.forms_complete + file.forms_incomplete + file.forms_total_only


def _not_used(file: FilePreview) -> str:
    listed = ", ".join(file.columns_not_used[:MOST_COLUMNS_LISTED])
    more = len(file.columns_not_used) - MOST_COLUMNS_LISTED
    and_more = f" and {more:,} more" if more > 0 else ""
    return f"{file.file}: nothing is taken from {listed}{and_more}."
