#!/bin/sh
# Brings .venv to the state that the requirements describe; does nothing when it is there already.
#   sh tools/install.sh packages|runtime|dev|bench
# packages: what gan1d imports; runtime: and gan1d itself; dev: and what tests and checks need; bench: and its peers in speed.
# CUDA=1 adds JAX for NVIDIA GPUs and is remembered; CUDA=0 goes back to the CPU alone.
set -eu
cd "$(dirname "$0")/.."
root=$(pwd -P)
level=$1
venv=.venv
unfinished=$venv/.unfinished
log=$venv/install.log

case ${CUDA-} in
    1) flavour=cuda13 ;;
    0) flavour=cpu ;;
    '') if [ -e $venv/.cuda13 ]; then flavour=cuda13; else flavour=cpu; fi ;;
    *) echo "CUDA=$CUDA is neither 1 (NVIDIA GPUs) nor 0 (CPU)" >&2; exit 1 ;;
esac

# A stamp holds what its level was made from: content decides, not time, which a checkout or a copy changes. The folder
# is part of it, since the scripts of a virtual environment name their interpreter by its absolute path.
stamp() {
    echo "$flavour $root"
    case $1 in
        packages) cat constraints.txt requirements.txt ;;
        runtime) cat constraints.txt requirements.txt pyproject.toml ;;
        dev) cat constraints.txt requirements.txt pyproject.toml requirements-dev.txt ;;
        bench) cat constraints.txt requirements.txt pyproject.toml requirements-dev.txt requirements-bench.txt ;;
    esac | cksum
}

# With "write", notes what stands in site-packages; with "check", fails unless all of that is still there.
contents() {
    "$venv/bin/python" -c '
import os, sys, sysconfig
there = set(os.listdir(sysconfig.get_path("purelib"))) - {"__pycache__"}
action, path = sys.argv[1:]
if action == "write":
    open(path, "w").write("\n".join(sorted(there)))
elif not set(open(path).read().split("\n")) <= there:
    sys.exit(1)
' "$1" $venv/.contents 2>/dev/null
}

current() {
    [ ! -e $unfinished ] && [ "$(cat "$venv/.$level" 2>/dev/null)" = "$(stamp "$level")" ] && contents check
}

current && exit 0

# One installation at a time, also when two targets are started side by side. The lock is on the folder itself, so no
# file is left behind; where there is no flock the second simply installs too.
exec 9<.
if command -v flock >/dev/null 2>&1; then
    flock 9
    if current; then exit 0; fi
fi

rebuild=''
if [ -e $unfinished ]; then
    rebuild='The last installation into .venv did not finish; starting afresh.'
elif [ -e $venv ]; then
    # pip does not take an extra's packages away again, and a moved environment cannot be mended. CUDA on top of CPU
    # is the one change of flavour that needs no fresh start.
    made_for=$(head -n 1 $venv/.packages 2>/dev/null || true)
    if [ "$made_for" != "$flavour $root" ] && [ "$made_for, $flavour" != "cpu $root, cuda13" ]; then
        rebuild='.venv was made elsewhere or otherwise; making it anew.'
    elif ! contents check; then
        rebuild='.venv is damaged; making it anew.'
    fi
fi

if [ -n "$rebuild" ] || [ ! -e $venv ]; then
    python=$(sh tools/find-python.sh)
    [ -z "$rebuild" ] || echo "$rebuild"
    rm -rf $venv
    mkdir $venv
    : >$unfinished
    if ! problem=$("$python" -m venv $venv 2>&1); then
        rm -rf $venv
        echo "$python could not make .venv: $(echo "$problem" | tail -n 1)" >&2
        exit 1
    fi
fi
: >$unfinished
: >$log

pip() {
    PIP_DISABLE_PIP_VERSION_CHECK=1 "$venv/bin/python" -m pip install --no-input --quiet "$@" >>$log 2>&1 && return
    reason=$(grep '^ERROR' $log | tail -n 1)
    if grep -q 'Retrying (' $log; then reason='the package index cannot be reached'; fi
    echo "Installing failed: ${reason:-pip stopped} (its whole output: $log)" >&2
    exit 1
}

case $flavour in
    cpu) cuda='' about='one to three minutes' ;;
    cuda13) cuda='jax[cuda13]' about='two to ten minutes, 5 GB on disk' ;;
esac
case $level in
    bench) list=requirements-bench.txt levels='packages runtime dev bench' ;;
    dev) list=requirements-dev.txt levels='packages runtime dev' ;;
    runtime) list=requirements.txt levels='packages runtime' ;;
    packages) list=requirements.txt levels='packages' ;;
    *) echo "tools/install.sh: '$level' is none of packages, runtime, dev, bench" >&2; exit 1 ;;
esac

echo "Installing the pinned packages into .venv: about $about, this once."
if [ "$flavour" = cuda13 ] && ! command -v nvidia-smi >/dev/null 2>&1; then
    echo 'No NVIDIA driver found here (no nvidia-smi): until there is one, JAX runs on the CPU.'
fi
started=$(date +%s)
# setuptools builds gan1d's own wheel: from here it has a pinned version, in pip's build isolation it would have none.
pip -r $list -c constraints.txt setuptools ${cuda:+"$cuda"}
[ "$level" = packages ] || pip --no-deps --no-build-isolation -e .
contents write

if [ "$flavour" = cuda13 ]; then : >$venv/.cuda13; fi
rm -f $venv/.packages $venv/.runtime $venv/.dev $venv/.bench
for done in $levels; do stamp "$done" >"$venv/.$done"; done
rm $unfinished
echo "Installed in $(($(date +%s) - started)) s."
