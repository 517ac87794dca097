#!/usr/bin/env bash
# Make .venv with a fitting Python and put uv into it. Does nothing when both are there.
# Set PYTHON to choose the interpreter.
set -euo pipefail
cd "$(dirname "$0")/.."

fits='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))'

find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11; do
        # Run it: a shim can exist for a Python that does not.
        if "$candidate" -c "$fits" >/dev/null 2>&1; then
            printf '%s\n' "$candidate"
            return
        fi
        if [ "$candidate" = "${PYTHON:-}" ]; then
            echo "PYTHON=$PYTHON is not a Python between 3.11 and 3.14." >&2
            exit 1
        fi
    done
    echo "Framemill needs Python 3.11, 3.12, 3.13 or 3.14, and none was found." >&2
    echo "Debian, Ubuntu: apt install python3 python3-venv    macOS: brew install python@3.13" >&2
    exit 1
}

# A .venv of an unfitting or vanished Python is of no use: begin anew.
if [ -e .venv ] && ! .venv/bin/python -c "$fits" >/dev/null 2>&1; then
    echo "replacing .venv: its Python is gone or not between 3.11 and 3.14"
    rm -rf .venv
fi

if [ ! -x .venv/bin/python ]; then
    python=$(find_python)
    if ! "$python" -m venv .venv; then
        rm -rf .venv
        echo "That Python cannot make a virtual environment." >&2
        echo "Debian, Ubuntu: apt install python3-venv" >&2
        exit 1
    fi
fi

if ! .venv/bin/uv --version >/dev/null 2>&1; then
    .venv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9,<1'
fi
