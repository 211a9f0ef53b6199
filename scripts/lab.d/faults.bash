# What breaks a network, as commands; each stays across reboots until it is taken back. Sourced by scripts/lab.
# NAME is a machine's first interface, NAME:INTERFACE any.
# shellcheck shell=bash

# Sets N, M and C, the cable's folder.
cable() {                 # cable NAME[:INTERFACE]
  machine "${1%%:*}"
  C=$M/cable0
  case $1 in *:*) ;; *) return 0 ;; esac
  for C in "$M"/cable*; do [ "$(get "$C/if")" != "${1#*:}" ] || return 0; done
  die "'$N' has no interface ${1#*:}; it has: $(cat "$M"/cable*/if | paste -sd' ')"
}

fault() {                 # fault NAME KIND VALUE : record (empty = none) and apply
  cable "$1"
  lock "$N"
  if [ -n "$3" ]; then put "$C/fault.$2" "$3"; else rm -f "$C/fault.$2"; fi
  if init_pid "$M" >/dev/null && ! cable_faults "$C"; then
    rm -f "$C/fault.$2"
    cable_faults "$C"
    die "$2 could not be applied and is off; the reason stands above"
  fi
  unlock
}
cmd_link() {
  case ${2:-} in
    up) fault "$1" link '' ;;
    down) fault "$1" link down ;;
    *) die "usage: lab link NAME up|down" ;;
  esac
}
cmd_rate() {
  case ${2:-} in
    off) fault "$1" rate '' ;;
    [1-9]*bit) [[ $2 =~ ^[0-9]+(k|m|g)?bit$ ]] || die "rate: use for example 512kbit, 10mbit"
      fault "$1" rate "$2" ;;
    *) die "usage: lab rate NAME 10mbit|off" ;;
  esac
}
cmd_loss() {
  local v
  if [ "${2:-}" = off ]; then fault "$1" loss ''; return; fi
  [[ ${2:-} =~ ^([0-9]+)(\.([0-9]{1,2}))?%$ ]] || die "usage: lab loss NAME 2%|0.5%|off"
  v=${BASH_REMATCH[3]:-}00
  v=$((10#${BASH_REMATCH[1]} * 100 + 10#${v:0:2}))       # in 1/10000
  [ "$v" -le 10000 ] || die "loss: at most 100%"
  if [ "$v" = 0 ]; then fault "$1" loss ''; else fault "$1" loss "$v"; fi
}
cmd_delay() {
  local v
  if [ "${2:-}" = off ]; then fault "$1" delay ''; return; fi
  [[ ${2:-} =~ ^([0-9]{1,5})ms$ ]] || die "usage: lab delay NAME 50ms|off"
  v=$((10#${BASH_REMATCH[1]}))
  if [ "$v" = 0 ]; then fault "$1" delay ''; else fault "$1" delay "$v"; fi
}

# The carrier stays, and nobody is told: a connection stays open on the side that hears nothing more.
cmd_halfopen() {
  case ${2:-} in
    off) fault "$1" oneway '' ;;
    in | out | both) fault "$1" oneway "$2" ;;
    *) die "usage: lab halfopen NAME in|out|both|off" ;;
  esac
}

# A wrong clock for what `exec`, SSH sessions and HotSync's units start; the kernel's and systemd's own stay right. The
# library makes a variable of its own when a process begins, and Swift then finds no arguments: so env goes first.
cmd_clock() {
  local offset=${2:-}
  machine "${1:-}"; running
  case $offset in
    off) offset='' ;;
    *) [[ $offset =~ ^[+-][0-9]+[smhdy]$ ]] || die "usage: lab clock NAME +90m|-3d|off" ;;
  esac
  lock "$N"
  put "$M/clock" "$offset"
  # shellcheck disable=SC2016
  TRUE_CLOCK=1 inside "$M" "$INIT" bash -e -c '
    variables=("$@")
    sshd=/etc/ssh/sshd_config.d/lab-clock.conf
    rm -f "$sshd" /etc/systemd/system/hotsync*.service.d/lab-clock.conf
    if [ $# -gt 0 ]; then
      mkdir -p /etc/ssh/sshd_config.d
      echo "SetEnv ${variables[*]}" >"$sshd"
      for file in /lib/systemd/system/hotsync*.service; do
        [ -e "$file" ] || continue
        folder=/etc/systemd/system/${file##*/}.d
        mkdir -p "$folder"
        { echo "[Service]"; printf "Environment=\"%s\"\n" "${variables[@]}"; echo ExecStart=
          sed -n "s|^ExecStart=|ExecStart=/usr/bin/env |p" "$file"; } >"$folder/lab-clock.conf"
      done
    fi
    systemctl daemon-reload
    ! systemctl is-active --quiet ssh || systemctl reload ssh' clock $(clock_variables "$M") ||
    die "the clock of '$N' could not be set"
  unlock
}
# For programs with threads that wait by the monotonic clock, as glibc since 2.34 needs it.
clock_variables() {       # clock_variables M
  local offset
  offset=$(get "$1/clock")
  [ -z "$offset" ] || printf '%s\n' 'LD_PRELOAD=/usr/$LIB/faketime/libfaketimeMT.so.1' "FAKETIME=$offset" \
    DONT_FAKE_MONOTONIC=1 FAKETIME_FORCE_MONOTONIC_FIX=0 NO_FAKE_STAT=1 FAKE_UTIME=0
}
