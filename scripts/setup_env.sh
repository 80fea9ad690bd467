#!/usr/bin/env bash
# Makes .venv from the hashed lock files with a Python 3.7, and does nothing when it is up to date.
# uv, in a small environment of its own, where it can be had; pip otherwise.
# What fails or is interrupted leaves the .venv that was there: it waits in .venv.old meanwhile.
set -euo pipefail
cd "$(dirname "$0")/.."
UV_VERSION=0.13.9

if [ "$(uname -m)" != x86_64 ]; then
    echo "error: requirements/lock.txt is for x86_64; for $(uname -m) see docs/ascend.md" >&2
    exit 2
fi

# Where .venv is activated its Python is none to make it with.
PATH=:$PATH:
PATH=${PATH//":$PWD/.venv/bin:"/:}
PATH=${PATH#:} PATH=${PATH%:}

is_python() { # is_python PATH VERSION: whether PATH runs and is that Python
    [ "$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$2" ]
}

up_to_date() {
    [ "$(sed 's/.* //' .venv/.stamp 2>/dev/null)" = "$stamp" ] && is_python .venv/bin/python 3.7
}

find_python37() {
    local candidate
    for candidate in python3 python python3.7; do
        is_python "$candidate" 3.7 && { command -v "$candidate"; return; }
    done
    if command -v pyenv >/dev/null; then
        for candidate in "$(pyenv prefix 3.7.16 2>/dev/null)/bin/python" "$(pyenv root)"/versions/3.7.*/bin/python; do
            is_python "$candidate" 3.7 && { echo "$candidate"; return; }
        done
    fi
    is_python .venv/bin/python 3.7 && echo .venv/bin/python
}

find_uv() {
    local python
    command -v uv && return
    [ -x .uv/bin/uv ] && { echo .uv/bin/uv; return; }
    for python in python3 python3.13 python3.12 python3.11 python3.10 python3.9 /usr/bin/python3; do
        "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 8))' 2>/dev/null || continue
        rm -rf .uv
        "$python" -m venv .uv >/dev/null && .uv/bin/pip install --quiet "uv==$UV_VERSION" >/dev/null 2>&1 &&
            { echo .uv/bin/uv; return; }
    done
    return 1
}

fetch_python37() {
    local uv
    export UV_PYTHON_INSTALL_BIN=0 # nothing outside uv's own folder
    uv=$(find_uv) && "$uv" python install 3.7 >/dev/null 2>&1 && "$uv" python find --system 3.7 2>/dev/null
}

interpreter_of() { # interpreter_of PATH: the real one, not a pyenv shim nor another environment's
    "$1" - <<'PYTHON'
import os, sys
base = os.path.join(getattr(sys, "real_prefix", sys.base_prefix), "bin")
there = [os.path.join(base, name) for name in ("python3.7", "python3", "python")]
print(os.path.realpath(next(filter(os.path.exists, there), sys.executable)))
PYTHON
}

run() { # run COMMAND...: in a process group of its own, that ends when this script is told to
    set -m
    "$@" </dev/null &
    child=$!
    set +m
    wait "$child"
}

with_uv() {
    run "$uv" venv --quiet --python "$python37" .venv &&
        run "$uv" pip install --quiet --python .venv/bin/python --compile-bytecode \
            --no-deps --require-hashes -r requirements/lock.txt -r requirements/data.txt
}

with_pip() {
    run "$python37" -m venv .venv &&
        run .venv/bin/python -m pip install --quiet --disable-pip-version-check \
            --no-deps --require-hashes -r requirements/lock.txt -r requirements/data.txt || return 1
    run .venv/bin/python -m compileall -q .venv/lib || true # some packages carry files for other Pythons
}

there() { [ -e "$1" ] || [ -L "$1" ]; }

put_back() { # what an unfinished .venv has replaced: at once, and only then what takes a while
    ! there .venv || mv .venv .venv.gone
    ! there .venv.old || mv .venv.old .venv
    rm -rf .venv.gone
}

give_up() { # give_up STATUS
    trap '' INT TERM HUP
    [ -z "$child" ] || { kill -- "-$child" && wait "$child"; } 2>/dev/null || true
    exit "$1"
}

exec 9<. # of two at a time the second waits, and finds .venv made
flock 9 2>/dev/null || true
rm -rf .venv.gone
! there .venv.old || put_back # as the last one was killed
stamp=$(cat requirements/lock.txt requirements/data.txt | sha256sum | cut -d' ' -f1)
if up_to_date; then
    exit 0
fi
if ! python37=$(find_python37) && ! python37=$(fetch_python37); then
    echo "error: no Python 3.7 found; install one, for example by 'uv python install 3.7'," \
        "'pyenv install 3.7.16' or 'conda create -n py37 python=3.7', and run this again" >&2
    exit 2
fi
python37=$(interpreter_of "$python37")
uv=$(find_uv) || uv=

echo "Making .venv with $python37" >&2
child=
trap put_back EXIT
trap 'give_up 130' INT
trap 'give_up 143' TERM HUP
! there .venv || mv .venv .venv.old
if [ -z "$uv" ] || ! with_uv; then
    echo "uv cannot make it here; pip takes a minute or two" >&2
    rm -rf .venv
    with_pip
fi
echo "$stamp" >.venv/.stamp
trap - EXIT
! there .venv.old || mv .venv.old .venv.gone # at once: half of it is none to put back
rm -rf .venv.gone
