"""Look for passwords, keys and tokens in every file that git has or would add.

Nothing leaves the machine: what is found is not tried out at the service it is for.
"""

import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.core.potential_secret import PotentialSecret
from detect_secrets.core.scan import scan_file
from detect_secrets.filters import heuristic
from detect_secrets.settings import get_settings, transient_settings


# Every plugin is on but this one: an address is no secret, and examples need some.
OFF = {"IPPublicDetector"}
# These know no format. They guess from the name that a quoted string is given, or from
# how random it is: above 4.5 and 3 bits per character (the library's own limits) are
# random keys and hashes; words and numbers stay below. Without quotes they see a value
# only in files that are made of NAME=VALUE lines, such as .env.
GUESSING = {"KeywordDetector", "Base64HighEntropyString", "HexHighEntropyString"}
# A guess that has one of these forms is wrong. A known format is never let off.
NO_SECRETS = (
    heuristic.is_not_alphanumeric_string,
    heuristic.is_potential_uuid,
    heuristic.is_sequential_string,
    heuristic.is_templated_secret,
)
MARKED = "detect_secrets.filters.allowlist.is_line_allowlisted"
# Goes by the ending of the name, and would skip .css and .svg, which are text.
NOT_TEXT = "detect_secrets.filters.heuristic.is_non_text_file"

ADVICE = """\
Take it out, and change it wherever it is used: whoever has the file has the secret.
If it was committed, it is in the history as well. If it opens nothing, end its line
with "# pragma: allowlist secret", or put above it:
# pragma: allowlist nextline secret"""


def main() -> str | None:
    """Return what to do about the secrets that were found, or None."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
    )
    names = sorted(name for name in listed.stdout.split("\0") if Path(name).is_file())
    if not names:
        return f"Nothing was looked at: {listed.stderr.strip() or 'no files'}"
    with ProcessPoolExecutor() as pool:
        found = [place for places in pool.map(secrets, names) for place in places]
    print(*found, sep="\n", end="\n" if found else "")
    return f"Lines with a secret: {len(found)}. {ADVICE}" if found else None


def secrets(name: str) -> list[str]:
    """Return where in a file secrets are, and of what kind; never the secret itself."""
    kinds = defaultdict(set)
    types = get_mapping_from_secret_type_to_class()
    plugins = [{"name": p.__name__} for p in types.values() if p.__name__ not in OFF]
    chosen = {"plugins_used": plugins, "filters_used": [{"path": MARKED}]}
    with transient_settings(chosen):
        get_settings().disable_filters(NOT_TEXT)
        for found in scan_file(name):
            if types[found.type].__name__ not in GUESSING or not plainly_none(found):
                kinds[found.line_number].add(found.type)
    return [f"{name}:{n}: {', '.join(sorted(kinds[n]))}" for n in sorted(kinds)]


def plainly_none(found: PotentialSecret) -> bool:
    """Tell whether what was guessed to be a secret is plainly something else."""
    value = found.secret_value or ""
    return any(is_none(value) for is_none in NO_SECRETS)


if __name__ == "__main__":
    sys.exit(main())
