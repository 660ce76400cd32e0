#!/usr/bin/env bash
# Install Debian's Chromium, CJK fonts and pdftotext for the tests marked `browser`.
#
# Does nothing where they are there already, and never fails the build: where it may not install, it
# says so, and pytest says in its summary which tests were left out.
set -euo pipefail

packages=(chromium fonts-noto-cjk poppler-utils fontconfig)

left_out() {
    echo "Chromium for the tests: $1" >&2
    echo "Tests marked 'browser' are left out. To run them: apt-get install ${packages[*]}" >&2
    exit 0
}

all_there() {
    { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null &&
        command -v pdftotext >/dev/null &&
        [ -n "$(fc-list 'Noto Sans CJK SC' 2>/dev/null)" ]
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

all_there && exit 0
command -v apt-get >/dev/null || left_out "this system has no apt-get."
as_root true 2>/dev/null || left_out "it is not (wholly) there, and only root may install it."

echo "Installing Chromium for the tests (about a minute, once)"
as_root apt-get update -qq || true
as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null 2>&1 ||
    left_out "apt-get could not install it."
all_there || left_out "it was installed, but is not on the path."
