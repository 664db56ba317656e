"""For every test: in continuous integration Hypothesis tries the same examples each time; elsewhere it goes on looking for new ones.

Compiled programs are given up after a file when there are many: a process has only so many memory maps, and past them the compiler
ends it.
"""

import gc
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

os.environ["GAN1D_WARM"] = "0"  # servers under test compile nothing ahead: it would take the tests' cores

if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
):  # begun in the background: what is started here would never hear Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


MAPS = Path("/proc/self/maps")
MANY = 20_000
"""Memory maps; Linux gives a process 65 530 unless told otherwise."""


@pytest.fixture(scope="module", autouse=True)
def programs_given_up() -> Iterator[None]:
    yield
    if "jax" in sys.modules and (not MAPS.exists() or MAPS.read_bytes().count(b"\n") > MANY):
        sys.modules["jax"].clear_caches()
        gc.collect()
