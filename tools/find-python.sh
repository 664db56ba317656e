#!/bin/sh
# Prints the first Python that can carry gan1d: 3.11 or newer, with venv and ensurepip (Debian keeps those in a package
# of their own). If there is none, says in one line what to install and exits 1. PYTHON= names the only one to try.
set -u

# Runs on any Python, however old, so that an old one is reported instead of failing on our syntax.
probe='
import sys
version = "%d.%d" % sys.version_info[:2]
try:
    import ensurepip, venv
    found = "ready"
except ImportError:
    found = "without-venv"
print(("old" if sys.version_info < (3, 11) else found) + " " + version)
'
old='' bare=''

# 3.11 stands first because it is the version the tests run on.
for python in ${PYTHON:-python3.11 python3.12 python3.13 python3.14 python3}; do
    # Not only "is it on PATH": version managers put commands there that do nothing but fail.
    answer=$("$python" -c "$probe" 2>/dev/null) || continue
    case $answer in
        ready\ *) command -v "$python"; exit 0 ;;
        without-venv\ *) bare=${bare:-${answer#* }} ;;
        old\ *) old=${old:-${answer#* }} ;;
    esac
done

if [ -n "$bare" ]; then
    echo "Python $bare has no venv module; install it with: apt install python$bare-venv" >&2
elif [ -n "$old" ]; then
    echo "Python $old is too old, gan1d needs 3.11 or newer; on Debian 12 or newer: apt install python3 python3-venv" >&2
elif [ -n "${PYTHON:-}" ]; then
    echo "PYTHON=$PYTHON cannot be run; gan1d needs Python 3.11 or newer: apt install python3 python3-venv" >&2
else
    echo "No Python found, gan1d needs 3.11 or newer; on Debian 12 or newer: apt install python3 python3-venv" >&2
fi
exit 1
