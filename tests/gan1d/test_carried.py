"""What a file carries: the settings of the runs it shows, from which each is trained again, read by what is in it."""

from __future__ import annotations

import ast
import json
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import av
import numpy as np
import pypdfium2
import pytest
from PIL import Image

import gan1d
from gan1d import carried
from gan1d.carried import Carried, Stretch
from gan1d.config import Config, ConfigError
from gan1d.history import Part, play
from gan1d.render.export import export
from gan1d.render.options import FORMATS, Options
from gan1d.training import train

CARRYING = [name for name in FORMATS if name != "csv"]
SMALL = Options(width=320, height=180, fps=5, seconds=0.6)
NASTY = ["A & <b>, 'é' \"q\"", "</script> = ; # \\ \\n ]]>"]


@pytest.fixture(scope="module")
def files(linear_run, tmp_path_factory) -> dict[str, Path]:
    """A run in each format, under a name that says nothing of it."""
    folder = tmp_path_factory.mktemp("files")
    found = {}
    for kind in CARRYING:
        found[kind] = folder / f"{kind}-file"
        export(linear_run, found[kind], SMALL, kind=kind)
    return found


@pytest.mark.parametrize("kind", CARRYING)
def test_every_format_reads_back_to_an_equal_config(kind: str, files, linear_run) -> None:
    (found,) = carried.read(files[kind])
    assert found.config == linear_run.config
    assert (found.start, found.parts[0].until, found.parts[0].hold_g) == (0, 300, False)


def lies_in(kind: str, path: Path) -> str:
    """The record as a reader of that format finds it, where the format keeps such things."""
    if kind in ("mp4", "webm"):
        with av.open(str(path)) as movie:
            return {name.lower(): value for name, value in movie.metadata.items()}["comment"]
    if kind == "gif":
        return Image.open(path).info["comment"].decode("ascii")
    if kind == "png":
        return Image.open(path).text["gan1d"]
    if kind == "svg":
        (element,) = ET.parse(path).getroot().iter("{http://www.w3.org/2000/svg}metadata")
        return element.text or ""
    if kind == "pdf":
        return pypdfium2.PdfDocument(path).get_metadata_value("Keywords")
    if kind == "html":
        return Script.of(path)
    tree = ast.parse(path.read_text("utf-8"))
    (node,) = [n for n in tree.body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "RECORD"]
    return ast.literal_eval(node.value)


class Script(HTMLParser):
    """The text of the script element with the id gan1d-record."""

    inside, found = False, ""

    @classmethod
    def of(cls, path: Path) -> str:
        parser = cls()
        parser.feed(path.read_text("utf-8"))
        return parser.found

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.inside = tag == "script" and dict(attrs).get("id") == "gan1d-record"

    def handle_endtag(self, tag: str) -> None:
        self.inside = False

    def handle_data(self, data: str) -> None:
        self.found += data if self.inside else ""


@pytest.mark.parametrize("kind", [k for k in CARRYING if k not in ("npz", "json")])
def test_it_lies_where_the_format_keeps_such_things(kind: str, linear_run, tmp_path: Path) -> None:
    """Two runs with labels that each format would read otherwise, if they stood there as they are."""
    other = train(linear_run.config.replace(**{"training.seed": 5}))
    out = tmp_path / f"two.{kind}"
    export([linear_run, other], out, SMALL, labels=NASTY)
    told = json.loads(lies_in(kind, out))
    assert told["gan1d"] == gan1d.__version__ and [run["label"] for run in told["runs"]] == NASTY
    assert [Config.from_dict(run["parts"][0]["config"]) for run in told["runs"]] == [linear_run.config, other.config]
    assert [(run.label, run.config) for run in carried.read(out)] == list(
        zip(NASTY, [linear_run.config, other.config], strict=True)
    )


def test_a_record_needs_no_escaping() -> None:
    runs = [
        Carried(label, (Stretch(s.config, 2100),)) for label, s in zip(NASTY, gan1d.scenarios.values(), strict=False)
    ]
    text = carried.record(runs)
    assert text.isascii() and text.isprintable() and not set(text) & set("<>&'")
    assert carried.parse(text) == runs


@pytest.mark.parametrize("name", gan1d.scenarios)
def test_every_scenario_is_carried_exactly(name: str) -> None:
    run = Carried("", (Stretch(gan1d.scenarios[name].config, 2100),))
    assert carried.parse(carried.record([run])) == [run]


