"""What is public says what it is: formula and source, shapes, units, errors; and the reference made of it is whole and stands alone."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

import gan1d
from gan1d import networks, players
from gan1d.data import DISTRIBUTIONS
from gan1d.losses import LOSSES
from gan1d.noise import NOISES
from gan1d.regularizers import REGULARIZERS

ROOT = Path(__file__).resolve().parents[1]
ROOMS = [room.name for room in pkgutil.walk_packages(gan1d.__path__, "gan1d.") if room.name != "gan1d.__main__"]

# ---- the package, as its sources have it


class Public(NamedTuple):
    """A public function, method or property: its room, dotted name, syntax tree, docstring, and that of its class."""

    room: str
    name: str
    node: ast.FunctionDef
    text: str
    about: str = ""

    def __str__(self) -> str:
        return f"{self.room}.{self.name}"


def tree(room: str) -> ast.Module:
    return ast.parse(Path(importlib.import_module(room).__file__ or "").read_text("utf-8"))


def public(room: str) -> Iterator[Public]:
    """The public functions of a room and of its public classes."""
    for node in tree(room).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield Public(room.removeprefix("gan1d."), node.name, node, ast.get_docstring(node) or "")
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            about = ast.get_docstring(node) or ""
            for member in node.body:
                if isinstance(member, ast.FunctionDef) and not member.name.startswith("_"):
                    name = f"{node.name}.{member.name}"
                    yield Public(room.removeprefix("gan1d."), name, member, ast.get_docstring(member) or "", about)


def attribute_docs(body: list[ast.stmt]) -> dict[str, str]:
    """Name -> the string below its assignment."""
    found = {}
    for node, after in pairwise(body):
        targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
        if targets and isinstance(targets[0], ast.Name):
            text = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
            found[targets[0].id] = str(text)
    return found


PUBLIC = [member for room in ROOMS for member in public(room)]


def annotations(node: ast.FunctionDef) -> str:
    """Everything that a signature says of types."""
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    found = [argument.annotation for argument in arguments] + [node.returns]
    return " ".join(ast.unparse(annotation) for annotation in found if annotation)


def raised(node: ast.AST) -> set[str]:
    """Names of the errors that a function raises itself, the functions within it left out."""
    found: set[str] = set()
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Raise) and isinstance(child.exc, ast.Call):
            found.add(ast.unparse(child.exc.func))
        if not isinstance(child, (ast.FunctionDef, ast.Lambda)):
            found |= raised(child)
    return found


# ---- docstrings


def test_every_class_and_function_has_one() -> None:
    assert [str(member) for member in PUBLIC if not member.text] == []
    classes = {
        f"{room}.{node.name}": node for room in ROOMS for node in tree(room).body if isinstance(node, ast.ClassDef)
    }
    assert [name for name, node in classes.items() if not ast.get_docstring(node)] == []


REGISTRIES = {"losses": LOSSES, "regularizers": REGULARIZERS, "distributions": DISTRIBUTIONS, "noise": NOISES}
MEMBERS = [(room, name) for room, members in REGISTRIES.items() for name in members]
FORMULA = re.compile(r"\S ?[=~] ?\S")


@pytest.mark.parametrize(("room", "name"), MEMBERS)
def test_a_registry_member_has_formula_and_source(room: str, name: str) -> None:
    text = inspect.getdoc(getattr(importlib.import_module(f"gan1d.{room}"), name)) or ""
    if name == "none":  # it does nothing, and nobody invented it
        return
    assert FORMULA.search(text) and "Source: " in text, text


@pytest.mark.parametrize(("room", "table"), [(players, "OPTIMIZERS"), (networks, "ACTIVATIONS")])
def test_a_table_of_formulas_has_them_all(room: object, table: str) -> None:
    """Members that are library functions have their formulas in the string below the table."""
    text = attribute_docs(tree(room.__name__).body)[table]  # type: ignore[attr-defined]
    assert [name for name in getattr(room, table) if not re.search(rf"\b{name}: \S", text)] == []
    assert "Source: " in text


NUMERIC = """
    losses regularizers networks noise distributions data modes pushforward metrics floors algorithm players recording
    measuring draws threefry lanes axes results
""".split()
"""Rooms whose functions take and return arrays."""
ARRAY = re.compile(r"\b(?:np\.ndarray|jax\.Array|Array)\b")
DIMENSION = r"(?:…|\d*[A-Z][A-Z_]*(?: ?[+-] ?\d+)?|\d+|n|rows)"
SHAPE = re.compile(
    rf"\({DIMENSION},\)|\({DIMENSION}(?:, ?{DIMENSION})+\)|(?<!\w)\(\)|any shape|same shape|along the last axis"
)
"""(B,), (F,X), (N+1,), (…, X+2), a scalar's (), or that it is kept. `rows` and `n` are arguments."""


@pytest.mark.parametrize(
    "member", [m for m in PUBLIC if m.room in NUMERIC and ARRAY.search(annotations(m.node))], ids=str
)
def test_arrays_have_shapes(member: Public) -> None:
    """In its own docstring, or for all of its methods in a class's."""
    assert SHAPE.search(member.text + member.about), member.text


