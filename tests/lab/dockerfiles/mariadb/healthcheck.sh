#!/bin/sh
# The server of the first start has no network, so that a ping by TCP proves the final one.
exec mariadb-admin ping --silent --protocol=tcp --host=127.0.0.1
