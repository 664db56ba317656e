"""The house: imports go one way, importing is quick, the vocabularies are whole, and what is public is documented."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ORDER = """
    wording writing fields config noise modes distributions data threefry networks losses regularizers pushforward metrics floors diagnosis
    trajectory draws players store programs recording algorithm measuring recorder training history outcomes catalogue
    lessons tables carried axes results lanes many hosts sweep image
    player render arguments bars cli_export cli_image cli_site cli_sweep cli
""".split()
"""The rooms of gan1d, lowest first: each imports only from above it."""
LAZY_DOORS = {"__init__", "__main__"}
"""The package's own front door hands out names lazily, and `python -m gan1d` opens the command line."""
PLOTTING = {"plotly", "matplotlib"}
NOTEBOOK = {("trajectory", "gan1d.render.figures.figure"), ("trajectory", "gan1d.render.notebook.bundle")}
"""The one way up, taken when a notebook asks a run to show itself; both imports stand in the methods that need them."""


def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(ROOT / "gan1d").parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Dotted names of every module that a file imports, lazily too; relative imports are not used here."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_every_room_has_its_place() -> None:
    assert {room(p) for p in sources("gan1d")} - LAZY_DOORS == set(ORDER)


@pytest.mark.parametrize("path", sources("gan1d"), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    here = room(path)
    if here in LAZY_DOORS:
        pytest.skip("the front door")
    for name in imports(path):
        parts = name.split(".")
        assert parts[0] != "app", f"{path} imports the app"
        assert parts[0] not in PLOTTING or here == "render", f"{path} draws"
        assert parts[0] != "streamlit" or (here == "cli" and parts[1] == "web"), f"{path} imports Streamlit"
        if parts[0] != "gan1d" or (here, name) in NOTEBOOK:
            continue
        assert here != "player", "the player is data for a browser and needs nothing of gan1d"
        if parts[1:] == ["__version__"]:
            continue
        if len(parts) == 1 or parts[1] not in ORDER:
            assert here == "cli" or (here == "render" and parts[1:] == []), f"{path} imports the front door"
        else:
            assert ORDER.index(parts[1]) < ORDER.index(here) or parts[1] == here, f"{path} imports {name}, above it"


def test_streamlit_is_imported_only_when_the_app_is_served() -> None:
    tree = ast.parse((ROOT / "gan1d" / "cli.py").read_text("utf-8"))
    top = {n for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom)) for n in [ast.unparse(node)]}
    assert not any("streamlit" in line or "jax" in line for line in top)


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_is_quick_and_loads_no_jax() -> None:
    code = """
import sys, time
began = time.perf_counter()
import gan1d
gan1d.Config
print(time.perf_counter() - began, "numpy" in sys.modules, "jax" in sys.modules)
"""
    seconds, numpy, jax = python(code).split()
    assert (numpy, jax) == ("False", "False")
    assert float(seconds) < 1


def test_a_shipped_run_is_shown_without_jax() -> None:
    code = """
import sys, gan1d
from gan1d.render.frames import frames
run = gan1d.load("gan1d/assets/gaussian-linear.npz")
meta, arrays = frames(run)
assert run.diagnosis.kind and run.metrics and gan1d.scenarios["gaussian-linear"].holds(run)
print(sorted(m for m in sys.modules if m.split(".")[0] in {"jax", "jaxlib", "flax", "optax", "streamlit"}))
"""
    assert python(code).strip() == "[]"


def test_the_front_door_has_what_it_says() -> None:
    import gan1d

    for name in gan1d.__all__:
        assert getattr(gan1d, name) is not None
    assert set(gan1d.__all__) <= set(dir(gan1d))
    with pytest.raises(AttributeError, match="no attribute 'nonesuch'"):
        gan1d.nonesuch  # noqa: B018


def test_registries_are_the_vocabularies() -> None:
    from gan1d import config, draws, networks, players
    from gan1d.data import DISTRIBUTIONS
    from gan1d.losses import LOSSES
    from gan1d.noise import NOISES
    from gan1d.regularizers import REGULARIZERS

    assert set(LOSSES) == set(config.LOSSES)
    assert set(REGULARIZERS) == {*config.PENALTIES, "l2", "instance_noise", "label_smoothing"}
    assert set(DISTRIBUTIONS) == set(config.DATA_KINDS)
    assert set(networks.ACTIVATIONS) == set(config.ACTIVATIONS)
    start = config.Config.from_dict({"data": {"means": [0], "stds": [1]}})
    assert set(NOISES) == set(config.NOISES)
    assert set(players.OPTIMIZERS) == set(config.OPTIMIZERS)
    for kind in config.GENERATORS:
        structure = config.structure(start.replace(**{"generator.kind": kind}))
        assert players.initial(structure, draws.numbers(start)).players.g


def test_texts_are_there_for_every_scenario_and_word() -> None:
    from gan1d.catalogue import scenarios
    from gan1d.diagnosis import KINDS, text

    assert set(text()) >= set(KINDS)
    for scenario in scenarios.values():
        assert scenario.title and scenario.text and scenario.next and scenario.expects in KINDS


@pytest.mark.parametrize("path", sources("gan1d") + sources("app"), ids=lambda p: str(p.relative_to(ROOT)))
def test_what_is_public_is_documented(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree) or not tree.body, f"{path} has no docstring"
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    public = [n for n in tree.body if isinstance(n, kinds) and not n.name.startswith("_")]
    members = [m for c in public if isinstance(c, ast.ClassDef) for m in c.body if isinstance(m, kinds)]
    missing = [n.name for n in [*public, *members] if not n.name.startswith("_") and not ast.get_docstring(n)]
    assert not missing


def test_the_repository_stands_alone() -> None:
    """No file names the folder that lies beside the repository on some machines."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    beside = b"../" + b"shared"
    names = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    assert len(names) > 20
    assert [str(p) for p in names if p.is_file() and beside in p.read_bytes()] == []


def test_tests_mirror_the_house() -> None:
    """Each room of plain functions has a file of tests of its own name."""
    have = {p.stem.removeprefix("test_") for p in (ROOT / "tests" / "gan1d").glob("test_*.py")}
    assert {"player"} >= set(ORDER) - {"render", "image"} - have
    assert "frames" in have
