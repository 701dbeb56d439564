"""What `make audit` says of a report: nothing unknown passes for well."""

import importlib.util
from collections.abc import Mapping
from importlib.metadata import distributions
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FILE = Path(__file__).parent.parent / ".ci" / "audit.py"


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def package(name: str, *holes: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "version": "1.0", "vulns": list(holes)}


HOLE = {"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["1.1"], "description": ""}


def test_a_hole_fails_with_the_version_that_mends_it(audit: ModuleType) -> None:
    status, lines = audit.told({"dependencies": [package("a"), package("b", HOLE)]}, {})
    assert status == 1
    assert lines[0].startswith("b 1.0: PYSEC-1, mended in 1.1")
    assert audit.told({"dependencies": [package("a")]}, {}) == (
        0,
        ["No known hole in 1 packages."],
    )


def test_a_waiver_holds_by_any_of_the_ids_and_goes_when_it_waives_nothing(
    audit: ModuleType,
) -> None:
    waived = {"CVE-1": "it is never called"}
    status, lines = audit.told({"dependencies": [package("b", HOLE)]}, waived)
    assert (status, lines) == (0, ["b 1.0: PYSEC-1 is waived: it is never called"])
    status, lines = audit.told({"dependencies": [package("b")]}, waived)
    assert status == 1
    assert "CVE-1 is waived and found nowhere" in lines[0]


def test_what_could_not_be_learned_is_not_well(audit: ModuleType) -> None:
    """pip-audit itself ends with 0 where the index knows none of the packages."""
    unknown = {"name": "c", "skip_reason": "Dependency not found on PyPI"}
    status, lines = audit.told({"dependencies": [package("a"), unknown]}, {})
    assert status == 2
    assert "1 of 2 packages, such as c" in lines[0]


def test_without_an_answer_it_ends_with_a_sentence(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "asked", lambda _: None)
    assert audit.main() == 2
    assert "Nothing was audited" in capsys.readouterr().out


def test_all_that_is_installed_is_asked_about_as_it_was_released(audit: ModuleType) -> None:
    pins = audit.pinned(distributions())
    assert len(pins) > 50
    assert not [pin for pin in pins if "+" in pin or pin.startswith("quire=")]
    assert [pin for pin in pins if pin.startswith("torch==")]
