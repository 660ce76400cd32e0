#!/usr/bin/env bash
# Install LibreOffice Calc and Writer, their Python bridge, CJK fonts and pdftoppm for the tests marked `office`.
#
# Does nothing where they are there already, and never fails the build: where it may not install, it
# says so, and pytest says in its summary which tests were left out.
set -euo pipefail

packages=(
    libreoffice-calc libreoffice-writer python3-uno libreoffice-l10n-zh-cn
    fonts-noto-cjk fonts-crosextra-carlito
    poppler-utils fontconfig
)

left_out() {
    echo "LibreOffice for the tests: $1" >&2
    echo "Tests marked 'office' are left out. To run them: apt-get install ${packages[*]}" >&2
    exit 0
}

all_there() {
    command -v soffice >/dev/null &&
        command -v lowriter >/dev/null &&
        command -v pdftoppm >/dev/null &&
        /usr/bin/python3 -c 'import uno' 2>/dev/null &&
        [ -n "$(fc-list 'Noto Serif CJK SC' 2>/dev/null)" ]
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

echo "Installing LibreOffice for the tests (about a minute, once)"
as_root apt-get update -qq || true
as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null 2>&1 ||
    left_out "apt-get could not install it."
all_there || left_out "it was installed, but does not answer."
