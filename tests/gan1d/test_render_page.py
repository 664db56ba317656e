"""The page of a run: what it carries, read back without our own reader, and what it must not let through."""

from __future__ import annotations

import base64
import gzip
import html.parser
import io
import json
import re
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

import gan1d
from gan1d import carried
from gan1d.config import Config, ConfigError
from gan1d.history import Part, play
from gan1d.render import page as pages
from gan1d.render.frames import frames
from gan1d.render.notebook import bundle, framed
from gan1d.render.options import Options
from gan1d.render.page_data import cut, differences
from gan1d.render.scene import scene
from gan1d.trajectory import Trajectory

MARK = """</script><script>window.got=1</script><img src=x onerror=got=1>'"&{"gan1d": 1}"""


class Reader(html.parser.HTMLParser):
    """The elements of a page with their attributes and texts."""

    def __init__(self, page: str):
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], str]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(("", {}, ""))  # what follows is no longer in it

    def handle_data(self, data: str) -> None:
        if self.found:
            tag, attributes, text = self.found[-1]
            self.found[-1] = (tag, attributes, text + data)

    def all(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        return [(attributes, text) for name, attributes, text in self.found if name == tag]

    def by_id(self, name: str) -> str:
        return next(text for _, attributes, text in self.found if attributes.get("id") == name)


def unpacked(text: str) -> tuple[dict, dict[str, np.ndarray]]:
    """What a page carries, by the format's description in `page_data`."""
    whole = gzip.decompress(base64.b64decode(text, validate=True))
    length = int.from_bytes(whole[:4], "little")
    header, at = json.loads(whole[4 : 4 + length]), 4 + length
    arrays = {}
    for name, kind, rows, width, order in header["arrays"]:
        size = np.dtype(kind).itemsize
        planes = np.frombuffer(whole, np.uint8, rows * width * size, at).reshape(size, -1)
        at += planes.size
        values = np.ascontiguousarray(planes.T).view(kind).reshape(rows, width)
        arrays[name] = summed(values, order).ravel() if order else values.ravel()
    assert at == len(whole)
    return header["meta"], arrays


def summed(codes: np.ndarray, order: int) -> np.ndarray:
    signed = np.where(codes % 2, -(codes.astype(np.int64) // 2) - 1, codes // 2)
    for _ in range(order):
        signed = np.cumsum(signed, axis=1)
    return (signed % 65536).astype(np.uint16)


def carried_by(page: str) -> tuple[dict, dict[str, np.ndarray]]:
    return unpacked(Reader(page).by_id(pages.DATA))


@settings(deadline=None)
@given(hnp.arrays(np.uint16, st.tuples(st.integers(1, 4), st.integers(1, 12))), st.integers(1, 3))
def test_differences_are_undone_by_sums(codes: np.ndarray, order: int) -> None:
    np.testing.assert_array_equal(summed(differences(codes, order), order), codes)


def test_a_page_carries_the_run_and_its_record(linear_run: Trajectory, tmp_path: Path) -> None:
    page = pages.page([linear_run])
    meta, arrays = carried_by(page)
    expected, wanted = frames(linear_run)
    assert list(arrays) == list(wanted)
    for name, values in wanted.items():
        np.testing.assert_array_equal(arrays[name], values)
    assert {**meta, "view": None, "hide": None} == json.loads(json.dumps({**expected, "view": None, "hide": None}))
    # The codes are those of the run's own numbers, to half a code of each row's range.
    low, high = arrays["p_gen_ends"].reshape(-1, 2).T[..., None]
    drawn = low + (high - low) * arrays["p_gen"].reshape(len(linear_run), -1) / 65534
    assert np.abs(drawn - linear_run.p_gen).max() <= np.ptp(linear_run.p_gen, axis=1).max() / 131068 * 1.01
    path = tmp_path / "page.html"
    path.write_text(page, "utf-8")
    (again,) = carried.read(path)
    assert again.config == linear_run.config and again.parts[0].until == 300


@pytest.mark.parametrize("name", ["mlp", "diverged", "lost", "least_squares", "hinge", "critic"])
def test_every_kind_of_run_has_its_page(name: str, request: pytest.FixtureRequest) -> None:
    run = request.getfixturevalue(f"{name}_run")
    _, arrays = carried_by(pages.page([run]))
    for key, values in frames(run)[1].items():
        np.testing.assert_array_equal(arrays[key], values)


def test_a_comparison_carries_all_of_its_runs(linear_run: Trajectory, critic_run: Trajectory, tmp_path: Path) -> None:
    page = pages.page([linear_run, critic_run], ["one", "two"])
    meta, arrays = carried_by(page)
    assert meta["names"] == ["A", "B"] and meta["labels"] == ["one", "two"]
    for index, run in enumerate([linear_run, critic_run]):
        np.testing.assert_array_equal(arrays[f"{index}_p_gen"], frames(run)[1]["p_gen"])
        np.testing.assert_array_equal(arrays[f"{index}_d"], frames(run)[1]["d"])
    path = tmp_path / "page.html"
    path.write_text(page, "utf-8")
    assert [run.config for run in carried.read(path)] == [linear_run.config, critic_run.config]


def test_a_long_run_is_small_and_soon_there() -> None:
    run = gan1d.load(Path(gan1d.__file__).parent / "assets" / "near-modes-mlp.npz")
    assert len(run) > 300
    seconds = []
    for _ in range(4):  # the first one loads what draws the picture
        began = time.process_time()
        page = pages.page([run])
        seconds.append(time.process_time() - began)
    assert len(page.encode()) <= 1.5e6
    assert min(seconds) <= 0.5


def test_it_asks_for_nothing_and_runs_only_its_own_script(linear_run: Trajectory) -> None:
    page = pages.page([linear_run])
    reader = Reader(page)
    policy = next(a["content"] for a, _ in reader.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy and "default-src 'none'" in policy and "unsafe-inline" not in policy.partition("style-src")[0]
    addresses = [
        value for _, a, _ in reader.found for key, value in a.items() if key in ("src", "href", "srcset", "action")
    ]
    assert addresses and all(value and value.startswith("data:") for value in addresses)
    outside = re.sub(r"http://www\.w3\.org/\S+?(?=[\"'<` ])", "", page.replace(Reader(page).by_id(pages.DATA), ""))
    assert not re.search(
        r"https?://(?!leeoniya|github\.com/leeoniya)|@import|url\(|\bfetch\(|XMLHttpRequest|WebSocket|\bimport\b ?\(",
        outside,
    )


def test_titles_and_labels_are_text(linear_run: Trajectory) -> None:
    page = pages.page([linear_run] * 2, [MARK, "b"], Options(title=MARK, under=MARK))
    reader = Reader(page)
    kinds = [a.get("type") for a, _ in reader.all("script")]
    assert kinds == ["application/json", "text/plain", "module"]
    assert reader.all("h1")[0][1] == MARK and reader.all("title")[0][1].strip() == MARK
    assert [a for a, _ in reader.all("img") if not str(a["src"]).startswith("data:image/png")] == []
    assert carried_by(page)[0]["labels"][0] == MARK
    assert carried.parse(page)[0].label == MARK  # the title, which looks like a record, is none


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "lab", ""])
def test_a_link_leads_to_the_web_alone(linear_run: Trajectory, link: str) -> None:
    with pytest.raises(ConfigError, match=r"^link: .* it must begin with http:// or https://"):
        pages.page([linear_run], link=link)
    there = pages.page([linear_run], link='https://example.org/?a=1&b="x"')
    assert [a["href"] for a, _ in Reader(there).all("a")] == ['https://example.org/?a=1&b="x"']


def test_a_page_offers_nothing_that_only_a_server_can_do(linear_run: Trajectory) -> None:
    meta, _ = carried_by(pages.page([linear_run]))
    assert not {"link", "going", "editing", "steps", "ensemble", "action", "page_css"} & set(meta)


def test_options_decide_what_is_shown_first(linear_run: Trajectory) -> None:
    options = Options(layers=("real", "d", "map"), caption=False, theme="dark", title="Mine", under="Below it.")
    page = pages.page([linear_run], options=options)
    meta, _ = carried_by(page)
    assert meta["view"] == {"layers": ["real", "d"], "map": True} and meta["hide"] == ["captions"]
    reader = Reader(page)
    assert reader.all("html")[0][0] == {"lang": "en", "data-theme": "dark"}
    assert reader.all("title")[0][1].strip() == "Mine" and ("Below it." in [text for _, text in reader.all("p")])
    assert "data-theme" not in Reader(pages.page([linear_run])).all("html")[0][0]  # then it goes with its reader


def test_a_stretch_of_states(linear_run: Trajectory) -> None:
    meta, arrays = carried_by(pages.page([linear_run], options=Options(first=100, last=200)))
    kept = (linear_run.iteration >= 100) & (linear_run.iteration <= 200)
    assert meta["frames"] == kept.sum() and meta["captions"][0][0] == 0
    assert all(0 <= at < meta["frames"] for at, _ in meta["captions"])
    np.testing.assert_array_equal(arrays["iteration"], linear_run.iteration[kept])
    np.testing.assert_array_equal(arrays["mean"], linear_run.mean[kept].astype(np.float32))
    whole = frames(linear_run)[1]["p_gen"].reshape(len(linear_run), -1)
    np.testing.assert_array_equal(arrays["p_gen"].reshape(kept.sum(), -1), whole[kept])
    np.testing.assert_array_equal(arrays["p_data"], frames(linear_run)[1]["p_data"])
    with pytest.raises(ConfigError, match=r"^--from: 5000 "):
        pages.page([linear_run], options=Options(first=5000))


def test_the_sentence_that_holds_when_a_stretch_begins_is_kept() -> None:
    meta = {
        "frames": 5,
        "captions": [(0, "a"), (2, "b"), (4, "c")],
        "events": [(1, "x", "one"), (3, "y", "two")],
        "parts": [0, 2],
    }
    arrays = {"iteration": np.arange(5.0) * 10, "x": np.arange(3.0)}
    shorter, kept = cut(meta, arrays, 30, 40)
    assert shorter["captions"] == [(0, "b"), (1, "c")] and shorter["events"] == [(0, "y", "two")]
    assert shorter["parts"] == [0, 0] and shorter["frames"] == 2
    np.testing.assert_array_equal(kept["iteration"], [30, 40])
    np.testing.assert_array_equal(kept["x"], arrays["x"])


def test_the_settings_that_are_not_the_defaults_are_listed(linear_config: Config) -> None:
    short = linear_config.replace(**{"training.iterations": 20, "training.frames": 10})
    run = play([Part(short, 20), Part(short.replace(**{"training.lr_g": 0.05}), 40, hold_g=True)])
    rows = re.findall(r"<tr>(.*?)</tr>", pages.settings([carried.of(run)], [""]))
    cells = [re.sub("<[^>]+>", "|", row) for row in rows]
    assert "Setting" in cells[0] and "Run, from iteration 20, G held" in cells[0]
    table = {row.split("|")[2]: row.split("|")[3:] for row in cells[1:]}
    assert {"data.means", "data.stds", "data.weights", "discriminator.hidden", "training.frames"} <= set(table)
    assert [cell for cell in table["training.lr_g"] if cell] == ["0.02", "0.05"]  # the default, and the other
    assert "training.lr_d" not in table


@pytest.mark.parametrize("name", gan1d.scenarios)
@pytest.mark.parametrize("kind", [None, "dropout"])
def test_a_scenario_is_called_by_its_name(name: str, kind: str | None) -> None:
    scenario = gan1d.scenarios[name]
    config = (scenario.with_discriminator(kind) if kind else scenario).config
    assert pages.title_of(config.replace(**{"training.seed": 7})) == scenario.title
    assert pages.title_of(config.replace(**{"training.lr_g": 0.01234})) == pages.text()["title"]


def test_without_scripts_there_is_a_picture(linear_run: Trajectory) -> None:
    of = scene([linear_run])
    picture = Image.open(io.BytesIO(pages.still(of)))
    assert picture.format == "PNG" and picture.size == (960, 540)
    assert len(picture.convert("RGB").getcolors(1 << 20) or []) > 8  # something is drawn
    assert "converged" in pages.said(of) or linear_run.diagnosis.kind in pages.said(of)


def test_letters_that_only_the_readers_browser_has_stand_in_the_page(linear_run: Trajectory, tmp_path: Path) -> None:
    """No font of the painter's has them: in the picture for who has no scripts they are boxes."""
    path = tmp_path / "page.html"
    path.write_text(pages.page([linear_run, linear_run], ["模型", "B"], Options(title="生成")), "utf-8")
    assert "<title>生成" in path.read_text("utf-8")
    assert [run.label for run in carried.read(path)] == ["模型", "B"]


def test_a_notebook_gets_the_player_the_picture_and_a_line(linear_run: Trajectory) -> None:
    shown = linear_run._repr_mimebundle_(include=None, exclude=None)
    assert set(shown) == {"text/html", "image/png", "text/plain"} and shown["text/plain"] == repr(linear_run)
    assert base64.b64decode(shown["image/png"])[:8] == b"\x89PNG\r\n\x1a\n"
    reader = Reader(shown["text/html"])
    ((frame, _),) = reader.all("iframe")
    assert frame["sandbox"] == "allow-scripts"
    inner = frame["srcdoc"] or ""
    assert carried.parse(inner)[0].config == linear_run.config
    np.testing.assert_array_equal(carried_by(inner)[1]["p_gen"], frames(linear_run)[1]["p_gen"])
    # What is left when frames and scripts are taken out, as where a notebook is not trusted.
    left = re.sub(r"<(iframe|script).*?</\1>", "", shown["text/html"], flags=re.DOTALL)
    assert [str(a["src"])[:22] for a, _ in Reader(left).all("img")] == ["data:image/png;base64,"]
    assert len(shown["text/html"]) < 1.5e6


def test_two_runs_in_a_notebook_do_not_share_a_name(linear_run: Trajectory) -> None:
    names = {Reader(bundle(linear_run)["text/html"]).all("div")[0][0]["id"] for _ in range(2)}
    assert len(names) == 2


def test_a_frame_holds_any_page() -> None:
    page = '<p title="a & b">\'&lt;\' "q" &quot; </iframe></p>'
    ((frame, _),) = Reader(framed(page, b"", 'words "here" <b>')).all("iframe")
    assert frame["srcdoc"] == page and frame["title"] == 'words "here" <b>'
