#!/bin/sh
# Like the official image: options alone, and subcommands such as `healthcheck`, mean traefik.
set -e

if [ "${1#-}" != "$1" ] || traefik "$1" --help >/dev/null 2>&1; then
  set -- traefik "$@"
fi
exec "$@"
