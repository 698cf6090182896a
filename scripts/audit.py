"""Audit requirements.txt, and pass only when every package was really looked up.

pip-audit alone says "No known vulnerabilities found" and exits with 0 when the
advisory service knew none of the packages, as behind a package mirror.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path


# Has published advisories. A service that reports none for it is not answering.
KNOWN_TO_BE_WEAK = "jinja2==2.4.1"


def main() -> str | None:
    """Return what is wrong, in one sentence, or None."""
    if not service_answers():
        return (
            "The advisory service could not be reached, or does not answer: it knows "
            f"of no weakness in {KNOWN_TO_BE_WEAK}. Nothing was audited."
        )
    packages = pip_audit(Path("requirements.txt"))
    if not packages:
        return "pip-audit could not finish. Nothing was audited."
    problems = [text for text in map(problem, packages) if text]
    print(f"{len(packages)} packages audited, {len(problems)} with a problem.")
    return "Not clean: " + "; ".join(problems) if problems else None


def service_answers() -> bool:
    """Tell whether the service reports the weakness that it must know of."""
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder, "weak.txt")
        requirements.write_text(KNOWN_TO_BE_WEAK)
        packages = pip_audit(requirements, "--no-deps", "--disable-pip")
    return any(package.get("vulns") for package in packages)


def pip_audit(requirements: Path, *options: str) -> list[dict]:
    """Return pip-audit's packages; none when it could not finish."""
    command = [sys.executable, "-m", "pip_audit", "--format", "json", *options]
    command += ["--progress-spinner", "off", "--requirement", str(requirements)]
    result = subprocess.run(command, capture_output=True, text=True)
    try:
        return json.loads(result.stdout)["dependencies"]
    except ValueError:
        print(*result.stderr.splitlines()[-1:], file=sys.stderr)
        return []


def problem(package: dict) -> str | None:
    """Return what is wrong with a package, or None."""
    if "skip_reason" in package:
        return f"{package['name']} was not looked up"
    if package["vulns"]:
        advisories = ", ".join(weakness["id"] for weakness in package["vulns"])
        return f"{package['name']} {package['version']} has {advisories}"
    return None


if __name__ == "__main__":
    sys.exit(main())
