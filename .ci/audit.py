"""Whether something installed has a hole that is publicly known: `make audit`.

pip-audit asks the Python package index, so it needs the network. What it finds fails, unless it is
waived, with why, in `audit-waivers.toml`; so does a waiver that waives nothing any more, and a
package about which nothing could be learned: pip-audit passes over those as if they were well.
"""

import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

WAIVERS = Path(__file__).with_name("audit-waivers.toml")
OWN = {"quire"}
"""What is on no index."""


def pinned(installed: Iterable[Distribution]) -> list[str]:
    """Name and version of each, as a requirement. A local version, such as torch's `+cpu`, is that
    of the release that it was built from."""
    found = {each.metadata["Name"].lower(): each.version for each in installed}
    return [
        f"{name}=={version.partition('+')[0]}"
        for name, version in sorted(found.items())
        if name not in OWN
    ]


def told(report: Mapping[str, Any], waived: Mapping[str, str]) -> tuple[int, list[str]]:
    """The exit status, and what to say of a report of pip-audit; `waived` is why, by the id."""
    packages: Sequence[Mapping[str, Any]] = report["dependencies"]
    unknown = sorted(each["name"] for each in packages if "skip_reason" in each)
    lines, used, wrong = [], set(), False
    for each in packages:
        for hole in each.get("vulns", ()):
            ids = [hole["id"], *hole.get("aliases", ())]
            named = f"{each['name']} {each['version']}: {ids[0]}"
            if why := next((waived[id_] for id_ in ids if id_ in waived), None):
                used |= set(ids)
                lines.append(f"{named} is waived: {why}")
            else:
                wrong = True
                mended = ", ".join(hole.get("fix_versions", ())) or "no version yet"
                lines.append(
                    f"{named}, mended in {mended}. Move to that, or say why not in {WAIVERS}."
                )
    for id_ in waived.keys() - used:
        wrong = True
        lines.append(f"{id_} is waived and found nowhere: take it out of {WAIVERS}.")
    if unknown:
        lines.append(
            f"Nothing could be learned of {len(unknown)} of {len(packages)} packages, such as "
            f"{', '.join(unknown[:5])}: the index did not answer for them. They are not audited."
        )
    if not lines:
        lines.append(f"No known hole in {len(packages)} packages.")
    return 1 if wrong else 2 if unknown else 0, lines


def asked(requirements: list[str]) -> Mapping[str, Any] | None:
    """What pip-audit says of them; None where it cannot ask."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "installed.txt")
        file.write_text("\n".join(requirements))
        command = [sys.executable, "-m", "pip_audit", "--requirement", str(file), "--no-deps"]
        done = subprocess.run(
            [*command, "--disable-pip", "--format", "json", "--progress-spinner", "off"],
            capture_output=True,
            text=True,
            check=False,
        )
    try:
        report: Mapping[str, Any] = json.loads(done.stdout)
    except ValueError:
        return None
    return report


def main() -> int:
    table = tomllib.loads(WAIVERS.read_text(encoding="utf-8"))
    waived = {each["id"]: each["why"] for each in table.get("waived", ())}
    report = asked(pinned(distributions()))
    if report is None:
        print("The list of known holes could not be asked for: is there a network?")
        print("Nothing was audited. Run make audit again where packages can be looked up.")
        return 2
    status, lines = told(report, waived)
    print("\n".join(lines))
    return status


if __name__ == "__main__":
    sys.exit(main())
