"""What several commands take: a scenario or a file, with changes."""

import json
from pathlib import Path

import pytest

import gan1d
from gan1d.arguments import config_of
from gan1d.config import ConfigError


def test_a_scenario_with_changes() -> None:
    name, config = config_of("far-modes-linear", "dropout", ["data.means=[-3, 9]", "training.loss=hinge"], 4)
    scenario = gan1d.scenarios["far-modes-linear"].with_discriminator("dropout").config
    changed = {"data.means": [-3, 9], "training.loss": "hinge", "training.seed": 4}
    assert (name, config) == ("far-modes-linear", scenario.replace(**changed))


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text(json.dumps({"data": {"means": [1], "stds": [2]}}))
    name, config = config_of(str(tmp_path / "mine.json"), None, [], None)
    assert name == "mine" and config == gan1d.Config.from_dict({"data": {"means": [1], "stds": [2]}})


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    none = str(tmp_path / "none.json")
    with pytest.raises(ConfigError, match=r"FILE: .*it must be a file that can be read"):
        config_of(none, None, [], None)
    for arguments in (("no-such", None, []), ("divergence", "large", []), ("divergence", None, ["training.lr_g"])):
        with pytest.raises(ConfigError):
            config_of(*arguments, None)
