# What every room stands on: messages, locks, recorded processes, machines by name. Sourced by scripts/lab.
# shellcheck shell=bash disable=SC2034

die()  { printf 'lab: %s\n' "$*" >&2; exit 1; }
say()  { printf 'lab: %s\n' "$*"; }
warn() { printf 'lab: warning: %s\n' "$*" >&2; }

# need COMMAND PACKAGE ... : install what is missing, or say what to install.
need() {
  local missing=()
  while [ $# -gt 1 ]; do
    command -v "$1" >/dev/null 2>&1 || missing+=("$2")
    shift 2
  done
  [ ${#missing[@]} = 0 ] && return 0
  command -v apt-get >/dev/null || die "missing tools; install: ${missing[*]}"
  say "installing on this box: ${missing[*]}"
  { apt-get -qq update && DEBIAN_FRONTEND=noninteractive \
      apt-get -qq -y --no-install-recommends install "${missing[@]}"; } \
    >"$LAB_DIR/apt.log" 2>&1 ||
    die "could not install ${missing[*]} (see $LAB_DIR/apt.log); install them and try again"
}

# One lock for each machine, so that two commands do not work on it at a time, and a few short ones (switch, alloc,
# gateway; the images' own). Whatever stays running in the background must give up the inherited ones: unlock_all.
LOCKS=()
lock() {                  # lock NAME [FOLDER]
  local fd folder=${2:-$LAB_DIR}/lock
  mkdir -p "$folder"
  exec {fd}>"$folder/$1"
  flock -w 600 "$fd" || die "another lab command has been working on '$1' for 10 minutes; look with: ps -ef | grep lab"
  LOCKS+=("$fd")
}
unlock() {                # the latest one
  local fd
  [ ${#LOCKS[@]} -gt 0 ] || return 0
  fd=${LOCKS[-1]}
  unset 'LOCKS[-1]'
  exec {fd}>&-
}
unlock_all() { while [ ${#LOCKS[@]} -gt 0 ]; do unlock; done; }

# put FILE VALUE: write a small file in one step.
put() { printf '%s\n' "$2" >"$1.new" && mv -f "$1.new" "$1"; }
get() { cat "$1" 2>/dev/null; }

# --- recorded processes -----------------------------------------------------

# Start time of a process (field 22 of its stat), empty when there is none.
proc_start() {
  local s
  s=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  s=${s##*) }
  # shellcheck disable=SC2086
  set -- $s
  [ "$1" != Z ] && printf '%s' "${20}"
}
# record FILE: note the current (sub)shell; exec keeps its PID.
record() {
  local pid rest
  read -r pid rest </proc/self/stat      # the host's number, also in a PID namespace
  : "$rest"
  put "$1" "$pid $(proc_start "$pid")"
}
# alive FILE: print the PID if that very process still runs.
alive() {
  local pid start
  read -r pid start 2>/dev/null <"$1" || return 1
  [ -n "$start" ] && [ "$(proc_start "$pid")" = "$start" ] && printf '%s' "$pid"
}
# stop_recorded FILE SIGNAL
stop_recorded() {
  local pid i
  if pid=$(alive "$1"); then
    kill -s "$2" "$pid" 2>/dev/null
    for ((i = 0; i < 50; i++)); do alive "$1" >/dev/null || break; sleep 0.1; done
    alive "$1" >/dev/null && kill -s KILL "$pid" 2>/dev/null
  fi
  rm -f "$1"
}

# --- machines by name -------------------------------------------------------

mdir() { printf '%s/m/%s' "$LAB_DIR" "$1"; }
check_name() {
  [[ ${1:-} =~ ^[a-z][a-z0-9-]{0,30}$ ]] ||
    die "bad machine name '${1:-}'; use a-z, 0-9 and -, starting with a letter"
}
# The machine must exist; sets N (name) and M (folder).
machine() {
  check_name "${1:-}"
  N=$1 M=$(mdir "$1")
  [ -e "$M/created" ] || die "no machine '$N'; create it with: lab up $N"
}
init_pid() { alive "$1/init.pid"; }
running() {
  INIT=$(init_pid "$M") || die "machine '$N' is off; start it with: lab boot $N"
}
