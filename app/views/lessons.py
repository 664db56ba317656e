"""The lessons: predict, run, explain, try."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import streamlit as st

from app import figures, link, player
from app.course import STEPS, Course
from app.images import choosing
from app.progress import progress_at, said
from app.runner import Shown, runner
from app.words import words
from gan1d.lessons import Figure, Scene, lessons, pieces
from gan1d.player import page_css

STATE = "course"
CHOICE, STEP = "prediction", "step of the lesson"
"""Keys of the widgets."""
HIDDEN = ("action", "data", "going", "link", "steps")
"""Parts of the player that belong to the lab."""
SHARES = {"run": (1, 2), "explanation": (2, 3), "try": (1, 2)}
"""Widths of the text and the picture."""
APP = Path(__file__).parents[1]
text = words("lessons")


def course() -> Course:
    """This tab's course: that of the address where the tab is new or the address was changed by hand, and written back to it."""
    query = st.query_params.to_dict()
    found: Course | None = st.session_state.get(STATE)
    if found is None:
        found = st.session_state[STATE] = Course.read(query)
    elif query.get("lesson", found.lesson.name) != found.lesson.name and query.get("lesson") in lessons():
        found.open(query["lesson"])
    return found


def write_address(state: Course) -> None:
    """The address holds the state: a reload keeps it, and somebody else finds the lesson."""
    for name, value in state.query().items():
        if st.query_params.get(name) != value:
            st.query_params[name] = value


def act(change: object, *given: object) -> None:
    """Changes the course, and the address with it: the next script run reads both."""
    change(*given)  # type: ignore[operator]
    write_address(st.session_state[STATE])


def obtain(scene: Scene) -> Shown | None:
    """The run of a scene; a long training shows its progress and can be given up, then there is none."""
    place = st.empty()
    key = f"given up {scene.config.to_query()}"
    if st.session_state.get(key):
        with place.container(border=True):
            st.write(text["cancelled"])
            st.button(text["train"], on_click=lambda: st.session_state.pop(key, None))
        return None
    give_up = partial(st.session_state.update, {key: True})
    progress = progress_at(place, runner().must_compile(scene.config), partial(said, text), text["cancel"], give_up)
    shown = runner().get(scene.config, progress)
    place.empty()
    return shown


def lab_address(scene: Scene) -> str:
    """The lab with these settings."""
    return f"./?v={link.VERSION}&{link.encode(scene.config)}"


def write(markdown: str) -> None:
    """A text of a lesson, with its figures where they belong."""
    for piece in pieces(markdown):
        if isinstance(piece, Figure):
            figures.draw(piece.name)
        else:
            st.markdown(piece)


def draw_contents(state: Course) -> None:
    """The sidebar: every lesson, with a tick where it is done."""
    st.markdown(f"**{text['contents']}**")
    st.caption(text["progress"].format(done=len(state.seen), all=len(lessons())))
    for name, lesson in lessons().items():
        st.button(
            text["numbered"].format(number=lesson.order, title=lesson.title),
            key=f"open {name}",
            icon=":material/check_circle:" if name in state.seen else ":material/radio_button_unchecked:",
            type="primary" if lesson is state.lesson else "tertiary",
            on_click=act,
            args=(state.open, name),
        )


def draw_steps(state: Course) -> None:
    """Where one is in the lesson; steps that may be gone to can be pressed."""
    st.session_state[STEP] = state.step
    st.segmented_control(
        text["step_label"],
        STEPS,
        format_func=lambda step: f"{STEPS.index(step) + 1} {text['steps'][step]}",
        key=STEP,
        disabled=not state.is_answered,
        label_visibility="collapsed",
        on_change=lambda: act(state.go, st.session_state[STEP] or state.step),
    )


def draw_question(state: Course) -> None:
    """The introduction and the question."""
    lesson = state.lesson
    write(lesson.intro)
    st.markdown(f"##### {text['predict']}")
    given = state.answers.get(lesson.name)
    choice = st.radio(
        lesson.question,
        range(len(lesson.choices)),
        index=given,
        format_func=lambda index: lesson.choices[index].text,
        key=f"{CHOICE} {lesson.name}",
    )
    with st.container(horizontal=True):
        st.button(text["answer"], type="primary", disabled=choice is None, on_click=act, args=(state.answer, choice))
        st.button(text["skip"], type="tertiary", on_click=act, args=(state.answer, None))


