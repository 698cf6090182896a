"""The documents say what is so."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from measures.registry import CRITERIA, TIMEPOINTS


ROOT = Path(__file__).parents[1]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def test_methods_are_as_the_definitions_say():
    script = [sys.executable, ROOT / "scripts" / "methods.py", "--check"]
    assert subprocess.run(script, cwd=ROOT).returncode == 0, "run: make docs"


def test_methods_name_every_criterion_and_time_point():
    text = read("docs/methods.md")
    assert [code for code in (*CRITERIA, *TIMEPOINTS) if f"`{code}`" not in text] == []


@pytest.mark.parametrize("name", ["README.md", "DEVELOPERS.md", "CHANGELOG.md"])
def test_every_make_command_that_is_named_exists(name):
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)", read(name)))
    assert named <= targets


def test_every_manage_command_in_the_readme_exists():
    named = set(re.findall(r"manage\.py ([a-z-]+)", read("README.md")))
    shown = subprocess.run(
        [sys.executable, "manage.py", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert named and all(re.search(rf"\b{command}\b", shown) for command in named)


@pytest.mark.parametrize("requirements", ["requirements.txt", "requirements-dev.txt"])
def test_every_dependency_is_pinned_and_justified(requirements):
    lines = [
        line
        for line in read(requirements).splitlines()
        if line and not line.startswith(("#", "-r"))
    ]
    decisions = read("docs/decisions.md")
    for line in lines:
        name, version = line.split("==")
        assert version
        assert name.split("[")[0] in decisions, f"{name} is not justified"


def test_every_picture_in_the_readme_is_there():
    pictures = re.findall(r"!\[.*?\]\((.*?)\)", read("README.md"))
    assert pictures and all((ROOT / picture).is_file() for picture in pictures)
