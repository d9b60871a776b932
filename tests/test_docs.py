"""What README, docs and the deployment files say is true of the code."""

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.core.management import get_commands

from config.embedded import CHECKOUT
from config.procfile import processes

DOCUMENTS = sorted([*CHECKOUT.glob("*.md"), *CHECKOUT.glob("docs/**/*.md")])
SECRET = re.compile(r"SECRET|PASSWORD|TOKEN|PRIVATE")


def text_of(name: str) -> str:
    return (CHECKOUT / name).read_text()


def committed() -> list[Path]:
    """The files of the repository; of a tree without git, the ones that would be in it."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=CHECKOUT, capture_output=True, text=True, check=False
    ).stdout.split("\n")
    return [path for name in listed if name and (path := CHECKOUT / name).is_file()]


def code(document: Path) -> str:
    """The code blocks and code spans of a document."""
    text = document.read_text()
    return "\n".join(re.findall(r"```.*?```", text, re.DOTALL) + re.findall(r"`[^`\n]+`", text))


@pytest.fixture(params=DOCUMENTS, ids=lambda path: str(path.relative_to(CHECKOUT)))
def document(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_make_targets_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z][a-z-]*)", code(document))) <= targets


def test_management_commands_exist(document: Path) -> None:
    assert set(re.findall(r"manage\.py ([a-z_]+)", code(document))) <= set(get_commands())


def test_modules_exist(document: Path) -> None:
    for name in set(re.findall(r"python3? -m ([a-z_.]+)", code(document))) - {"venv", "pip"}:
        assert importlib.util.find_spec(name), name


def test_files_exist(document: Path) -> None:
    spans = re.findall(r"`([\w.-]+(?:/[\w.-]+)*/?)`", document.read_text())
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", document.read_text())
    suffixes = (".py", ".md", ".toml", ".yml", ".txt", ".example", "/")
    # A bare `actions.py` speaks of every app's; a path or a document speaks of one file.
    for name in [span for span in spans if span.endswith(suffixes) and ("/" in span or span[-3:] != ".py")]:
        assert (CHECKOUT / name).exists() or (document.parent / name).exists() or made_later(name), name
    for link in links:
        assert (document.parent / link).exists(), link


def made_later(name: str) -> bool:
    """Whether git ignores it: the folder of the data, the virtual environment."""
    done = subprocess.run(["git", "check-ignore", "-q", name], cwd=CHECKOUT, check=False)
    return done.returncode == 0


def test_every_setting_is_explained_and_every_explained_one_exists() -> None:
    read = set(re.findall(r'\benv(?:\.\w+)?\("([A-Z_]+)"', text_of("config/settings.py")))
    explained = set(re.findall(r"^\| `([A-Z_]+)` ", text_of("README.md"), re.MULTILINE))
    places = [
        *CHECKOUT.glob("config/*.py"),
        *CHECKOUT.glob("benchmarks/**/*.py"),
        *CHECKOUT.glob("tests/*.py"),
    ]
    used = "\n".join(path.read_text() for path in places) + text_of("Procfile") + text_of("Makefile")
    assert read - explained == set()
    assert {name for name in explained if not re.search(rf"\b{name}\b", used)} == set()


def test_processes_can_be_started() -> None:
    programs = Path(sys.executable).parent
    assert set(processes()) == {"web", "worker", "beat"}
    for command in processes().values():
        assert shutil.which(command.split()[0], path=str(programs))


def test_a_process_is_started_by_its_name() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "config.procfile", "nothing"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 1
    assert "web|worker|beat" in done.stderr


def test_compose_services_are_watched_and_kept() -> None:
    compose = yaml.safe_load(text_of("docker-compose.yml"))
    services = compose["services"]
    assert set(services) == {"web", "worker", "beat", "migrate", "postgres", "redis"}
    for name in set(services) - {"migrate"}:
        assert services[name]["healthcheck"]["test"], name
        assert services[name]["restart"] == "unless-stopped", name
    for name in ("web", "worker", "beat"):
        assert services[name]["command"] == ["python", "-m", "config.procfile", name]
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert services["postgres"]["image"] == "postgres:18"
    assert set(compose["volumes"]) == {"postgres", "redis"}


def test_compose_has_no_secret_baked_in() -> None:
    compose = yaml.safe_load(text_of("docker-compose.yml"))
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            if SECRET.search(name):
                assert re.fullmatch(rf"\$\{{{name}:\?[^}}]+\}}", value), name
            if name == "DATABASE_URL":
                assert "${POSTGRES_PASSWORD:?" in value


def test_env_example_names_all_that_compose_asks_for_and_holds_no_secret() -> None:
    given = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", text_of(".env.example"), re.MULTILINE))
    asked = set(re.findall(r"\$\{([A-Z_]+)", text_of("docker-compose.yml")))
    assert asked <= set(given)
    assert {name: value for name, value in given.items() if SECRET.search(name) and value} == {}


def test_the_image_runs_unprivileged() -> None:
    last_stage = text_of("Dockerfile").split("\nFROM ")[-1]
    assert re.findall(r"^USER (\S+)$", last_stage, re.MULTILINE) == ["regulars"]


def test_everything_the_image_needs_is_sent_to_the_builder() -> None:
    sent = set(re.findall(r"^!(\S+)$", text_of(".dockerignore"), re.MULTILINE))
    apps = {path.parent.name for path in CHECKOUT.glob("*/apps.py")}
    assert apps | {"config", "lib", "platforms", "manage.py", "Procfile", "templates"} <= sent


def test_no_registry_host_is_named() -> None:
    hosts = (
        "pypi" + ".org",
        "python" + "hosted",
        "index" + "-url",
        "npm" + "js.",
        "un" + "pkg",
        "jsde" + "livr",
    )
    files = committed()
    assert files
    named = {
        str(path.relative_to(CHECKOUT))
        for path in files
        if any(host.encode() in path.read_bytes() for host in hosts)
    }
    assert named == set()


def test_constraints_pin_every_dependency() -> None:
    pinned = {
        line.split("==")[0].lower().replace("_", "-")
        for line in text_of("constraints.txt").split()
        if "==" in line
    }
    wanted = re.findall(
        r'^    "([a-z][a-z0-9-]+)[\[>",]', text_of("pyproject.toml").split("[tool.")[0], re.MULTILINE
    )
    assert {name for name in wanted if name not in pinned and name != "regulars"} == set()