def draw_run(state: Course) -> None:
    """What to watch while it plays."""
    given = state.answers[state.lesson.name]
    said = text["skipped"] if given is None else text["you_said"].format(choice=state.lesson.choices[given].text)
    st.caption(said)
    st.caption(state.lesson.setting)
    write(state.lesson.run)
    st.button(text["to_explanation"], type="primary", on_click=act, args=(state.go, "explanation"))


def draw_reply(state: Course) -> None:
    """Whether the prediction came true, and why or why not."""
    choices, given = state.lesson.choices, state.answers[state.lesson.name]
    right = choices[state.lesson.right]
    if given == state.lesson.right:
        st.success(f"**{text['right']}** {right.text}\n\n{right.reply}", icon=":material/check:")
        return
    happens = f"**{text['the_answer'].format(choice=right.text)}**\n\n{right.reply}"
    if given is None:
        st.info(happens, icon=":material/lightbulb:")
        return
    st.warning(
        f"**{text['wrong']}** {choices[given].text}\n\n{choices[given].reply}\n\n{happens}", icon=":material/close:"
    )


def draw_explanation(state: Course) -> None:
    """The reply, and what to look at."""
    draw_reply(state)
    st.markdown(f"##### {text['look']}")
    write(state.lesson.look)


def draw_reasons(state: Course) -> None:
    """Why it is so; where there is one column, it stands below the picture."""
    st.markdown(f"##### {text['why']}")
    write(state.lesson.explanation)
    if state.lesson.images:
        address = choosing.address(*state.lesson.images)
        st.link_button(text["to_images"], address, help=text["images_help"], icon=":material/open_in_new:")
    st.button(text["to_try"], type="primary", on_click=act, args=(state.go, "try"))


def draw_trial(state: Course) -> None:
    """The last step: a change to the run."""
    write(state.lesson.trial_text)
    if state.beside(1) is None:
        st.info(text["finished"])


def draw_player(state: Course) -> None:
    """The run. It plays from the beginning; the explanation rests where there is something to see, and points at it."""
    scene = state.scene
    shown = obtain(scene)
    if shown is None:
        return
    key = f"lesson_{state.lesson.name}_{state.step}"
    pointing = state.step != "run"
    is_held = scene.config.training.lr_g == 0  # of a generator that is held no outcome can be told
    host = {
        "view": scene.view if pointing else {},
        "highlight": list(scene.highlight) if pointing else [],
        "hide": [*HIDDEN, *(["outcome"] if is_held else [])],
    }
    st.html(f"<style>{page_css(key)}</style>")
    player.show(shown, None, lambda: None, host, key)
    st.link_button(text["open_in_lab"], lab_address(scene), help=text["open_help"], icon=":material/open_in_new:")


def draw_ways_on(state: Course) -> None:
    """To the lessons before and after."""
    before, after = state.beside(-1), state.beside(1)
    with st.container(horizontal=True, horizontal_alignment="distribute", key="ways"):
        if before is not None:
            st.button(
                text["before"].format(title=before.title), key="before", on_click=act, args=(state.open, before.name)
            )
        if after is not None:
            st.button(
                text["after"].format(title=after.title),
                key="after",
                type="primary" if state.step == "try" else "secondary",
                on_click=act,
                args=(state.open, after.name),
            )


DRAW = {"question": draw_question, "run": draw_run, "explanation": draw_explanation, "try": draw_trial}

state = course()
write_address(state)
st.html(f"<style>{(APP / 'page.css').read_text('utf-8')}{(APP / 'lessons.css').read_text('utf-8')}</style>")
with st.sidebar:
    draw_contents(state)
st.title(text["numbered"].format(number=state.lesson.order, title=state.lesson.title))
draw_steps(state)
if state.step == "question":
    with st.container(key="lesson_text"):
        draw_question(state)
else:
    words_beside, picture = st.columns(SHARES[state.step], gap="large")
    with words_beside:
        with st.container(key="lesson_text"):
            DRAW[state.step](state)
        if state.step == "explanation":
            with st.container(key="lesson_reasons"):
                draw_reasons(state)
    with picture, st.container(key="lesson_picture"):
        draw_player(state)
draw_ways_on(state)
runner().warm()
