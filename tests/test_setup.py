"""The set-up files: what make says and does on machines that lack something, and that the files agree with each other.

The machines are made of a PATH with chosen commands; pip is replaced by a package that only notes how it was called.
"""

import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from streamlit import config as streamlit_config

ROOT = Path(__file__).resolve().parent.parent
REAL_PYTHON = Path(getattr(sys, "_base_executable", sys.executable))
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt", "requirements-bench.txt", "constraints.txt")
SETUP_FILES = ("Makefile", "pyproject.toml", "tools", *REQUIREMENTS)
COMMANDS = """
    awk cat cksum cp date dirname flock grep head make mkdir mktemp rm sh tail
""".split()

FAKE_PIP = """
import json, os, pathlib, sys
home = pathlib.Path(os.environ["FAKE_PIP"])
with open(home / "calls", "a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
if (home / "broken").exists():
    print("ERROR: No matching distribution found for jax")
    sys.exit(1)
pathlib.Path(__file__).parent.parent.joinpath("jax").mkdir(exist_ok=True)
"""


def executable(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)


def requirements(name: str) -> dict[str, str]:
    """Versions by package of a requirements file, each of which must be pinned."""
    lines = (line.partition("#")[0].strip() for line in (ROOT / name).read_text().splitlines())
    pins = [re.fullmatch(r"([A-Za-z0-9_.-]+)==([0-9][\w.]*)", line) for line in lines if line]
    assert all(pins), f"{name} has a line that is no exact pin"
    return {pin[1]: pin[2] for pin in pins if pin}


