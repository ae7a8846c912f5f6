#!/bin/bash
# Like the official image: fills in /etc/nginx/templates/*.template from the environment.
set -euo pipefail

shopt -s nullglob
for template in /etc/nginx/templates/*.template; do
  # Only variables that exist are replaced, because nginx has variables of its own.
  names=$(compgen -e | sed 's/.*/${&}/')
  envsubst "$names" < "$template" > "/etc/nginx/conf.d/$(basename "$template" .template)"
done
exec "$@"
