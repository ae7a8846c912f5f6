#!/bin/bash
# Like the official image: options alone mean redis-server, which runs as redis and lets
# other containers in without a password.
set -euo pipefail

if [ "${1:0:1}" = - ] || [ "${1%.conf}" != "$1" ]; then
  set -- redis-server "$@"
fi
if [ "$1" = redis-server ] && [ "${2:-}" != --version ]; then
  shift
  # A configuration file has to stay the first argument.
  config=()
  if [ $# -gt 0 ] && [ "${1:0:1}" != - ]; then
    config=("$1")
    shift
  fi
  set -- redis-server "${config[@]}" --protected-mode no "$@"
  if [ "$(id -u)" = 0 ]; then
    find . \! -user redis -exec chown redis {} +
    set -- setpriv --reuid=redis --regid=redis --init-groups "$@"
  fi
fi
exec "$@"