@dataclass
class Machine:
    """A copy of the set-up files and a PATH of a few commands."""

    home: Path
    files: Iterable[str] = SETUP_FILES
    project: Path = field(init=False)
    bin: Path = field(init=False)

    def __post_init__(self) -> None:
        self.project, self.bin = self.home / "project", self.home / "bin"
        self.project.mkdir()
        self.bin.mkdir()
        for name in self.files:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, self.project / name)
            else:
                shutil.copy(ROOT / name, self.project / name)
        for command in COMMANDS:
            if found := shutil.which(command):
                (self.bin / command).symlink_to(found)

    def command(self, name: str, text: str) -> None:
        executable(self.bin / name, text)

    def python(self, name: str, blocked: str = "", version: str = "") -> None:
        """A Python that lacks a module, or names another version; its venvs have the fake pip."""
        shadow = self.home / f"shadow-{name}"
        shadow.mkdir()
        if blocked:
            (shadow / f"{blocked}.py").write_text("raise ImportError")
        if version:
            numbers = tuple(map(int, version.split(".")))
            (shadow / "sitecustomize.py").write_text(f"import sys\nsys.version_info = {numbers}\n")
        pip = shadow / "pip.txt"
        pip.write_text(FAKE_PIP)
        self.command(
            name,
            f"""
if [ "$1 $2" = "-m venv" ]; then
    "{REAL_PYTHON}" -m venv --without-pip "$3"
    for site in "$3"/lib/python*/site-packages; do
        mkdir "$site/pip" && : >"$site/pip/__init__.py" && cp "{pip}" "$site/pip/__main__.py"
    done
else
    PYTHONPATH="{shadow}" exec "{REAL_PYTHON}" "$@"
fi
""",
        )

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.project,
            env={"PATH": str(self.bin), "FAKE_PIP": str(self.home), **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )

    def make(self, *goals: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return self.run("make", *goals, **environment)

    def pip_calls(self) -> list[list[str]]:
        """What pip was asked since this was last asked."""
        calls = self.home / "calls"
        lines = calls.read_text().splitlines() if calls.exists() else []
        calls.unlink(missing_ok=True)
        return [json.loads(line) for line in lines]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def ready(machine: Machine) -> Machine:
    """A machine on which `make install` has been run."""
    machine.python("python3")
    done = machine.make("install")
    assert done.returncode == 0, done.stderr
    machine.pip_calls()
    return machine


def said(done: subprocess.CompletedProcess[str]) -> list[str]:
    """All lines but the one with which make itself reports a failure."""
    lines = (done.stdout + done.stderr).splitlines()
    return [line for line in lines if not line.startswith("make: *** ")]


class TestPython:
    @pytest.mark.parametrize("goal", ["install", "app", "test"])
    def test_none(self, machine: Machine, goal: str) -> None:
        done = machine.make(goal)
        (line,) = said(done)
        assert done.returncode != 0
        assert "No Python found" in line and "apt install python3 python3-venv" in line
        assert not (machine.project / ".venv").exists()

    @pytest.mark.parametrize("goal", ["install", "app", "test"])
    def test_too_old(self, machine: Machine, goal: str) -> None:
        machine.python("python3", version="3.9.2")
        done = machine.make(goal)
        (line,) = said(done)
        assert done.returncode != 0
        assert "Python 3.9 is too old" in line and "3.11 or newer" in line
        assert not (machine.project / ".venv").exists()

    @pytest.mark.parametrize("module", ["venv", "ensurepip"])
    def test_without_venv(self, machine: Machine, module: str) -> None:
        machine.python("python3.11", blocked=module, version="3.11.2")
        machine.python("python3", version="3.9.2")
        done = machine.make("install")
        (line,) = said(done)
        assert done.returncode != 0
        assert line.endswith("apt install python3.11-venv")
        assert not (machine.project / ".venv").exists()

    def test_first_that_will_do(self, machine: Machine) -> None:
        machine.command("python3.11", "exit 127")  # what a version manager leaves on PATH
        machine.python("python3.12", blocked="ensurepip", version="3.12.1")
        machine.python("python3", version="3.13.0")
        found = machine.run("sh", "tools/find-python.sh")
        assert found.stdout.strip() == str(machine.bin / "python3")

    def test_named_one_that_is_not_there(self, machine: Machine) -> None:
        machine.python("python3")
        done = machine.make("install", PYTHON="/nowhere/python")
        assert done.returncode != 0
        assert "PYTHON=/nowhere/python cannot be run" in said(done)[0]

    def test_venv_that_cannot_be_made(self, machine: Machine) -> None:
        machine.command(
            "python3",
            f"""
[ "$1 $2" != "-m venv" ] || {{ mkdir -p "$3/bin"; echo "No space left on device"; exit 1; }}
exec "{REAL_PYTHON}" "$@"
""",
        )
        done = machine.make("install")
        (line,) = said(done)
        assert done.returncode != 0 and line.endswith("could not make .venv: No space left on device")
        assert not (machine.project / ".venv").exists()


class TestInstallation:
    def test_says_how_long_and_is_held_to_the_pins(self, machine: Machine) -> None:
        machine.python("python3")
        done = machine.make("install")
        before, after = said(done)
        assert "about one to three minutes" in before
        assert re.fullmatch(r"Installed in \d+ s\.", after)
        packages, project = machine.pip_calls()
        assert "-r requirements.txt -c constraints.txt setuptools" in " ".join(packages)
        assert "--no-deps --no-build-isolation -e ." in " ".join(project)

    def test_second_call_does_nothing(self, ready: Machine) -> None:
        for name in ("requirements.txt", "pyproject.toml"):  # a new time alone is no change
            (ready.project / name).touch()
        done = ready.make("install")
        assert (done.returncode, said(done), ready.pip_calls()) == (0, [], [])

    @pytest.mark.parametrize("name", ["requirements.txt", "constraints.txt", "pyproject.toml"])
    def test_a_changed_requirement_installs_again(self, ready: Machine, name: str) -> None:
        with (ready.project / name).open("a") as file:
            file.write("# changed\n")
        assert ready.make("install").returncode == 0
        assert len(ready.pip_calls()) == 2
        assert ready.make("install").returncode == 0
        assert ready.pip_calls() == []

    def test_development_packages_come_on_top_and_serve_the_app_too(self, ready: Machine) -> None:
        assert ready.run("sh", "tools/install.sh", "dev").returncode == 0
        assert "requirements-dev.txt" in ready.pip_calls()[0]
        assert said(ready.make("install")) == []

    def test_the_peers_in_speed_come_on_top_and_touch_nothing_below(self, ready: Machine) -> None:
        assert ready.run("sh", "tools/install.sh", "dev").returncode == 0
        ready.pip_calls()
        done = ready.run("sh", "tools/install.sh", "bench")
        assert done.returncode == 0 and "anew" not in done.stdout
        assert "requirements-bench.txt" in ready.pip_calls()[0]
        for level in ("packages", "runtime", "dev", "bench"):
            assert said(ready.run("sh", "tools/install.sh", level)) == []

    def test_a_failure_is_one_line_and_repaired(self, machine: Machine) -> None:
        machine.python("python3")
        (machine.home / "broken").touch()
        done = machine.make("install")
        assert done.returncode != 0
        assert "No matching distribution found for jax" in said(done)[-1]
        assert len(said(done)) == 2
        (machine.home / "broken").unlink()
        done = machine.make("install")
        assert done.returncode == 0
        assert "did not finish" in said(done)[0]
        assert said(machine.make("install")) == []

    @pytest.mark.parametrize("damage", ["package", "interpreter", "emptied"])
    def test_damage_is_repaired(self, ready: Machine, damage: str) -> None:
        venv = ready.project / ".venv"
        if damage == "package":
            next(venv.glob("lib/python*/site-packages/jax")).rmdir()
        elif damage == "interpreter":
            (venv / "bin/python").unlink()
        else:
            shutil.rmtree(venv)
            venv.mkdir()
        done = ready.make("install")
        assert done.returncode == 0
        assert "anew" in said(done)[0]
        assert said(ready.make("install")) == []

    def test_a_copied_environment_is_made_anew(self, ready: Machine) -> None:
        moved = ready.home / "elsewhere"
        ready.project.rename(moved)
        ready.project = moved
        assert "anew" in said(ready.make("install"))[0]

    def test_cuda_is_added_remembered_and_taken_away(self, ready: Machine) -> None:
        done = ready.make("install", CUDA="1")
        assert "anew" not in done.stdout
        assert "jax[cuda13]" in ready.pip_calls()[0]
        assert "No NVIDIA driver" in done.stdout  # and yet it installs
        assert said(ready.make("install")) == []
        done = ready.make("install", CUDA="0")
        assert "anew" in said(done)[0]
        assert "jax[cuda13]" not in ready.pip_calls()[0]
        assert "CUDA=yes" in said(ready.make("install", CUDA="yes"))[0]


class TestApp:
    def test_port_in_use(self, machine: Machine) -> None:
        machine.python("python3")
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            done = machine.make("app", PORT=str(port))
        (line,) = said(done)
        assert done.returncode != 0
        assert re.fullmatch(rf"Port {port} is in use; choose another one: PORT=\d+ make app", line)
        assert not (machine.project / ".venv").exists()

    @pytest.mark.parametrize("port", ["web", "0", "70000", "-1"])
    def test_no_port(self, machine: Machine, port: str) -> None:
        machine.python("python3")
        done = machine.make("app", PORT=port)
        (line,) = said(done)
        assert done.returncode != 0 and line.startswith(f"PORT={port} is not a port")

    def test_ends_with_what_the_command_prints(self, ready: Machine) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = str(probe.getsockname()[1])
        executable(ready.project / ".venv/bin/gan1d", 'echo "called with $*"')
        assert said(ready.make("app", PORT=port)) == [f"called with app --port {port}"]


class TestBrowser:
    @pytest.fixture
    def someone(self, machine: Machine) -> Machine:
        machine.command("id", "echo 1000")
        return machine

    def look(self, machine: Machine, **environment: str) -> subprocess.CompletedProcess[str]:
        return machine.run("sh", "tools/browser.sh", **environment)

    @pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome"])
    def test_found(self, someone: Machine, name: str) -> None:
        someone.command(name, "exit 1")
        done = self.look(someone, CI="true")
        assert (done.returncode, said(done)) == (0, [])

    def test_named(self, someone: Machine) -> None:
        executable(someone.home / "my browser/chrome", "exit 1")
        done = self.look(someone, CHROMIUM=str(someone.home / "my browser/chrome"))
        assert (done.returncode, said(done)) == (0, [])

    @pytest.mark.parametrize(("ci", "code"), [("", 0), ("false", 0), ("true", 1), ("1", 1)])
    def test_missing_is_a_skip_but_in_ci_a_failure(self, someone: Machine, ci: str, code: int) -> None:
        done = self.look(someone, CI=ci)
        (line,) = said(done)
        assert done.returncode == code and "apt install chromium" in line

    def test_root_gets_debians(self, machine: Machine) -> None:
        machine.command("id", "echo 0")
        machine.command("apt-get", f'echo "$@" >>"{machine.home}/apt"')
        done = self.look(machine)
        assert done.returncode == 0
        update, install = (machine.home / "apt").read_text().splitlines()
        assert update.startswith("update") and "chromium" in install.split()

    def test_root_without_network(self, machine: Machine) -> None:
        machine.command("id", "echo 0")
        machine.command("apt-get", "echo E: a failure; exit 100")
        assert self.look(machine).returncode == 0
        assert self.look(machine, CI="true").returncode == 1


def makefile_targets() -> set[str]:
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert phony
    return set(phony[1].split())


class TestFiles:
    def test_help_lists_every_target(self, machine: Machine) -> None:
        listed = {line.split()[1] for line in machine.make("help").stdout.splitlines()}
        rules = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
        assert listed == rules == makefile_targets()
        assert {"app", "test", "install", "lint", "assets", "docs", "test-deep"} <= listed

    def test_every_requirement_is_pinned_and_agrees_with_the_constraints(self) -> None:
        first, *development = (ROOT / "requirements-dev.txt").read_text().splitlines()
        assert first == "-r requirements.txt"
        assert development
        constraints = requirements("constraints.txt")
        direct = requirements("requirements.txt")
        direct |= dict(line.split("==") for line in development)
        assert direct.items() <= constraints.items()
        assert {"setuptools", "jaxlib", "jax-cuda13-plugin"} <= constraints.keys()
        assert constraints["jaxlib"] == constraints["jax-cuda13-plugin"] == direct["jax"]

    def test_peers_in_speed_are_pinned_and_no_part_of_the_product(self) -> None:
        first, *lines = (ROOT / "requirements-bench.txt").read_text().splitlines()
        assert first == "-r requirements-dev.txt"
        pins = [line for line in lines if not line.startswith("#")]
        assert all(re.fullmatch(r"[a-z-]+==[0-9.]+", line) for line in pins) and "torch" in {
            p.split("==")[0] for p in pins
        }
        assert "torch" not in (ROOT / "constraints.txt").read_text()
        sources = [path for folder in ("gan1d", "app") for path in (ROOT / folder).rglob("*.py")]
        found = [path.name for path in sources if re.search(r"^\s*(import|from) torch", path.read_text("utf-8"), re.M)]
        assert found == ["inception.py"]  # an extra of the user's own choice, imported only when it is asked for

    def test_project_takes_its_requirements_and_version_from_one_place(self) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())
        files = project["tool"]["setuptools"]["dynamic"]["dependencies"]["file"]
        assert files == ["requirements.txt"] and project["project"]["dynamic"] == ["dependencies"]
        assert project["project"]["scripts"] == {"gan1d": "gan1d.cli:main"}
        assert f"version: {project['project']['version']}\n" in (ROOT / "CITATION.cff").read_text()
        assert (ROOT / "LICENSE").read_text().startswith("MIT License")

    @pytest.mark.parametrize("package", ["gan1d", "app"])
    def test_a_wheel_would_hold_every_file(self, package: str) -> None:
        """setuptools takes along the modules of packages and what package-data names, nothing else."""
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())
        patterns = project["tool"]["setuptools"]["package-data"][package]
        named = {path for pattern in patterns for path in (ROOT / package).glob(pattern)}
        files = {path for path in (ROOT / package).rglob("*") if path.is_file() and "__pycache__" not in path.parts}
        modules = {path for path in files if path.suffix == ".py" and (path.parent / "__init__.py").exists()}
        assert not files - named - modules

    def test_ci_runs_make_test_with_ci_set(self, machine: Machine) -> None:
        script = ROOT / ".ci/run"
        assert script.stat().st_mode & stat.S_IXUSR
        (machine.bin / "make").unlink()
        machine.command("make", 'echo "$PWD $CI $*"')
        path = f"{machine.bin}{os.pathsep}{os.environ['PATH']}"
        environment = {key: value for key, value in os.environ.items() if key != "CI"}
        done = subprocess.run([script], cwd="/", env=environment | {"PATH": path}, capture_output=True, text=True)
        assert done.stdout.strip() == f"{ROOT} true test"


