"""The same product without a browser: ``python manage.py --help``.

Exit code 0, or 2 with one plain line on standard error.
"""

import sys

from commands import accounts, keeping, published, records, report, results, snapshots
from commands.common import group


app = group(
    "Outcomes of ketamine infusions, without a browser. --json prints every count as "
    "it is, small ones too: it is for the practice's own machine."
)
for part in (records, results, keeping, published, report):
    app.add_typer(part.app)
app.add_typer(snapshots.app, name="snapshot")
app.add_typer(accounts.app)


if __name__ == "__main__":
    # A terminal that cannot show a sign shows another, not a traceback.
    sys.stdout.reconfigure(errors="replace")
    app()
