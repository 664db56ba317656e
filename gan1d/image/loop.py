"""One sitting of a run: the loop around the compiled step, and what is due after each: lines, samples, evaluations, checkpoints."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import Mesh

from gan1d import hosts
from gan1d.image import training
from gan1d.image.checkpoints import Checkpoints, local, one_line
from gan1d.image.config import ImageConfig, structure
from gan1d.image.dataset import Dataset
from gan1d.image.devices import brought_home, deliver
from gan1d.image.pipeline import Batches, images_of
from gan1d.image.recorder import GRID, Line, Recorder
from gan1d.image.updates import Seen, State, numbers

MOST_AT_ONCE = 16
"""Steps of one call on a GPU, at most."""
SMOOTH = 10.0
"""Seconds over which the rate is averaged."""

Progress = Callable[[int, int], None]
"""(steps done, steps in all) -> None; what it raises ends the training, after a checkpoint."""
Evaluate = Callable[[np.ndarray], Mapping[str, float]]
"""Generated images (N,H,W,C) uint8 -> metrics by name."""


class Session:
    """One sitting of a run: from the state it begins with to the end, or to Ctrl-C."""

    def __init__(
        self,
        config: ImageConfig,
        dataset: Dataset,
        on: Mesh,
        recorder: Recorder,
        kept: Checkpoints | None,
        evaluate: Evaluate | None,
        progress: Progress | None,
    ):
        self.config, self.dataset, self.on, self.recorder = config, dataset, on, recorder
        self.kept, self.evaluate, self.progress = kept, evaluate, progress
        self.grid = training.noise(config, "samples", GRID * GRID)
        self.rate, self.waited, self.saved = 0.0, 0.0, -1
        self.metrics: dict[str, float] = {}

    def run(self, state: State) -> State:
        """Trains to the end. Once the programs are compiled, a signal waits for the end of a step, and for a checkpoint then."""
        step = int(state.step)
        self.behind, self.began = self.recorder.begin(step), time.perf_counter()
        self.ticked, self.ticked_at = self.began, step
        self.status("running" if step < self.config.steps else "done", step)
        if step >= self.config.steps:
            return state
        chunk = self.chunk(step)
        batches = Batches(self.make(step, chunk))
        try:
            return self.steps(training.make_step(self.config, self.on, chunk), state, batches)
        except Exception as e:
            self.status("failed", self.ticked_at, one_line(e))
            raise
        except BaseException:  # Ctrl-C while it compiles: the loop has not said it
            if self.recorder.status["state"] == "running":
                self.status("stopped", self.ticked_at)
            raise
        finally:
            batches.close()
            self.waited = batches.waited

    def steps(self, go: training.Step, state: State, batches: Batches[jax.Array]) -> State:
        """The loop itself."""
        n, step, per = numbers(self.config), int(state.step), max(1, go.chunk)
        if step == 0:
            self.recorder.grid(0, self.samples(state, self.grid))
        with go.compiled_beside():
            state, seen = go.go(n, state, next(batches))
            jax.block_until_ready(state)
        self.ticked, self.ticked_at = time.perf_counter(), step + per
        with hosts.signals_held() as came:
            while True:
                step += per
                try:
                    fine = self.after(state, seen, step)
                except BaseException:  # progress ends it
                    self.end(state, step, "stopped")
                    raise
                if not fine:
                    self.end(None, step, "diverged")
                    break
                if step >= self.config.steps:
                    self.end(state, step, "done")
                    break
                if self.agreed(bool(came), step):
                    self.end(state, step, "stopped")
                    break
                state, seen = go.go(n, state, next(batches))
        hosts.deliver(came)
        return state

    def after(self, state: State, seen: Seen, step: int) -> bool:
        """What is due after a step. Returns whether training can go on."""
        config, last = self.config, step == self.config.steps

        def due(every: int) -> bool:
            return every > 0 and (last or step % every == 0)

        judged = self.evaluate is not None and due(config.evaluate_every)
        recorded, kept = judged or due(config.record_every), step % config.checkpoint_every == 0
        self.metrics = {}
        if (recorded or kept) and not bool(training.is_fine(state)):
            return False
        if recorded:
            over = (step - 1) % config.record_every + 1
            tally = jax.device_get(brought_home(state.tally))
            line: Line = {name: float(total) / over for name, total in tally.items()}
            self.tick(step)
            if judged:
                self.metrics = self.evaluated(state)
            line |= {"step": step, "seconds": self.seconds} | ({"metrics": self.metrics} if self.metrics else {})
            self.recorder.line(line)
        if due(config.sample_every):
            self.recorder.grid(step, self.samples(state, self.grid))
            self.recorder.seen(
                step, real=local(seen.real), fake=local(seen.fake), slopes=self.slopes(state, seen, step)
            )
        if kept or judged:  # what was judged may be the best
            self.save(state, step)
        if recorded:
            self.status("running", step)
            if self.progress:
                self.progress(step, config.steps)
        return True

    def agreed(self, ends: bool, step: int) -> bool:
        """Whether to stop. Several processes ask each other, where a line is recorded: all must stop at the same step."""
        if hosts.place()[1] == 1:
            return ends
        if step % self.config.record_every:
            return False
        return bool(np.any(multihost_utils.process_allgather(np.array(ends))))

    def end(self, state: State | None, step: int, word: str) -> None:
        """A checkpoint of the last state, where there is one, and the last word."""
        if state is not None and bool(training.is_fine(state)):
            self.save(state, step)
        self.status(word, step)

    def save(self, state: State, step: int) -> None:
        """A checkpoint, unless it was written already."""
        if self.kept and self.saved != step:
            self.kept.save(step, state, self.metrics)
            self.saved = step

    # ---- what is looked at

    def samples(self, state: State, z: np.ndarray) -> np.ndarray:
        """Images (N,H,W,C) uint8 of latents (N, latent)."""
        return training.as_bytes(training.sample(self.config, state, z))

    def slopes(self, state: State, seen: Seen, step: int) -> np.ndarray:
        """D's slopes (B,) between real and generated images: those that the penalty saw, or the same without one."""
        if self.config.penalty == "gradient_penalty":
            return local(seen.slopes)
        real = images_of(self.dataset, self.config.batch, self.config.seed, step)
        return np.asarray(training.slopes(structure(self.config), numbers(self.config), brought_home(state), real))

    def evaluated(self, state: State) -> dict[str, float]:
        """Metrics of images of the same latents each time."""
        assert self.evaluate
        z = training.noise(self.config, "evaluation", self.config.evaluate_samples)
        return {name: float(value) for name, value in self.evaluate(self.samples(state, z)).items()}

    # ---- time

    @property
    def seconds(self) -> float:
        """How long the run took so far, what came before this sitting included."""
        return round(self.behind + time.perf_counter() - self.began, 3)

    def tick(self, step: int) -> None:
        """Keeps the rate: steps a second, averaged over `SMOOTH` seconds."""
        now = time.perf_counter()
        took, done = now - self.ticked, step - self.ticked_at
        if done > 0 and took > 0:
            share = 1 - math.exp(-took / SMOOTH) if self.rate else 1.0
            self.rate += share * (done / took - self.rate)
            self.ticked, self.ticked_at = now, step

    def status(self, word: str, step: int, note: str = "") -> None:
        """What status.json says from now on."""
        self.recorder.tell(word, step, round(self.rate, 3), self.seconds, note)

    # ---- images

    def chunk(self, step: int) -> int:
        """Steps of one call: 0, a call an update, on a CPU; on a GPU as many as fit between all that is due."""
        if self.on.devices.flat[0].platform == "cpu":
            return 0
        c = self.config
        every = math.gcd(c.record_every, c.sample_every, c.checkpoint_every, c.evaluate_every, c.steps, step)
        return max(size for size in range(1, MOST_AT_ONCE + 1) if every % size == 0)

    def make(self, begin: int, chunk: int) -> Callable[[int], jax.Array]:
        """The i-th call's images, on the devices: (n_critic, B, H, W, C), or (chunk, n_critic, B, H, W, C)."""
        c = self.config

        def one(step: int) -> np.ndarray:
            images = images_of(self.dataset, c.n_critic * c.batch, c.seed, step, c.flips)
            return images.reshape(c.n_critic, c.batch, *c.shape)

        def call(i: int) -> jax.Array:
            if not chunk:
                return deliver(self.on, one(begin + i), 1)
            return deliver(self.on, np.stack([one(begin + i * chunk + j) for j in range(chunk)]), 2)

        return call
