"""Bytes to a header and rows: what is no CSV file is refused in one sentence."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from data.exchange.importing import read_files
from data.exchange.mapping import read_mapping
from data.exchange.problems import ImportRefused, Problem, problems_csv
from data.exchange.reading import SourceFile, read_sheet


def sheet(content, **declared):
    return read_sheet(SourceFile("f.csv", content), **declared)


def refusal(content, **declared):
    with pytest.raises(ImportRefused) as refused:
        list(sheet(content, **declared).read())
    return str(refused.value)


NOT_A_FILE_OF_ROWS = {
    "empty": (b"", "f.csv: is empty"),
    "white space": (b" \r\n\t ", "f.csv: is empty"),
    "byte-order mark": (b"\xef\xbb\xbf", "f.csv: is empty"),
    "header only": (b"a,b\n", "f.csv: has a header and no rows under it"),
    "blank rows": (b"a,b\n,\n , \n\n", "has a header and only blank rows (3)"),
    "blank header": (b",,\n1,2,3\n", "has a blank first row"),
    "twice": (b"a,b,a\n1,2,3\n", "row 1, column a: the header has this column twice"),
    "xlsx": (b"PK\x03\x04rest", "is a workbook or an archive, not CSV"),
    "xls": (b"\xd0\xcf\x11\xe0rest", "is an old Excel workbook"),
    "pdf": (b"%PDF-1.7 rest", "is a PDF"),
    "gzip": (b"\x1f\x8brest", "is compressed"),
    "utf-16": ("a,b\n1,2".encode("utf-16"), "is UTF-16, not UTF-8"),
    "latin": ("a,b\né,2".encode("cp1252"), "is not UTF-8 text"),
    "nul": (b"a,b\n1,\x002", "has NUL bytes in it"),
    "json": (b'{"resourceType": "Bundle"}', "is JSON, not CSV"),
    "xml": (b"<?xml version='1.0'?>", "is XML or a web page"),
    "two separators": (b"a,b;c\n1,2;3", "more than one of comma, semicolon and tab"),
    "open quote": (b'a,b\n1,"2\n3,4\n', "cannot be read as CSV from row 2 on"),
}


@pytest.mark.parametrize(
    ("content", "says"), NOT_A_FILE_OF_ROWS.values(), ids=NOT_A_FILE_OF_ROWS
)
def test_refuses_what_is_no_file_of_rows_in_one_line(content, says):
    said = refusal(content)
    assert says in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("header", "separator"), [("a,b", ","), ("a;b", ";"), ("a\tb", "\t")]
)
def test_finds_the_separator_in_the_header(header, separator):
    found = sheet(f"{header}\n1{separator}2".encode())
    assert found.header == ("a", "b")
    assert list(found.read()) == [(2, ["1", "2"])]


def test_a_separator_inside_quotation_marks_is_text():
    assert sheet(b'"a;x",b\n1,2').header == ("a;x", "b")


def test_a_declared_separator_settles_the_doubt():
    assert sheet(b"a,b;c\n1;2", separator=";").header == ("a,b", "c")


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("é,b\n1,2".encode(), None),
        ("\ufeffé,b\n1,2".encode(), None),
        ("é,b\n1,2".encode("cp1252"), "cp1252"),
    ],
)
def test_reads_utf_8_with_or_without_mark_and_a_declared_encoding(content, encoding):
    assert sheet(content, encoding=encoding).header == ("é", "b")


def test_rows_are_numbered_as_a_spreadsheet_does_blank_ones_included():
    found = sheet(b"a,b\n1,2\n\n,\n3,4\n")
    assert list(found.read()) == [(2, ["1", "2"]), (5, ["3", "4"])]
    assert (found.rows, found.blank_rows) == (2, 2)


def test_a_line_break_inside_a_cell_is_no_new_row():
    assert list(sheet(b'a,b\n"1\n1",2\n3,4').read())[1] == (3, ["3", "4"])


@pytest.mark.parametrize("row", ["1", "1,2,3"])
def test_a_ragged_row_is_named_with_its_number_of_cells(row):
    content = f"record_number,started_at\nA,2025-01-01\n{row}\n".encode()
    (problem,) = read_files([SourceFile("f.csv", content)]).problems
    assert problem.row == 3
    assert problem.fault == f"has {row.count(',') + 1} cells"


def test_a_message_is_one_line_whatever_the_cells_hold():
    problem = Problem("f.csv", 2, "a\nb", "x\n" * 60, "is wrong", "less")
    assert "\n" not in problem.sentence
    assert len(problem.sentence) < 120


def test_problems_as_csv_do_not_run_as_formulas():
    problem = Problem("f.csv", 2, "a", "=HYPERLINK()", "is wrong")
    assert "'=HYPERLINK()" in problems_csv([problem])


@given(st.binary(max_size=300))
@example(b'record_number,started_at\nA,"')
@example(b"record_number,completed_at,phq9_1\nA,9999-12-31 23:59+00:01,1")
@example(b"record_number,completed_at,phq9_1\nA,0001-01-01T00:00+23:59,1")
def test_random_bytes_are_problems_and_never_an_error(content):
    batch = read_files([SourceFile("f.csv", content)])
    assert batch.problems or batch.readings


@given(st.binary(max_size=200))
def test_random_bytes_are_no_mapping_or_refused(content):
    try:
        read_mapping(content)
    except ImportRefused as refused:
        assert "\n" not in str(refused)


CELL = st.text(max_size=12).filter(lambda text: not text.isspace())


@given(st.lists(CELL, min_size=11, max_size=11))
def test_random_cells_under_a_known_header_are_problems_and_never_an_error(cells):
    header = "record_number,completed_at," + ",".join(f"phq9_{n}" for n in range(1, 10))
    row = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    content = f"{header}\n{row}".encode("utf-8", errors="replace")
    read_files([SourceFile("f.csv", content)])
