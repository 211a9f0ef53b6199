# The commands' table, their help, and those that look at a whole lab. Sourced by scripts/lab.
# shellcheck shell=bash

usage() {
  cat <<'USAGE'
usage: lab COMMAND ...        (as root)

The box
  check                    whether this box can run a lab, and what it lacks
  selftest [--quick]       try every command on machines of its own (minutes)
  image [--with PKG,...] [--rebuild]    build the Debian 12 image unless it is cached

Machines
  up NAME [--ip A/LEN] [--disk 4G] [--fs ext4|xfs|btrfs] [--with PKG,...] [--without UNIT,...]
          [--net ifupdown|networkd|nm|none] [--interfaces eth0,...] [--data PATH:SIZE] [--duplicate]
                           create and boot; waits until systemd is running or degraded.
                           Of an existing machine: boot it if off.
  boot NAME                boot a machine that is off (journal recovery if its power was cut)
  down NAME                orderly power-off
  powercut NAME            link dead, file systems dead, process 1 killed; no goodbye
  destroy NAME | --all [--images]    remove machine(s); --all also removes the gateway, the neighbours and the switch,
                           --images the image cache too
  status [NAME]            table of machines
  log NAME                 what the machine's start-up and its supervisor said

Inside a machine
  exec [-t] NAME -- CMD... run CMD as root inside; exit status is CMD's. -t gives CMD a terminal
  push NAME SRC DST        copy a file or folder in  (DST as with cp -a)
  pull NAME SRC DST        copy a file or folder out
  install NAME FILE.deb...|FOLDER    install packages (what they need comes from the image or the gateway), or what
                           `make install DESTDIR=FOLDER` made

Faults of the network (they stay across reboots until taken back; NAME:INTERFACE for another than the first)
  link NAME up|down        pull the network cable; the machine sees no carrier
  rate NAME 10mbit|off     bandwidth, each direction
  loss NAME 2%|off         random loss, each direction
  delay NAME 50ms|off      added latency, each direction (so twice in a ping)
  halfopen NAME in|out|both|off    frames to or from the machine vanish, and the carrier stays
  gateway up|down          10.77.0.1, "the Internet": answers ping and HTTP for every outside address, DNS,
                           and serves a small apt repository
  neighbour ADDRESS up|down    another machine that answers at ADDRESS

Faults of the disk and the clock
  fill NAME [--leave 10M]  make the root file system full but for --leave (default 0); unfill NAME gives it back
  readonly NAME [data]     the root (or data) file system turns read-only, as after an error; down and boot mend it
  ioerror NAME all|new|off the data disk (up --data) fails with I/O errors: wholly, until a power cut and boot; or only
                           where something is written to a new place, and late
  clock NAME +90m|-3d|off  a wrong clock for what exec, SSH sessions and HotSync's units start

Environment: LAB_DIR (/var/tmp/hotsync-lab), LAB_IMAGES (/var/tmp/hotsync-lab-images),
  LAB_APT_SOURCES (file of apt sources, default: the box's /etc/apt),
  LAB_BOOT_TIMEOUT (180 s), LAB_STOP_TIMEOUT (60 s),
  LAB_OWNER (process ids: when one of these ends, however it does, the lab goes).
After a crash of any kind: lab destroy --all
USAGE
}

main() {
  local cmd=${1:-}
  [ $# = 0 ] || shift
  case $cmd in
    '') usage >&2; return 64 ;;
    -h | --help | help) usage; return 0 ;;
    check) cmd_check; return ;;
    selftest) exec "$HERE/selftest" "$@" ;;
    _first) _first "$@"; return ;;       # nobody yet in its new user namespace
  esac
  [ "$(id -u)" = 0 ] || die "must run as root (try: sudo $0 ...)"
  mkdir -p "$LAB_DIR" || die "cannot write to $LAB_DIR; set LAB_DIR"
  LAB_DIR=$(readlink -f -- "$LAB_DIR")
  SWITCH=$LAB_DIR/switch.ns
  case $cmd in
    image | up | boot | down | powercut | destroy | status | log | exec | push | pull | install | \
      link | rate | loss | delay | halfopen | fill | unfill | readonly | ioerror | clock | gateway | neighbour)
      "cmd_$cmd" "$@" ;;
    _create | _cut | _supervise | _life | _mounts | _gateway | _neighbour | _watch) "$cmd" "$@" ;;
    _customise) customise "$@" ;;
    *) printf "lab: unknown command '%s' (see lab --help)\n" "$cmd" >&2; return 64 ;;
  esac
}

