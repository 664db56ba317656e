"""Lessons, read from Markdown files with TOML front matter: what is asked, trained, claimed and shown.

A file: front matter between two lines ``+++``, the introduction, then the sections of `SECTIONS` under headings of the second level.
The front matter::

    title = "Mode collapse"
    order = 5
    setting = "Data: …"           # what is trained, in words, for the worksheet
    [config]                      # what is trained: a scenario, and the settings that differ from it
    scenario = "far-modes-linear"
    "data.means" = [-3, 8]
    [claim]                       # what must come out: `Claim`
    outcome = "mode collapse"
    w1 = "> 0.8 sigma"
    at_least = 0.9
    [view]                        # how the explanation shows it: `VIEW`, and what is marked in the picture
    layers = ["real", "generated"]
    iteration = 2100
    highlight = ["generated", "w1", "caption"]
    [try.config]                  # the last step's run: settings that differ from the above, or another scenario; also claim and view

Before the tables may stand ``images = ["digits-dcgan"]``: shipped runs on images, which the lesson leads to.

The question's choices are a list, ``- [x]`` the right one and ``- [ ]`` the others, each with its reply in indented lines below it.
In the other sections a line ``figure: NAME`` stands where one of `figure_texts` is to be seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from gan1d.catalogue import HERE as PACKAGE
from gan1d.lessons.lesson import BLOCKS, Choice, Claim, Comparison, Figure, Lesson, LessonError, Scene
from gan1d.lessons.reader import IMAGES, figure_texts, pieces, read
from gan1d.wording import LANGUAGE

__all__ = ["BLOCKS", "HERE", "IMAGES", "Choice", "Claim", "Comparison", "Figure", "Lesson", "LessonError", "Scene"]
__all__ += ["figure_texts", "lessons", "pieces", "read"]

HERE = PACKAGE / "text" / "lessons"


@cache
def lessons() -> Mapping[str, Lesson]:
    """Name -> lesson, in the order of the course.

    Raises:
      LessonError: a file that cannot be read, or numbers that do not follow one another.
    """
    found = sorted((read(path) for path in HERE.glob(f"*.{LANGUAGE}.md")), key=lambda lesson: lesson.order)
    for number, lesson in enumerate(found, start=1):
        if lesson.order != number:
            raise LessonError(f"{lesson.name}.{LANGUAGE}.md", "order", lesson.order, f"the next number is {number}")
    return {lesson.name: lesson for lesson in found}