def flat(table: dict[str, object], prefix: str = "") -> dict[str, object]:
    options: dict[str, object] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            options |= flat(value, f"{prefix}{key}.")
        else:
            options[prefix + key] = value
    return options


class TestStreamlit:
    OPTIONS = flat(tomllib.loads((ROOT / ".streamlit/config.toml").read_text()))

    def test_options_exist_in_this_version(self) -> None:
        known = streamlit_config.get_config_options()
        assert self.OPTIONS.keys() <= known.keys()
        assert not [key for key in self.OPTIONS if known[key].deprecated]

    def test_promises(self) -> None:
        promised = {
            "server.headless": True,  # with showEmailPrompt: asks nothing
            "server.showEmailPrompt": False,
            "browser.gatherUsageStats": False,
            "browser.serverAddress": "localhost",  # with server.address: no look-up of the address
            "server.address": "localhost",
            "server.fileWatcherType": "none",
            "client.showErrorDetails": "none",
            "client.showErrorLinks": False,
            "theme.light.primaryColor": "#0072B2",
            "theme.dark.primaryColor": "#56B4E9",
        }
        assert promised.items() <= self.OPTIONS.items()


def dockerfile() -> list[tuple[str, str]]:
    """Instruction and argument, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


class TestDocker:
    STEPS = dockerfile()

    def arguments(self, instruction: str) -> list[str]:
        return [argument for name, argument in self.STEPS if name == instruction]

    def test_project_is_set_up_by_the_makefile(self) -> None:
        user = self.STEPS.index(("USER", "gan1d"))
        commands = [argument for name, argument in self.STEPS[user:] if name == "RUN"]
        assert commands == ["make packages", "make install"]
        assert {command.split()[1] for command in commands} <= makefile_targets()

    def test_served_by_the_command_of_make_app(self) -> None:
        (command,) = map(json.loads, self.arguments("CMD"))
        (port,) = self.arguments("EXPOSE")
        makefile = (ROOT / "Makefile").read_text()
        assert f"PORT ?= {port}\n" in makefile
        (recipe,) = re.findall(r"^\texec (.*)$", makefile, re.M)
        as_made = recipe.replace("'$(PORT)'", port).split()
        assert command == [*as_made, "--host", "0.0.0.0"]

    def test_not_root(self) -> None:
        (user,) = self.arguments("USER")
        assert user == "gan1d"
        assert any(f"useradd --uid 10001 --create-home {user}" in run for run in self.arguments("RUN"))

    def test_health_check_is_python_on_the_exposed_port(self) -> None:
        (check,) = self.arguments("HEALTHCHECK")
        command = json.loads(check[check.index("[") :])
        compile(command[2], "HEALTHCHECK", "exec")
        (port,) = self.arguments("EXPOSE")
        assert command[:2] == [".venv/bin/python", "-c"]
        assert f"http://localhost:{port}/_stcore/health" in command[2]

    def test_python_is_one_the_project_accepts(self) -> None:
        (image,) = self.arguments("FROM")
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        assert image == "python:3.11-slim"
        assert project["requires-python"] == ">=3.11"

    def test_sources_exist_and_are_not_ignored(self) -> None:
        ignored = (ROOT / ".dockerignore").read_text().splitlines()
        for argument in self.arguments("COPY"):
            *sources, _ = (word for word in argument.split() if not word.startswith("--"))
            for source in sources:
                assert (ROOT / source).exists(), source
                assert source not in ignored

    def test_first_layer_has_what_its_target_reads(self, tmp_path: Path) -> None:
        first, second, _ = self.arguments("COPY")
        copied = {*first.split()[1:-1], second.split()[1]}
        assert copied == {"Makefile", "requirements.txt", "constraints.txt", "tools"}
        image = Machine(tmp_path, files=copied)
        image.python("python3")
        done = image.make("packages")
        assert done.returncode == 0, done.stderr
        assert len(image.pip_calls()) == 1
