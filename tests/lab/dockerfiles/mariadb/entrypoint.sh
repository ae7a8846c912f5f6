#!/bin/bash
# Keeps the official image's contract: MARIADB_ROOT_PASSWORD, MARIADB_ALLOW_EMPTY_ROOT_PASSWORD,
# MARIADB_RANDOM_ROOT_PASSWORD, MARIADB_DATABASE, MARIADB_USER and MARIADB_PASSWORD, each also
# as MYSQL_ and as _FILE, and /docker-entrypoint-initdb.d.
set -euo pipefail

DATA=/var/lib/mysql

setting() {
  local name value
  for name in "MARIADB_$1" "MYSQL_$1"; do
    local file="${name}_FILE"
    if [ -n "${!file:-}" ]; then value=$(< "${!file}"); else value=${!name:-}; fi
    if [ -n "$value" ]; then
      printf '%s' "$value"
      return
    fi
  done
}

quoted() {
  printf "'%s'" "$(sed -e 's/\\/\\\\/g' -e "s/'/''/g" <<< "$1")"
}

client() {
  MYSQL_PWD=$root_password mariadb --protocol=socket --user=root "$@"
}

accounts() {
  echo "DELETE FROM mysql.global_priv WHERE User = 'root' AND Host <> 'localhost';"
  echo "FLUSH PRIVILEGES;"
  echo "CREATE USER 'root'@'%' IDENTIFIED BY $(quoted "$root_password");"
  echo "GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;"
  [ -z "$database" ] || echo "CREATE DATABASE IF NOT EXISTS \`$database\`;"
  if [ -n "$user" ]; then
    echo "CREATE USER $(quoted "$user")@'%' IDENTIFIED BY $(quoted "$password");"
    [ -z "$database" ] || echo "GRANT ALL ON \`$database\`.* TO $(quoted "$user")@'%';"
  fi
  echo "ALTER USER 'root'@'localhost' IDENTIFIED BY $(quoted "$root_password");"
}

run_scripts() {
  local script into=()
  [ -z "$database" ] || into=("$database")
  for script in /docker-entrypoint-initdb.d/*; do
    case $script in
      *.sql) echo "running $script"; client "${into[@]}" < "$script" ;;
      *.sql.gz) echo "running $script"; gunzip -c "$script" | client "${into[@]}" ;;
      # shellcheck source=/dev/null
      *.sh) echo "running $script"; if [ -x "$script" ]; then "$script"; else . "$script"; fi ;;
    esac
  done
}

initialise() {
  root_password=$(setting ROOT_PASSWORD)
  database=$(setting DATABASE) user=$(setting USER) password=$(setting PASSWORD)
  if [ -z "$root_password" ] && [ -n "$(setting RANDOM_ROOT_PASSWORD)" ]; then
    root_password=$(head -c 24 /dev/urandom | base64)
    echo "GENERATED ROOT PASSWORD: $root_password"
  fi
  if [ -z "$root_password" ] && [ -z "$(setting ALLOW_EMPTY_ROOT_PASSWORD)" ] \
    && [ -z "$(setting ALLOW_EMPTY_PASSWORD)" ]; then
    echo "Database is uninitialized and password option is not specified." >&2
    echo "You need to specify one of MARIADB_ROOT_PASSWORD," \
      "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD and MARIADB_RANDOM_ROOT_PASSWORD." >&2
    exit 1
  fi
  mariadb-install-db --datadir="$DATA" --auth-root-authentication-method=normal \
    --skip-test-db > /dev/null
  mariadbd --skip-networking &
  local server=$!
  until mariadb-admin ping --silent --protocol=socket 2> /dev/null; do
    kill -0 "$server"
    sleep 0.2
  done
  accounts | mariadb --protocol=socket --user=root
  run_scripts
  kill "$server"
  wait "$server"
  echo "MariaDB init process done. Ready for start up."
}

if [ "${1:0:1}" = - ]; then
  set -- mariadbd "$@"
fi
if [[ $1 = mariadbd || $1 = mysqld ]] && [ "${2:-}" != --version ]; then
  if [ "$(id -u)" = 0 ]; then
    find "$DATA" \! -user mysql -exec chown mysql:mysql {} +
    exec setpriv --reuid=mysql --regid=mysql --init-groups "$0" "$@"
  fi
  [ -d "$DATA/mysql" ] || initialise
fi
exec "$@"
