#!/bin/sh
# Runs a server, and starts it again when it dies: sh scripts/supervise.sh bun src/main.ts
# A shell takes 1.6 MB and 2 ms, another Bun 27 MB. As process 1 of a container it also reaps what others leave behind.
#
# It does not start a server again that ended by itself with 0, whose start was refused (1), or that was told to end (SIGTERM, SIGINT,
# asked twice: 130). Its exit code is passed on. SIGTERM, SIGINT and SIGHUP go to the server.

PAUSE_FIRST=1
PAUSE_LONGEST=30
# The seconds of a good run: the pause after it is the first one again.
GOOD_RUN=60

server=
sleeper=
asked=
pause=$PAUSE_FIRST

pass() {
  [ -z "$server" ] || kill "-$1" "$server" 2> /dev/null
}
end() {
  asked=yes
  # What a shell starts in the background does not hear SIGINT before it says so itself.
  pass TERM
  [ -z "$sleeper" ] || kill "$sleeper" 2> /dev/null
}
# SIGHUP reloads the handlers; if the terminal is gone, it ends the server.
terminal=
if [ -t 0 ] || [ -t 1 ] || [ -t 2 ]; then terminal=yes; fi
hang_up() {
  if [ -n "$terminal" ] && ! (: < /dev/tty) 2> /dev/null; then end; else pass HUP; fi
}
trap end TERM INT
trap hang_up HUP

# Logs are lines of JSON, or plain lines on a terminal.
say() {
  if [ -t 2 ]; then
    echo "$1" >&2
  else
    printf '{"level":"error","time":"%s","message":"%s"}\n' "$(date -u +%Y-%m-%dT%H:%M:%S.000Z)" "$1" >&2
  fi
}

while :; do
  began=$(date +%s)
  "$@" &
  server=$!
  # The signal came before the server had started.
  [ -z "$asked" ] || pass TERM
  while :; do
    wait "$server"
    code=$?
    # A signal ends the wait, and not the server.
    kill -0 "$server" 2> /dev/null || break
  done
  server=
  [ -z "$asked" ] || exit "$code"
  case $code in
    0 | 1 | 129 | 130 | 143) exit "$code" ;;
  esac

  [ $(($(date +%s) - began)) -lt "$GOOD_RUN" ] || pause=$PAUSE_FIRST
  cause="exit code $code"
  [ "$code" -le 128 ] || cause="signal $(kill -l $((code - 128)) 2> /dev/null || echo $((code - 128)))"
  say "The server died ($cause); it starts again in $pause s, and goes on where it was."
  sleep "$pause" &
  sleeper=$!
  wait "$sleeper"
  kill "$sleeper" 2> /dev/null
  sleeper=
  [ -z "$asked" ] || exit 0
  pause=$((pause * 2))
  [ "$pause" -le "$PAUSE_LONGEST" ] || pause=$PAUSE_LONGEST
done
