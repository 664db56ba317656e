#!/bin/sh
# Sees to it that the browser tests find a Chrome or Chromium; CHROMIUM= names one that stands elsewhere. As root on
# Debian installs the one that is missing. Else says so in one line, and fails only in CI, where nothing may be skipped.
set -u

if [ -n "${CHROMIUM:-}" ]; then
    set -- "$CHROMIUM"
else
    set -- chromium chromium-browser google-chrome
fi
for browser; do
    if command -v "$browser" >/dev/null 2>&1; then exit 0; fi
done

missing() {
    case ${CI:-false} in
        false | 0) echo "$1; the browser tests are skipped"; exit 0 ;;
        *) echo "$1; in CI the browser tests must run" >&2; exit 1 ;;
    esac
}

if [ -n "${CHROMIUM:-}" ]; then
    missing "CHROMIUM=$CHROMIUM is not there"
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    missing "No Chrome or Chromium found; install it with: apt install chromium"
fi

echo "Installing Debian's chromium for the browser tests: about a minute, this once."
log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
# Of what Debian recommends beside it only a font is needed: without one, pages have no letters.
if apt-get update -qq >"$log" 2>&1 &&
    apt-get install -y -qq --no-install-recommends chromium fonts-liberation >>"$log" 2>&1; then
    rm "$log"
    exit 0
fi
missing "Could not install chromium (see $log); try: apt install chromium"
