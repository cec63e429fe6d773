"""compose.yaml says what the settings read; and its commands, started here, become ready."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest
import yaml

from runs import conf
from tests.browser.site import free_port
from tests.databases import own_database
from tests.interruption.harness import wait_for

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = ("migrate", "web", "worker")
DOCKERFILE = (ROOT / "Dockerfile").read_text()
GIVEN = {
    "POSTGRES_PASSWORD": "letters",
    "MAVERICK_SECRET_KEY": "k" * 40,
    "MAVERICK_PUBLIC_URL": "https://flows.example.org",
}


def filled(text: str) -> str:
    """Compose's own ``${NAME:-default}`` and ``${NAME:?message}``."""
    return re.sub(r"\$\{(\w+)(?::[-?][^}]*)?\}", lambda found: GIVEN.get(found[1], ""), text)


def environment(name: str) -> dict[str, str]:
    return {key: filled(str(value)) for key, value in SERVICES[name]["environment"].items()}


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_a_setting_that_is_read(name: str) -> None:
    assert set(environment(name)) <= set(conf.SETTINGS)


@pytest.mark.parametrize("name", OURS)
def test_the_settings_take_these_values(name: str, tmp_path: Path) -> None:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MAVERICK", "DATABASE"))}
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import django; django.setup(); from django.conf import settings;"
            " print(settings.DATABASES['default']['HOST'], settings.ALLOWED_HOSTS)",
        ],
        env={
            **kept,
            **environment(name),
            "MAVERICK_HOME": str(tmp_path),
            "DJANGO_SETTINGS_MODULE": "maverick_site.settings",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("postgres "), done.stderr
    assert ("flows.example.org" in done.stdout) == (name == "web")


def test_no_secret_is_written_down_and_every_one_is_asked_for() -> None:
    text = (ROOT / "compose.yaml").read_text()
    for name in ("POSTGRES_PASSWORD", "MAVERICK_SECRET_KEY"):
        assert re.findall(rf"\$\{{{name}[^}}]*\}}", text)
        assert all(":?" in use for use in re.findall(rf"\$\{{{name}[^}}]*\}}", text))


def test_every_image_is_pinned_and_everything_that_serves_says_when_it_is_well() -> None:
    for name, service in SERVICES.items():
        assert re.search(r":\d+\.\d+", service["image"]), name
        if name not in ("migrate", "worker"):  # one ends; the other is what /readyz asks about
            assert service["healthcheck"]["test"], name
        for other, how in service.get("depends_on", {}).items():
            assert how["condition"] != "service_healthy" or "healthcheck" in SERVICES[other]
    assert all(
        re.search(r":\d+\.\d+\.\d+", line) for line in re.findall(r"^FROM .*", DOCKERFILE, re.M)
    )


def test_the_image_holds_what_the_program_needs_and_runs_as_nobody_special() -> None:
    copied = set(re.findall(r"^COPY (?!--from)(\S+)", DOCKERFILE, re.M))
    assert all((ROOT / path).exists() for path in copied)
    allowed = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    assert copied == allowed
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    needed = {one.rstrip("*") for one in packages["packages"]["find"]["include"]}
    assert needed | {"templates", "static", "clients/python", "manage.py"} <= copied
    assert re.search(r"^USER maverick$", DOCKERFILE, re.M)


def test_the_image_is_made_of_what_is_tested() -> None:
    def pins(name: str) -> dict[str, str]:
        text = (ROOT / name).read_text()
        return dict(re.findall(r"^([\w.-]+==[^ \n]+)(.*?)(?=^[\w.-]+==|\Z)", text, re.M | re.S))

    run, every = pins("requirements.run.lock"), pins("requirements.lock")
    assert len(run) > 30
    assert {name: every.get(name) for name in run} == run
    assert not any(name.startswith(("pytest", "mypy", "playwright")) for name in run)


def program(name: str) -> list[str]:
    """A service's command, with this environment's Python in the place of the image's."""
    first, *rest = [word.replace("/app/", f"{ROOT}/") for word in SERVICES[name]["command"]]
    launch = (
        "import sys; sys.argv[0] = 'maverick'; from runs.cli.main import main; sys.exit(main())"
    )
    return [sys.executable, *(["-P", "-c", launch] if first == "maverick" else []), *rest]


@contextmanager
def started(name: str, env: dict[str, str], home: Path) -> Iterator[subprocess.Popen[bytes]]:
    project = home / "project"
    project.mkdir(parents=True)
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            program(name),
            cwd=project,
            env={**env, "MAVERICK_HOME": str(home / "maverick"), "MAVERICK_PROJECT": str(project)},
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()


def ready(port: int) -> int:
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=4) as answer:
            return int(answer.status)
    except HTTPError as refused:
        return refused.code
    except (URLError, OSError):
        return 0


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.skipif(not shutil.which("redis-server"), reason="needs the program redis-server")
def test_the_commands_of_the_services_become_ready_together(tmp_path: Path) -> None:
    port, redis_port = free_port(), free_port()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MAVERICK", "CELERY"))}
    with own_database() as url, ExitStack() as running:
        redis = shlex.split(
            f"redis-server --port {redis_port} --bind 127.0.0.1 --save '' --appendonly no"
        )
        store = running.enter_context(
            subprocess.Popen(redis, stdout=subprocess.DEVNULL, cwd=tmp_path)
        )
        running.callback(store.terminate)

        def env(name: str) -> dict[str, str]:
            return {
                **kept,
                **environment(name),
                "DATABASE_URL": url,
                "CELERY_BROKER_URL": f"redis://127.0.0.1:{redis_port}/0",
                "PORT": str(port),
                "PYTHONPATH": f"{ROOT}:{ROOT / 'clients/python'}",
                "DJANGO_SETTINGS_MODULE": "maverick_site.settings",
            }

        with started("migrate", env("migrate"), tmp_path / "migrate") as migrate:
            assert migrate.wait(60) == 0
        running.enter_context(started("web", env("web"), tmp_path / "web"))
        wait_for(lambda: ready(port) == 503, 60, "an answer of the web service")
        assert "https://flows.example.org/sign-in/?token=" in (tmp_path / "web" / "log").read_text()
        running.enter_context(started("worker", env("worker"), tmp_path / "worker"))
        wait_for(lambda: ready(port) == 200, 60, "readiness")