def test_a_run_of_several_parts_is_played_again(linear_config, tmp_path: Path) -> None:
    config = linear_config.replace(**{"training.iterations": 60, "training.frames": 6})
    moved = config.replace(**{"data.means": [-5, 4]})
    run = play([Part(config, 30), Part(moved, 50, hold_g=True), Part(moved, 60)])
    run.save(tmp_path / "saved")
    (tmp_path / "told").write_text(carried.record([run]))
    for name in ("saved", "told"):
        (found,) = carried.read(tmp_path / name)
        assert found.parts == (Stretch(config, 30), Stretch(moved, 50, True), Stretch(moved, 60))
        again = carried.train(found)
        np.testing.assert_array_equal(again.g, run.g)
        assert [first for first, _ in again.parts] == [first for first, _ in run.parts]
    faster = found.replace(**{"training.seed": 9})
    assert [part.config.training.seed for part in faster.parts] == [9, 9, 9]
    with pytest.raises(ConfigError, match="as long as they are"):
        found.replace(**{"training.iterations": 10})


def test_a_run_that_went_on_from_another_says_so(linear_run, tmp_path: Path) -> None:
    run = train(linear_run.config, start=linear_run.state_at(100), iterations=50)
    run.save(tmp_path / "run.npz")
    for found in (carried.of(run), carried.read(tmp_path / "run.npz")[0], carried.parse(carried.record([run]))[0]):
        assert (found.start, found.parts[0].until) == (100, 150)


def test_as_long_as_it_was_trained(linear_config) -> None:
    run = train(linear_config, iterations=45)
    again = carried.train(carried.parse(carried.record([run]))[0])
    np.testing.assert_array_equal(again.iteration, run.iteration)
    np.testing.assert_array_equal(again.p_gen, run.p_gen)


def test_a_config_is_read_too(linear_config, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(linear_config.to_json())
    (found,) = carried.read(tmp_path / "config.json")
    assert found.config == linear_config and found.parts[0].until == 300


def refused(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        carried.read(path)
    message = str(caught.value)
    assert "\n" not in message and len(message) < 600 and str(path)[:30] in message
    return message


@pytest.mark.parametrize("kind", CARRYING)
def test_a_torn_file_is_refused_or_still_says_all(kind: str, files, tmp_path: Path, linear_run) -> None:
    """A movie's settings may stand before where it is torn; what is read is whole in any case."""
    whole = files[kind].read_bytes()
    for share in (0.0, 0.02, 0.3, 0.9):
        torn = tmp_path / f"torn.{kind}"
        torn.write_bytes(whole[: int(share * len(whole))])
        try:
            found = carried.read(torn)
        except ConfigError as e:
            assert "\n" not in str(e) and str(e).startswith("FILE: ")
        else:
            assert [run.config for run in found] == [linear_run.config]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "carries no run"),
        (b"\xff\xd8\xff\xe0 a photograph", "carries no run"),
        (b"x,y\n1,2\n", "carries no run"),
        (b"<html><p>nothing</p></html>", "carries no run"),
        (b"{", "must be JSON"),
        (b'{"gan1d": "0.1.0"', "torn"),
        (b'{"gan1d": "0.1.0", "runs": []}', "1 to"),
        (b'{"gan1d": "0.1.0", "runs": [{"parts": [7]}]}', "config, until"),
        (b'{"gan1d": "0.1.0", "runs": [{"parts": [{"until": 0, "config": {}}]}]}', "until: 0"),
        (b'{"gan1d": "0.1.0", "runs": [{"parts": [{"until": 5, "config": {"data": 3}}]}]}', "data: 3"),
        (b'{"gan1d": ' + b"[" * 50_000, "torn"),
        (b"PK\x03\x04 junk", "not a run saved by gan1d"),
        (b"%PDF-1.7 junk", "not a PDF"),
        (b"\x89PNG\r\n\x1a\n junk", "not a PNG"),
        (b"GIF89a", "not a GIF"),
        (b"GIF89a\xff\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\xff\xff\xff\xff\x00\x08", "not a GIF"),  # 65535 by 65535
        (b"\x00\x00\x00\x20ftypisom junk", "not a movie"),
        (b"\x1a\x45\xdf\xa3 junk", "not a movie"),
    ],
)
def test_what_carries_nothing_is_refused_in_one_line(content: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ConfigError, match=says) as caught:
        carried.read(tmp_path / "file")
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "none.mp4")
    assert "directory" in refused(tmp_path)


def test_a_movie_that_names_other_files_is_not_followed(tmp_path: Path) -> None:
    """A name with a colon is a file's, and a list of addresses is no movie."""
    (tmp_path / "http:x.mp4").write_bytes(b"\x00\x00\x00\x20ftypisom")
    assert "not a movie" in refused(tmp_path / "http:x.mp4")
