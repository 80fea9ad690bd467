#!/usr/bin/env bash
# Makes .venv from the hashed lock files with a Python 3.7, and does nothing when it is up to date.
# uv, in a small environment of its own, where it can be had; pip otherwise.
set -euo pipefail
cd "$(dirname "$0")/.."
UV_VERSION=0.13.9

if [ "$(uname -m)" != x86_64 ]; then
    echo "error: requirements/lock.txt is for x86_64; for $(uname -m) see the README's Ascend part" >&2
    exit 2
fi

is_python() { # is_python PATH VERSION: whether PATH runs and is that Python
    [ "$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$2" ]
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
    return 1
}

if ! python37=$(find_python37); then
    echo "error: no Python 3.7 found; install one, for example by 'pyenv install 3.7.16', and run this again" >&2
    exit 2
fi
# The real interpreter: a pyenv shim is none.
python37=$("$python37" -c 'import sys; print(sys.executable)')
stamp="$python37 $(cat requirements/lock.txt requirements/data.txt | sha256sum | cut -d' ' -f1)"
if [ "$(cat .venv/.stamp 2>/dev/null)" = "$stamp" ]; then
    exit 0
fi

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

with_uv() {
    local uv
    uv=$(find_uv) &&
        "$uv" venv --quiet --python "$python37" .venv &&
        "$uv" pip install --quiet --python .venv/bin/python --compile-bytecode \
            --no-deps --require-hashes -r requirements/lock.txt -r requirements/data.txt
}

with_pip() {
    "$python37" -m venv .venv &&
        .venv/bin/python -m pip install --quiet --disable-pip-version-check \
            --no-deps --require-hashes -r requirements/lock.txt -r requirements/data.txt || return 1
    .venv/bin/python -m compileall -q .venv/lib || true # some packages carry files for other Pythons
}

echo "Making .venv with $python37" >&2
rm -rf .venv
if ! with_uv; then
    echo "uv cannot be had here; pip takes a minute or two" >&2
    rm -rf .venv
    with_pip
fi
echo "$stamp" >.venv/.stamp
