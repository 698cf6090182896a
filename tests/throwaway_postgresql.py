"""A PostgreSQL server that is started for a while and leaves nothing behind."""

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg


# Nothing that a test writes needs to outlive a power cut.
NOT_DURABLE = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"


@dataclass(frozen=True)
class PostgreSQL:
    """A running server that listens on a socket in ``folder`` and nowhere else."""

    folder: str
    admin: psycopg.Connection
    names: Iterator[int]

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def create(self, template: str = "template0") -> str:
        name = f"practice_{next(self.names)}"
        self.admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        self.admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def postgresql_is_installed() -> bool:
    """Whether a server can be made on this machine."""
    return bool(_initdbs())


@contextmanager
def throwaway_postgresql(*, durable: bool = False) -> Iterator[PostgreSQL]:
    """Run a new server until the end of the block, on a socket of its own.

    Parameters
    ----------
    durable
        Whether each commit reaches the disk, as it does in a practice.
    """
    binaries = _initdbs()[-1].resolve().parent
    # PostgreSQL refuses to run as root. The Debian package makes this account.
    user = "postgres" if hasattr(os, "geteuid") and os.geteuid() == 0 else None

    def run(program: str, *options: str) -> None:
        command = [binaries / program, "--pgdata", "data", *options]
        subprocess.run(
            command, cwd=folder, user=user, check=True, stdout=subprocess.DEVNULL
        )

    # Directly under /tmp: the path of a socket may be 107 bytes long at most.
    with tempfile.TemporaryDirectory(prefix="postgresql-") as folder:
        if user:
            shutil.chown(folder, user)
        run(
            "initdb",
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        )
        run(
            "pg_ctl",
            "start",
            "--wait",
            "--log=log",
            "--options",
            f"-c listen_addresses='' -c unix_socket_directories={folder} "
            + ("" if durable else NOT_DURABLE),
        )
        try:
            with psycopg.connect(
                host=folder, user="postgres", autocommit=True
            ) as admin:
                yield PostgreSQL(folder, admin, itertools.count(1))
        finally:
            run("pg_ctl", "stop", "--mode=immediate")


def _initdbs() -> list[Path]:
    """Return the installed versions' initdb, the newest last."""
    on_path = shutil.which("initdb")
    found = [Path(on_path)] if on_path else []
    return found + sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
