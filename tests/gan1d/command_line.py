"""What the command line must say of bad input."""


def bad(ended: tuple[int, str, str]) -> str:
    """The one line that bad input gets."""
    code, out, err = ended
    assert code == 2 and out == ""
    assert err.startswith("gan1d: ") and err.count("\n") == 1 and "Traceback" not in err
    return err
