"""The rooms of the house, and who may call whom."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest


ROOT = Path(__file__).parents[1]
# Packages that are no part of the product, so no import rule names them.
BESIDE_THE_PRODUCT = {"tests", "benchmarks"}


def test_imports_follow_the_contracts_in_pyproject():
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_package_of_the_product_is_under_contract():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    under_contract = set(settings["tool"]["importlinter"]["root_packages"])
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages - BESIDE_THE_PRODUCT == under_contract


def test_the_only_doors_are_dashboard_and_manage():
    assert {path.name for path in ROOT.glob("*.py")} == {"dashboard.py", "manage.py"}


@pytest.mark.parametrize("door", ["dashboard.py", "manage.py"])
def test_a_door_leaves_the_database_to_data(door):
    database = {"alembic", "psycopg", "sqlalchemy", "sqlite3"}
    assert not imported_by(ROOT / door) & database


def test_manage_runs_without_streamlit_and_plotly():
    code = "import manage, sys; print({'streamlit', 'plotly'} & set(sys.modules))"
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.stdout == "set()\n", result.stderr


def test_measures_import_the_standard_library_only():
    graph = grimp.build_graph("measures", include_external_packages=True)
    imported = {module.split(".")[0] for module in graph.modules} - {"measures"}
    assert imported <= sys.stdlib_module_names


def test_no_folder_is_called_pages_which_streamlit_would_serve_by_itself():
    assert not (ROOT / "pages").exists()


def imported_by(path: Path) -> set[str]:
    """Return the top-level names that a module imports anywhere in its text."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module.split(".")[0])
    return names
