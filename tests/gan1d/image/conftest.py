"""What the tests of images share."""

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from gan1d.image.data import DataError, load


@pytest.fixture
def refused() -> Callable[..., str]:
    """Reads a path that must be refused, in one line and without a warning: that line."""

    def read(path: Path, **keys) -> str:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(DataError) as found:
                load(path, **keys)
        text = str(found.value)
        assert "\n" not in text and len(text) < 400
        return text

    return read
