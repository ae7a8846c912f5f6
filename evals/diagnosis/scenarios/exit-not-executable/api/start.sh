#!/bin/sh
set -eu
echo "api listens on $2"
exec httpd -f -p "$2" -h /srv/www
