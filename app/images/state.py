"""How far a run's training is, in words and as a bar, and what can be done about it: pause, stop, go on, forget."""

from __future__ import annotations

import streamlit as st

from app.designer import duration
from app.images import choosing, training
from app.images.runs import Run
from app.images.training import Training
from app.words import words
from gan1d.image.config import ImageConfig

ERROR = "image error"
text = words("images")["progress"]


def draw(mine: Training, run: Run | str, name: str | None = None) -> None:
    """The box of one run that was asked for here. name: what it is called, where two are looked at."""
    job, state = mine.job, mine.state
    done = run.step if isinstance(run, Run) else 0
    total = max(mine.config.steps, 1)
    if state == "done":
        return
    with st.container(border=True, key=f"training {job.name}"):
        if name:
            st.markdown(f"**{name}**")
        share = min(done / total, 1.0)
        if state == "failed":
            st.error(text["failed"].format(why=job.why or "–"))
        else:
            st.progress(share, said(mine, run, done, total))
        with st.container(horizontal=True, vertical_alignment="center"):
            _buttons(mine)


def said(mine: Training, run: Run | str, done: int, total: int) -> str:
    """How far a run is, in a line."""
    known = {"done": f"{done:,}".replace(",", " "), "total": f"{total:,}".replace(",", " ")}
    if mine.state == "waiting":
        return str(text["waiting"].format(before=mine.job.before) if mine.job.before else text["waiting_none"])
    if mine.state != "running":
        return str(text[mine.state]).format(**known)
    if not isinstance(run, Run) or not done or not run.status.rate:  # 0 until its first record
        return str(text["starting"])
    left = run.status.left if run.status.left is not None else (total - done) / run.status.rate
    return str(text["running"]).format(**known, rate=f"{run.status.rate:.3g}", left=duration(left))


def _buttons(mine: Training) -> None:
    name, state = mine.job.name, mine.state
    if state in ("running", "waiting"):
        st.button(text["pause"], key=f"pause {name}", icon=":material/pause:", on_click=training.pause, args=(name,))
        st.button(text["stop"], key=f"stop {name}", icon=":material/stop:", on_click=training.stop, args=(name,))
        st.caption(text["away"])
        return
    label = text["again"] if state == "failed" else text["resume"]
    if st.button(label, key=f"resume {name}", type="primary", icon=":material/play_arrow:"):
        start(mine.config)
        st.rerun()
    if state == "paused":
        st.button(text["stop"], key=f"stop {name}", icon=":material/stop:", on_click=training.stop, args=(name,))
    if st.button(text["remove"], key=f"remove {name}", icon=":material/delete:"):
        training.remove(name)
        choosing.look_at(None)
        st.rerun()


def begin(configs: list[ImageConfig]) -> None:
    """Puts runs in line, and looks at them."""
    if all(start(config) for config in configs):
        choosing.look_at(*map(training.name_of, configs))


def start(config: ImageConfig) -> bool:
    """Puts a run in line; False, with a word to be said about it, where it cannot be."""
    try:
        training.start(config)
    except (OSError, RuntimeError) as e:
        st.session_state[ERROR] = text["unwritable"].format(why=e)
        return False
    return True
