"""The app as `gan1d app` serves it, but for what trains: it counts, so that a test need not wait for a compiler. Called: PORT."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

from app.images import training  # noqa: E402
from gan1d.cli import main  # noqa: E402

if __name__ == "__main__":
    training.COMMAND = (sys.executable, str(ROOT / "tests" / "app" / "fake_trainer.py"))
    os.environ["FAKE_SLEEP"] = "0.2"  # long enough to be looked at on its way
    sys.argv = ["gan1d", "app", "--port", sys.argv[1]]
    main()
