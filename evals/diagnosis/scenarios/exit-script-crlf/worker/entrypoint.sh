#!/bin/sh
set -eu
echo "worker takes from $2"
exec sleep 3600
