#!/bin/sh
# The first bill of the day is slow.
sleep 2
nc -w 1 127.0.0.1 8000 </dev/null
