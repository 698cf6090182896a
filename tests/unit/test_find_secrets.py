"""The secret scan finds what was planted, and tells where, but not what."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.find_secrets import secrets


SCRIPT = Path(__file__).parents[2] / "scripts" / "find_secrets.py"

# Put together here, so that this file holds none.
HEX = "9f86d081" * 2 + "7d659a2f" * 2
TOKEN = "ghp_" + "x7Kq2mPz9RtWv4Lb8NcY" + "6JhDfGsA1eUo3iQw"
WORDS = "hunter2" + "-and-then-some"
BEGIN = "-----BEGIN " + "PRIVATE KEY-----"
MARK = "# pragma: allowlist secret"


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "--quiet"], check=True)
    return tmp_path


def plant(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"# A comment\n{text}\n", encoding="utf-8")
    subprocess.run(["git", "add", "--all"], cwd=path.parent, check=True)


def scan():
    return subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True)


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("access/oidc.py", f'TOKEN = "{TOKEN}"', "GitHub Token"),
        ("beside_a_call.py", f'login(get("{TOKEN}"))', "GitHub Token"),
        ("tests/test_login.py", f'password = "{WORDS}"', "Secret Keyword"),
        ("tests/a_hash.py", f'KNOWN = "{HEX * 2}"', "Hex High Entropy String"),
        ("deploy/key.pem", BEGIN, "Private Key"),
        ("deploy/app.env", f"DATABASE_KEY={HEX}", "Hex High Entropy String"),
        ("notes.md", "postgresql:" + f"//me:{WORDS}@host/db", "Basic Auth Credentials"),
        ("templates/a.css", f"/* {TOKEN} */", "GitHub Token"),
        (
            "templates/a.html",
            f'<input name="password" value="{TOKEN}">',
            "GitHub Token",
        ),
    ],
)
def test_a_planted_secret_fails(repository, name, text, kind):
    plant(repository / name, text)
    result = scan()
    assert result.returncode == 1
    line = 1 + len(text.splitlines())
    (told,) = result.stdout.splitlines()
    assert told.startswith(f"{name}:{line}: ")
    assert kind in told
    assert "Lines with a secret: 1. Take it out" in result.stderr
    for secret in (TOKEN, HEX, WORDS):
        assert secret not in result.stdout + result.stderr


def test_what_is_clean_is_quiet(repository):
    plant(repository / "app.py", 'password = get("password")\nsite = "12345678"')
    result = scan()
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize(
    "text",
    [
        f'password = "{WORDS}"  {MARK}',
        f'{MARK.replace("list", "list nextline")}\npassword = "{WORDS}"',
    ],
)
def test_a_marked_line_is_let_off_and_no_other(repository, text):
    path = repository / "tests" / "test_login.py"
    plant(path, text)
    assert scan().returncode == 0
    plant(path, f'{text}\npassword = "{WORDS}-2"')
    result = scan()
    assert (
        result.stdout
        == f"tests/test_login.py:{2 + len(text.splitlines())}: Secret Keyword\n"
    )


def test_every_secret_of_every_file_is_told(repository):
    plant(repository / "a.py", f'A = "{TOKEN}"\nB = "{HEX * 2}"')
    plant(repository / "b.py", f'A = "{TOKEN}"')
    assert [line.split(" ")[0] for line in scan().stdout.splitlines()] == [
        "a.py:2:",
        "a.py:3:",
        "b.py:2:",
    ]


def test_a_file_about_to_be_added_counts_and_an_ignored_one_does_not(repository):
    (repository / ".gitignore").write_text("mine.env\n")
    for name in ("mine.env", "new.env"):
        (repository / name).write_text(f"DATABASE_KEY={HEX}\n")
    assert scan().stdout.startswith("new.env:1: ")
    assert "mine.env" not in scan().stdout


def test_a_deleted_file_and_a_picture_do_no_harm(repository):
    plant(repository / "gone.py", "")
    plant(repository / "picture.png", "")
    (repository / "gone.py").unlink()
    (repository / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    assert (scan().returncode, scan().stderr) == (0, "")


def test_says_that_nothing_was_looked_at_outside_a_repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = scan()
    assert result.returncode == 1
    assert "Nothing was looked at" in result.stderr


def test_needs_no_network(repository, monkeypatch):
    plant(repository / "a.py", f'A = "{TOKEN}"')

    def refuse(*_):
        raise AssertionError("the scan opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert "GitHub Token" in secrets("a.py")[0]


def test_the_check_runs_it():
    check = SCRIPT.with_name("check").read_text(encoding="utf-8")
    assert "\ncheck $bin/python scripts/find_secrets.py\n" in check
