"""How far a session is in the lessons: which one is open, at which step, and what was answered. All of it stands in the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gan1d.lessons import Lesson, Scene, lessons

STEPS = ("question", "run", "explanation", "try")
"""The steps of a lesson, in order."""
SKIPPED, OPEN = "s", "-"
"""Marks in the address of a question that was passed over, and of one that was not come to."""


@dataclass
class Course:
    """answers: lesson -> index of the choice, None where it was skipped. seen: lessons of which the explanation was reached."""

    lesson: Lesson
    step: str = STEPS[0]
    answers: dict[str, int | None] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Course:
        """What an address says; of what it says wrongly nothing is taken."""
        all_ = lessons()
        course = cls(all_.get(query.get("lesson", ""), next(iter(all_.values()))))
        for lesson, mark in zip(all_.values(), query.get("answers", ""), strict=False):
            if mark == SKIPPED:
                course.answers[lesson.name] = None
            elif mark in "123456789" and int(mark) <= len(lesson.choices):
                course.answers[lesson.name] = int(mark) - 1
        course.seen = {name for name in course.answers if name != course.lesson.name}
        course.go(query.get("step", STEPS[0]))
        return course

    def query(self) -> dict[str, str]:
        """The address of this state; `read` gives it back."""
        marks = [OPEN if name not in self.answers else _mark(self.answers[name]) for name in lessons()]
        return {"lesson": self.lesson.name, "step": self.step, "answers": "".join(marks)}

    @property
    def is_answered(self) -> bool:
        """Whether the open lesson's question was answered or skipped: before that nothing of the run is shown."""
        return self.lesson.name in self.answers

    @property
    def scene(self) -> Scene:
        """What the open step trains."""
        return self.lesson.trial if self.step == "try" else self.lesson.scene

    def open(self, name: str) -> None:
        """Another lesson; one that was done before opens with its explanation."""
        self.lesson = lessons()[name]
        self.go("explanation" if name in self.seen else STEPS[0])

    def go(self, step: str) -> None:
        """To a step of the open lesson; to the question where it was not answered yet."""
        self.step = step if step in STEPS and self.is_answered else STEPS[0]
        if self.step in ("explanation", "try"):
            self.seen.add(self.lesson.name)

    def answer(self, choice: int | None) -> None:
        """Takes an answer, or that there is none, and shows the run."""
        self.answers[self.lesson.name] = choice
        self.go("run")

    def beside(self, by: int) -> Lesson | None:
        """The lesson before (-1) or after (1) the open one."""
        all_ = list(lessons().values())
        at = all_.index(self.lesson) + by
        return all_[at] if 0 <= at < len(all_) else None


def _mark(choice: int | None) -> str:
    return SKIPPED if choice is None else str(choice + 1)