QUANTITIES = "losses distributions data modes pushforward metrics floors".split()
"""Rooms whose functions return quantities: in nats or data units, densities, masses and probabilities, and scores of D."""
UNITS = re.compile(r"\bnats\b|\bdata units?\b|densit|mass|probab|\bP\(|\bscore\b|standard deviation")

SHARES = {"floors.binomial_deviation"}
"""Numbers without a unit, of which the formula is the whole meaning."""


@pytest.mark.parametrize(
    "member",
    [
        m
        for m in PUBLIC
        if m.room in QUANTITIES and re.search("ndarray|Array|float", annotations(m.node).split(" ")[-1])
    ],
    ids=str,
)
def test_quantities_have_units(member: Public) -> None:
    """In its own docstring, or for all of them in its class's or its room's."""
    room = ast.get_docstring(tree(f"gan1d.{member.room}")) or ""
    assert UNITS.search(member.text + member.about + room) or str(member) in SHARES, member.text


def test_every_array_of_a_run_has_its_shape() -> None:
    from gan1d.trajectory import ARRAYS

    [node] = [n for n in tree("gan1d.trajectory").body if isinstance(n, ast.ClassDef) and n.name == "Trajectory"]
    texts = attribute_docs(node.body)
    assert [name for name in ARRAYS if not texts[name].startswith("(F") and not SHAPE.match(texts[name])] == []


RAISING = [m for m in PUBLIC if any(error.endswith("Error") for error in raised(m.node))]


@pytest.mark.parametrize("member", RAISING, ids=str)
def test_errors_are_said(member: Public) -> None:
    """Under "Raises:" or in the text."""
    if member.room.startswith("cli"):  # docstrings are the user's help there; every error is one line and exit code 2
        return
    if member.name.startswith("register_"):  # a name that the vocabulary lacks is a mistake in gan1d, not in its use
        return
    assert [error for error in raised(member.node) if error.endswith("Error") and error not in member.text] == []


# ---- the reference


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, str]:
    """Path -> source of every page of the reference, built as `make docs` builds it."""
    folder = tmp_path_factory.mktemp("api")
    done = subprocess.run(
        [sys.executable, "-m", "tools.reference", str(folder)], cwd=ROOT, capture_output=True, text=True, timeout=100
    )
    assert (done.returncode, done.stderr) == (0, "")
    return {path.relative_to(folder): path.read_text("utf-8") for path in folder.rglob("*.html")}


class Page(HTMLParser):
    """A page's anchors, links, what it loads, and its text."""

    def __init__(self, source: str):
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.anchors |= {found["id"] or ""} if "id" in found else set()
        target = found.get("href") or found.get("src") or found.get("srcset") or found.get("data")
        if target:
            (self.links if tag == "a" else self.loads).append(target)

    def handle_data(self, data: str) -> None:
        self.text += data


def page(pages: dict[Path, str], room: str) -> Page:
    return Page(pages[Path(room.replace(".", "/") + ".html")])


def flat(text: str) -> str:
    """Without line breaks, and without the quotes of code."""
    return " ".join(text.replace("`", "").split())


def test_every_public_name_is_on_its_page(pages: dict[Path, str]) -> None:
    assert set(gan1d.__all__) <= page(pages, "gan1d").anchors
    for room in ROOMS:
        anchors = page(pages, room).anchors
        short = room.removeprefix("gan1d.")
        assert [str(member) for member in PUBLIC if member.room == short and member.name not in anchors] == []


@pytest.mark.parametrize(("room", "name"), MEMBERS)
def test_formulas_are_readable_as_they_are(room: str, name: str, pages: dict[Path, str]) -> None:
    found = page(pages, f"gan1d.{room}")
    assert name in found.anchors
    text = inspect.getdoc(getattr(importlib.import_module(f"gan1d.{room}"), name)) or ""
    assert flat(text) in flat(found.text)


def test_fields_of_a_config_have_their_meaning(pages: dict[Path, str]) -> None:
    from gan1d.config import SECTIONS

    text = flat(page(pages, "gan1d.config").text)
    for section in SECTIONS.values():
        if section.__name__ != "Data":  # its kinds have fields
            assert [name for name, spec in section.specs().items() if flat(spec.text) not in text] == []


def test_pages_load_nothing_from_elsewhere(pages: dict[Path, str]) -> None:
    """Scripts, styles, fonts and images are in the page or beside it, so that it works from a folder, offline."""
    for path, source in pages.items():
        styles = re.findall(r"url\([\"']?([^\"')]+)|@import\s+[\"']?([^\"';]+)", source)
        loads = [*Page(source).loads, *(a or b for a, b in styles)]
        assert [url for url in loads if re.match(r"\w+:|//", url) and not url.startswith("data:")] == [], path
        assert not re.search(r"\b(?:fetch|XMLHttpRequest|importScripts)\b|\bimport\s*\(", source), path


def test_links_between_pages_lead_somewhere(pages: dict[Path, str]) -> None:
    parsed = {path: Page(source) for path, source in pages.items()}
    for path, found in parsed.items():
        for link in found.links:
            if re.match(r"\w+:", link):
                continue
            to, _, anchor = link.partition("#")
            target = (ROOT / path).parent.joinpath(to).resolve().relative_to(ROOT) if to else path
            assert target in parsed and (not anchor or anchor in parsed[target].anchors), f"{path}: {link}"
