"""For every test: in continuous integration Hypothesis tries the same examples each time; elsewhere it goes on looking for new ones."""

import os

from hypothesis import settings

settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
