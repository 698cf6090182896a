"""Copy the practice's SQLite file, while the dashboard runs; PostgreSQL has pg_dump.

    python scripts/backup.py FILE             a copy, as encrypted as the original
    python scripts/backup.py --encrypt FILE   an encrypted copy of a plain original

The database is that of DATABASE_URL, or the user's own; the key is DATABASE_KEY.
"""

import argparse
import sys
from pathlib import Path


sys.path.insert(0, str(Path(__file__).parents[1]))

from data.backup import back_up, encrypt
from data.database import default_url
from data.errors import DatabaseError


def main() -> str | None:
    """Return why there is no copy, in one sentence, or None."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--encrypt", action="store_true")
    asked = parser.parse_args()
    copy = encrypt if asked.encrypt else back_up
    try:
        copy(default_url(), asked.file)
    except DatabaseError as error:
        return str(error)
    print(f"{asked.file} is written and checked, {asked.file.stat().st_size:,} bytes.")
    return None


if __name__ == "__main__":
    sys.exit(main())