destroy_one() {           # destroy_one NAME
  N=$1 M=$(mdir "$1")
  [ -d "$M" ] || { say "no machine '$N'"; return 0; }
  lock "$N"
  kill_machine off || die "'$N' does not die; end its process 1 ($(alive "$M/init.pid")) by hand"
  image_busy "$M/disk.img" && sleep 1
  rm -rf --one-file-system "$M" || die "cannot remove $M"
  unlock
  rm -f "$LAB_DIR/lock/$N"
  say "$N is gone"
}
cmd_destroy() {
  local d
  case ${1:-} in
    --all)
      for d in "$LAB_DIR"/m/*/; do
        [ -d "$d" ] && destroy_one "$(basename "$d")"
      done
      cmd_gateway down >/dev/null
      for d in "$LAB_DIR"/n/*/; do
        [ -d "$d" ] && stop_recorded "${d}pid" TERM
      done
      while mountpoint -q "$SWITCH" 2>/dev/null; do umount "$SWITCH" || break; done
      rm -rf --one-file-system "$SWITCH" "$LAB_DIR/m" "$LAB_DIR/gw" "$LAB_DIR/n" "$LAB_DIR/lock"
      if [ "${2:-}" = --images ]; then rm -rf --one-file-system "$LAB_IMAGES"; fi
      say "all gone" ;;
    '') die "usage: lab destroy NAME | --all [--images]" ;;
    *) check_name "$1"; destroy_one "$1" ;;
  esac
}

# A lab with owners ends with any of them, even where that was killed.
watch_owner() {
  local pid
  [ -n "${LAB_OWNER:-}" ] || return 0
  ! alive "$LAB_DIR/watch.pid" >/dev/null || return 0
  for pid in $LAB_OWNER; do put "$LAB_DIR/owner.$pid" "$pid $(proc_start "$pid")"; done
  ( unlock_all
    record "$LAB_DIR/watch.pid"
    exec setsid bash "$SELF" _watch ) </dev/null >"$LAB_DIR/watch.log" 2>&1 &
  disown
}
owners_live() {
  local pid
  for pid in ${LAB_OWNER:-}; do alive "$LAB_DIR/owner.$pid" >/dev/null || return 1; done
}
_watch() {
  while owners_live; do sleep 1; done
  ( cmd_destroy --all )
  rm -rf --one-file-system "$LAB_DIR"
}

cmd_status() {
  local d m n c pid state loss used delay
  printf '%-12s %-10s %-15s %-7s %-5s %-8s %-6s %-7s %-6s %-11s %s\n' \
    NAME STATE ADDRESS PID LINK RATE LOSS DELAY FS DISK IMAGE
  for d in "$LAB_DIR"/m/*/; do
    [ -e "$d/created" ] || continue
    m=${d%/} n=$(basename "$d") c=${d}cable0
    [ -z "${1:-}" ] || [ "$1" = "$n" ] || continue
    if pid=$(init_pid "$m"); then state=$(system_state "$m" "$pid")
    else pid=- state=$(get "$m/state"); case $state in on | booting) state=died ;; esac; fi
    loss=$(get "$c/fault.loss")
    [ -z "$loss" ] || loss=$((loss / 100)).$(printf '%02d' $((loss % 100)))%
    case $(get "$c/fault.oneway") in '') ;; *) loss=$(get "$c/fault.oneway") ;; esac
    delay=$(get "$c/fault.delay")
    used=$(du -sh "$m" 2>/dev/null | cut -f1)
    printf '%-12s %-10s %-15s %-7s %-5s %-8s %-6s %-7s %-6s %-11s %s\n' "$n" "$state" \
      "$(get "$m/ip")" "$pid" "$(get "$c/fault.link" || echo up)" \
      "$(get "$c/fault.rate" || echo -)" "${loss:--}" "$([ -n "$delay" ] && echo "${delay}ms" || echo -)" \
      "$(get "$m/fs.type")" "$used/$(get "$m/size")" "$(get "$m/image")"
  done
  if alive "$LAB_DIR/gw/pid" >/dev/null; then echo "gateway: up, $GATEWAY_IP"; else echo "gateway: down"; fi
}
cmd_log() {
  machine "${1:-}"
  cat "$M/console.log" 2>/dev/null
  if INIT=$(init_pid "$M"); then inside "$M" "$INIT" journalctl -b -p warning --no-pager -n 40
  else echo "(machine is off; its journal is on its disk)"; fi
}
