#!/bin/sh
# Becomes a server that cannot outlive the process which started it.
#
#   tether.sh SIGNAL DIRECTORY COMMAND [ARGUMENT ...]
#
# The starter holds the other end of our stdin. When that closes, for whatever cause (exit, SIGINT, SIGKILL),
# the watcher sends SIGNAL to the server, waits for its end, and removes DIRECTORY (where it is not empty).
# The server takes over this process by exec, so its pid and exit code are what the starter sees.
signal=$1
directory=$2
shift 2
server=$$
exec 3<&0
(
  # Forked twice: a server such as PostgreSQL must not find a child it never made.
  (
    cat <&3 >/dev/null 2>&1
    kill -s "$signal" "$server" 2>/dev/null
    tries=0
    while kill -0 "$server" 2>/dev/null; do
      tries=$((tries + 1))
      [ "$tries" -eq 100 ] && kill -s KILL "$server" 2>/dev/null
      [ "$tries" -ge 120 ] && break
      sleep 0.1
    done
    [ -n "$directory" ] && rm -rf "$directory"
  ) </dev/null >/dev/null 2>&1 3<&3 &
)
exec 3<&-
exec "$@" </dev/null
