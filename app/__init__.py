"""The web app."""

import os

# On a GPU the app takes the memory that it uses, and leaves the rest to others.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
