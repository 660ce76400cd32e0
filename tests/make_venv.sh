#!/usr/bin/env bash
# Make a virtual environment: tests/make_venv.sh DIRECTORY
#
# Takes the first Python of 3.11 or later (or $PYTHON). Debian ships Python without the venv module;
# then it is installed where we may, or virtualenv takes its place, or we say what is missing.
set -euo pipefail

venv="${1:?usage: make_venv.sh DIRECTORY}"

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    local name
    for name in ${PYTHON:-python3 python3.11 python3.12 python3.13 python3.14 python}; do
        if new_enough "$name"; then
            command -v "$name"
            return
        fi
    done
    echo "No Python 3.11 or later was found (looked for: ${PYTHON:-python3, python3.11 … 3.14, python})." >&2
    echo "Please install one, e.g. 'apt-get install python3', or name it: make PYTHON=/path/to/python3 …" >&2
    return 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

usable() { [ -x "$venv/bin/python" ] && new_enough "$venv/bin/python" && "$venv/bin/python" -m pip --version >/dev/null 2>&1; }

make_it() {
    # A failed attempt (Debian without python3-venv) leaves half a directory behind.
    "$@" >/dev/null 2>&1 && usable || { rm -rf "$venv"; return 1; }
}

if usable; then
    exit 0
fi
rm -rf "$venv"
python="$(find_python)"
echo "Making $venv with $("$python" --version) ($python)"

make_it "$python" -m venv "$venv" && exit 0

version="$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
if command -v apt-get >/dev/null && as_root true 2>/dev/null; then
    echo "Its venv module is missing: installing python$version-venv"
    as_root apt-get update -qq || true
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "python$version-venv" >/dev/null || true
    make_it "$python" -m venv "$venv" && exit 0
fi

echo "Its venv module is missing: trying virtualenv instead"
if ! "$python" -m virtualenv --version >/dev/null 2>&1; then
    "$python" -m pip install --quiet --user virtualenv 2>/dev/null ||
        "$python" -m pip install --quiet --user --break-system-packages virtualenv || true
fi
make_it "$python" -m virtualenv "$venv" && exit 0

echo "A virtual environment could not be made. Please install one of:" >&2
echo "    apt-get install python$version-venv        (as root)" >&2
echo "    $python -m pip install --user virtualenv" >&2
exit 1
