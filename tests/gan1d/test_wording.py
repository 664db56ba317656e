"""The package's own texts: each is read by its subject's name, and each has something to say."""

import pytest

from gan1d import wording

SUBJECTS = sorted(path.name.split(".")[0] for path in wording.HERE.glob("*.json"))


def strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for part in value.values() for text in strings(part)]
    if isinstance(value, list):
        return [text for part in value for text in strings(part)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_is_read_by_its_name(subject: str) -> None:
    found = wording.wording(subject)
    assert isinstance(found, dict) and strings(found)
    assert not any("TODO" in text or text != text.strip("\n") for text in strings(found))


def test_no_file_is_of_another_language_alone() -> None:
    """A translation has the files of the first language."""
    languages = {path.name.split(".")[1] for path in wording.HERE.glob("*.json")}
    for language in languages:
        assert sorted(path.name.split(".")[0] for path in wording.HERE.glob(f"*.{language}.json")) == SUBJECTS
