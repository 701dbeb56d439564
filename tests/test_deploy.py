"""What runs Quire for a team: the files in deploy/ name commands, settings and ports that there
are, and the health check asks the port that is really listened on."""

import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from typer.main import get_command

import serving
from quire import Settings, cli

pytestmark = pytest.mark.usefixtures("parser_here")

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
CONTAINERFILE = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
UNIT = (DEPLOY / "quire.service").read_text(encoding="utf-8")
COMPOSE = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
TEAM = (ROOT / "docs" / "team.md").read_text(encoding="utf-8")
COMMANDS: dict[str, Any] = dict(vars(get_command(cli.app))["commands"])
# What Quire reads of its environment beside its settings.
VARIABLES = {f"QUIRE_{name.upper()}" for name in Settings.model_fields} | {
    *("QUIRE_CONFIG", "QUIRE_PASSWORD", "QUIRE_API_KEY")
}


@pytest.fixture(scope="module")
def healthy() -> ModuleType:
    spec = importlib.util.spec_from_file_location("healthy", DEPLOY / "healthy.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def default(command: str, name: str) -> Any:
    (found,) = (each for each in COMMANDS[command].params if each.name == name)
    return found.default


def require_right(words: list[str]) -> None:
    """Fails where a command line of Quire names what there is not."""
    command = COMMANDS[words[0]]
    there = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
    assert {word for word in words[1:] if word.startswith("-")} <= there, words


# -- the health check ------------------------------------------------------------------------------


def test_only_what_this_user_listens_on_is_asked(healthy: ModuleType, tmp_path: Path) -> None:
    for process, sockets in {"1": (100,), "42": (200, 201)}.items():
        (tmp_path / process / "fd").mkdir(parents=True)
        for at, inode in enumerate(sockets):
            (tmp_path / process / "fd" / str(at)).symlink_to(f"socket:[{inode}]")
    (tmp_path / "42" / "fd" / "9").symlink_to("/dev/null")
    row = "{}: 00000000:{:04X} 00000000:0000 {} 00000000:00000000 00:00000000 00000000 0 0 {} 1"
    rows = [(8765, "0A", 100), (9999, "0A", 999), (8501, "01", 200), (8502, "0A", 201)]
    table = "\n".join(row.format(at, *each) for at, each in enumerate(rows))
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "tcp").write_text(f"  sl  local_address\n{table}\n")
    assert sorted(healthy.ports(tmp_path)) == [8502, 8765]


def test_a_server_that_answers_is_well_and_nothing_else(
    healthy: ModuleType, tmp_path: Path
) -> None:
    with serving.served(tmp_path) as served, serving.listening_server(served) as address:
        port = int(address.rpartition(":")[2])
        assert healthy.says_ok(port)
    assert not healthy.says_ok(port)


# -- the image -------------------------------------------------------------------------------------


def test_the_image_is_for_any_machine_and_no_root() -> None:
    last = CONTAINERFILE.rpartition("\nFROM ")[2]
    assert "-DGGML_NATIVE=OFF" in CONTAINERFILE
    assert re.search(r"^USER quire$", last, re.MULTILINE)
    assert re.search(r"^VOLUME \[\"/data\", \"/models\"\]$", last, re.MULTILINE)
    assert "build-essential" not in last
    ports = {str(default("serve", "port")), str(default("ui", "port"))}
    assert set(re.findall(r"^EXPOSE (.+)$", last, re.MULTILINE)[0].split()) == ports
    assert set(re.findall(r"\bQUIRE_[A-Z_]+", CONTAINERFILE)) <= VARIABLES
    (command,) = re.findall(r"^CMD (\[.+\])$", last, re.MULTILINE)
    require_right(yaml.safe_load(command))


def test_the_image_is_built_in_the_format_that_has_a_health_check() -> None:
    for told in (TEAM, CONTAINERFILE):
        for line in re.findall(r"podman build .+", told):
            assert line.startswith("podman build --format docker ")


def test_the_build_gets_all_that_the_package_is_made_of() -> None:
    kept = set(re.findall(r"^!(.+)$", (DEPLOY / "Containerfile.containerignore").read_text(), re.M))
    mapped = set(
        re.findall(r'^"?quire[\w.]*"? = "(\w+)"$', (ROOT / "pyproject.toml").read_text(), re.M)
    )
    assert mapped == {"app", "ingest", "indexes"}
    assert mapped <= kept
    copied = re.findall(r"^COPY (?!--from)(\S+)", CONTAINERFILE, re.MULTILINE)
    assert set(copied) - {"."} <= kept
    assert all((ROOT / path).exists() for path in kept)


def test_the_composed_services_are_right() -> None:
    told = yaml.safe_load(COMPOSE)
    assert set(told["services"]) == {"server", "page"}
    for service in told["services"].values():
        require_right(service["command"])
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert set(told["volumes"]) == {each.partition(":")[0] for each in service["volumes"]}
        port = default(service["command"][0], "port")
        assert service["ports"] == [f"127.0.0.1:{port}:{port}"]
    variables = set(re.findall(r"\b(QUIRE_[A-Z_]+)", COMPOSE))
    assert variables - VARIABLES == {"QUIRE_HOST"}


# -- the service -----------------------------------------------------------------------------------


def test_the_unit_names_what_there_is() -> None:
    for line in re.findall(r"^Exec\w+=-?/opt/quire/bin/quire (.+)$", UNIT, re.MULTILINE):
        require_right(shlex.split(line))
    named = set(re.findall(r"^Environment=(QUIRE_\w+)=", UNIT, re.MULTILINE))
    assert named == {"QUIRE_KB", "QUIRE_CONFIG", "QUIRE_MODELS", "QUIRE_CACHE"}
    for wanted in ("DynamicUser=yes", "StateDirectory=quire", "MemoryMax=", "ProtectSystem=strict"):
        assert re.search(f"^{wanted}", UNIT, re.MULTILINE), wanted


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze here")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "quire.service"
    unit.write_text(UNIT.replace("/opt/quire/bin/quire", f"{sys.executable} -m quire"))
    command = ["systemd-analyze", "verify", "--man=no", str(unit)]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "quire.service" not in told.stderr, told.stderr
    assert told.returncode == 0


# -- the page that tells it ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "file"), [("nginx", "nginx.conf"), ("caddyfile", "Caddyfile")]
)
def test_the_proxies_that_are_shown_are_those_in_the_folder(language: str, file: str) -> None:
    (shown,) = re.findall(rf"^```{language}\n(.*?)^```$", TEAM, re.MULTILINE | re.DOTALL)
    assert shown == (DEPLOY / file).read_text(encoding="utf-8")
    for port in (default("serve", "port"), default("ui", "port")):
        assert f"127.0.0.1:{port}" in shown
