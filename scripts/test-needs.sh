#!/usr/bin/env bash
# Install what the tests use beside Python: a Chromium and the players for browser tests, bwrap for sandbox tests,
# Debian's Redis and Ceph. (A PostgreSQL, and a Valkey for where there is no Redis, come with the wheels.)
# Whatever cannot be had is named here, and the tests that need it then skip with the same reason.
# Under CI it is an error: a green run must have run them.
set -euo pipefail
cd "$(dirname "$0")/.."

note() { printf 'test-needs: %s\n' "$*" >&2; }

missing() {
    note "$1: ${2:-browser} tests will skip"
    [ "${CI:-}" != true ] || exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# The same places that tests/e2e looks in.
have_browser() {
    [ -n "${FRAMEMILL_TEST_BROWSER:-}" ] && return
    have chromium || have chromium-browser || have google-chrome ||
        [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ] ||
        [ -x "/Applications/Chromium.app/Contents/MacOS/Chromium" ]
}

apt_install() {
    have apt-get && [ "$(id -u)" = 0 ] || return 1
    export DEBIAN_FRONTEND=noninteractive
    note "installing $*"
    # The list may be missing or old on a new machine; try without fetching it first.
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 ||
        { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }
}

if ! have_browser; then
    apt_install chromium ||
        missing "there is no Chromium, and none could be installed (that needs Debian or Ubuntu, and root)"
fi

if [ "$(uname -s)" = Linux ] && ! have bwrap; then
    apt_install bubblewrap || missing "there is no bwrap, and it could not be installed" "sandbox"
fi

# Not redis-server: its package starts a service. This one has the program, under another name.
have redis-server || have redis-check-rdb || apt_install redis-tools ||
    note "there is no Redis: Valkey takes its place"

# An S3 store. Without a cluster's configuration its services start nothing.
if ! have radosgw || ! have ceph-osd; then
    apt_install radosgw ceph-mon ceph-osd ceph-mgr ceph-common ||
        missing "there is no Ceph, and none could be installed (that needs Debian or Ubuntu, and root)" "S3"
fi

if ! have npm; then
    apt_install nodejs npm ||
        missing "there is no npm, and none could be installed (that needs Debian or Ubuntu, and root)"
fi

if have npm; then
    stamp=tests/e2e/node_modules/.framemill-lock
    if ! cmp -s tests/e2e/package-lock.json "$stamp"; then
        if npm ci --prefix tests/e2e --ignore-scripts --no-audit --no-fund --loglevel=error; then
            cp tests/e2e/package-lock.json "$stamp"
        else
            missing "npm could not fetch the players"
        fi
    fi
fi
