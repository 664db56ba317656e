"""The little Markdown of the lessons as HTML."""

from __future__ import annotations

from gan1d.render.markup import marked_up, paragraphs


def test_markup_is_escaped() -> None:
    assert marked_up("a < b, **so** *it* D\\*(x)") == "a &lt; b, <strong>so</strong> <em>it</em> D*(x)"


def test_paragraphs_and_lists() -> None:
    html = paragraphs("One\nline.\n\n- a **b**\n  goes on\n- c & d\n\nLast <b>.")
    assert (
        html == "<p>One line.</p><ul><li>a <strong>b</strong> goes on</li><li>c &amp; d</li></ul><p>Last &lt;b&gt;.</p>"
    )


def test_formulas_stand_apart_and_two_of_them_may_part() -> None:
    assert paragraphs("$$a = b$$").count("<math") == 1
    html = paragraphs("Before.\n\n$$a = b \\qquad\\qquad c$$")
    assert html.startswith('<p>Before.</p><div class="math-block"><math') and html.count("<math") == 2
