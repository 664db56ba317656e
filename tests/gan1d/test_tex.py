"""TeX as MathML: what is written comes out in order, well-formed; what is not known is refused."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from gan1d.lessons import lessons
from gan1d.render.tex import TexError, mathml

SPACE = "{http://www.w3.org/1998/Math/MathML}"


def tree(tex: str) -> ET.Element:
    return ET.fromstring(mathml(tex))


def said(tex: str) -> str:
    """All letters and signs, in their order."""
    return "".join(tree(tex).itertext()).replace("\u2061", "")


def tags(tex: str) -> list[str]:
    return [node.tag.removeprefix(SPACE) for node in tree(tex).iter()]


@pytest.mark.parametrize(
    ("tex", "words"),
    [
        ("V(D, G) = a - 1.5", "V(D,G)=a−1.5"),
        (r"\mathbb{E}_{x}[\log D(x)]", "𝔼x[logD(x)]"),
        (r"-2\log\tfrac12 \approx 1.386", "−2log12≈1.386"),
        (r"\frac{a}{b+c}", "ab+c"),
        (r"\max_D V \le \mathrm{JSD}(p\,\|\,q)", "maxDV≤JSD(p‖q)"),
        (r"\frac{\partial}{\partial l}|f'|", "∂∂l|f′|"),
        ("a < b", "a<b"),
    ],
)
def test_everything_is_there_in_order(tex: str, words: str) -> None:
    assert said(tex) == words


def test_scripts_fractions_and_words() -> None:
    assert tree("x_1^2").find(f".//{SPACE}msubsup") is not None
    fraction = tree(r"\tfrac12").find(f".//{SPACE}mfrac")
    assert fraction is not None and [part.text for part in fraction] == ["1", "2"]
    assert [node.text for node in tree("p_{data}(x)").iter(f"{SPACE}mi")] == ["p", "data", "x"]
    assert "munder" in tags(r"\sup_{|f'| \le 1} a") and "msub" not in tags(r"\sup_{a} a")


@pytest.mark.parametrize(("tex", "forms"), [("a - b", [None]), ("-b", ["prefix"]), ("a = -b - c", ["prefix", None])])
def test_a_sign_before_its_number_is_not_a_difference(tex: str, forms: list[str | None]) -> None:
    assert [node.get("form") for node in tree(tex).iter(f"{SPACE}mo") if node.text == "−"] == forms


@pytest.mark.parametrize(
    "tex", [r"\sin x", "a_", "{a", "a}", r"\frac{a}", "x^1^2", r"\mathbb{Q}", "a & b", r"\mathrm x"]
)
def test_what_is_not_known_is_refused_with_the_formula(tex: str) -> None:
    with pytest.raises(TexError, match=re.escape(repr(tex))):
        mathml(tex)


def test_every_formula_of_the_lessons_can_be_drawn() -> None:
    found = 0
    for lesson in lessons().values():
        for text in (lesson.intro, lesson.run, lesson.explanation, lesson.look, lesson.trial_text):
            for tex in re.findall(r"\$\$(.+?)\$\$", text, re.DOTALL):
                letters = re.sub(r"\\[a-zA-Z]+|[^A-Za-z]", "", tex)
                assert sorted(re.sub(r"[^A-Za-z]", "", re.sub("log|max|sup|JSD", "", said(tex)))) == sorted(
                    letters.replace("JSD", "").replace("E", "")
                )
                found += 1
    assert found >= 6
