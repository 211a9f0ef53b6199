# The life of a machine: from its disk to systemd as process 1, and what is left of it afterwards. Sourced by scripts/lab.
#
# The machine's namespaces belong to a user namespace of its own, in which root is root over them and over nothing else:
# the kernel refuses it the box's clock, modules, devices, routes, and any new look at /proc, /sys or a disk. All that it
# can see is mounted for it beforehand, from outside, and locked. Ids are the box's own, so its disk looks as it should.
#
#   _supervise            one process for each machine; holds its disk mounted, cleans up, boots again after a reboot
#     _life               one life: a private mount namespace in which the root is put together
#       unshare           makes the namespaces
#         _first          process 1 inside: waits for its root, moves into it, becomes systemd
#       _mounts           what must be mounted from outside but belongs to the new namespaces: /proc, /sys
# shellcheck shell=bash disable=SC2016

# --- cgroups: one in every hierarchy of the box, so that none shows what is the box's -------------------------------------

# Each hierarchy as a line: where it is mounted, our own place in it, its controllers.
cg_hierarchies() {
  local number controllers own mount
  while IFS=: read -r number controllers own; do
    if [ -z "$controllers" ]; then mount=$(findmnt -rn -t cgroup2 -o TARGET | head -n 1)
    else mount=$(findmnt -rn -t cgroup -O "$controllers" -o TARGET | head -n 1); fi
    [ -z "$mount" ] || printf '%s %s %s\n' "$mount" "${own%/}/" "${controllers:-unified}"
    : "$number"
  done </proc/self/cgroup
}
cg_branch() { printf 'hotsync-lab-%s' "$(printf '%s' "$LAB_DIR" | cksum | cut -d' ' -f1)"; }

cg_setup() {              # cg_setup M : make the cgroups, note them in M/cgroups
  local m=$1 mount own controllers branch folder
  branch=$(cg_branch)
  : >"$m/cgroups"
  while read -r mount own controllers; do
    folder=$mount$own$branch/$(basename "$m")
    mkdir -p "$folder" 2>/dev/null || continue
    case ,$controllers, in
      *,cpuset,*)
        # Nobody gets in before these are set.
        for folder in "$mount$own$branch" "$folder"; do
          cat "$folder/../cpuset.cpus" >"$folder/cpuset.cpus"; cat "$folder/../cpuset.mems" >"$folder/cpuset.mems"
        done 2>/dev/null ;;
      *,pids,*) echo 8192 >"$folder/pids.max" 2>/dev/null ;;
    esac
    echo "$controllers $folder" >>"$m/cgroups"
  done < <(cg_hierarchies)
  grep -q '^unified' "$m/cgroups" || { echo "no cgroup2 hierarchy on this box"; return 1; }
}
cg_enter() {              # cg_enter M [SUB] : move this shell there, in cgroup2 into SUB
  local k p sub
  while read -r k p; do
    sub=
    [ "$k" = unified ] && sub=${2:-}
    mkdir -p "$p$sub" && echo 0 >"$p$sub/cgroup.procs" || return 1
  done <"$1/cgroups"
}
cg_remove() {             # cg_remove M
  local p d
  while read -r _ p; do
    [ -d "$p" ] || continue
    find "$p" -depth -type d 2>/dev/null | while read -r d; do rmdir "$d" 2>/dev/null; done
    rmdir "$(dirname "$p")" 2>/dev/null
  done 2>/dev/null <"$1/cgroups"
  rm -f "$1/cgroups"
}

# --- from the disk to systemd ---------------------------------------------------------------------------------------------

_supervise() {            # _supervise M
  local m=$1 verb
  record "$m/sup.pid"
  # A tmpfs, so that no folder of the box shows up in the machine.
  mkdir -p "$m/shared" "$m/root"
  mount -t tmpfs -o mode=755,nosuid,nodev,size=64k lab "$m/shared" || exit 1
  while :; do
    rm -f "$m/shared"/*
    put "$m/state" booting
    if disk_mount "$m" && cg_setup "$m"; then
      ( cg_enter "$m" || exit 1
        exec unshare --mount bash "$SELF" _life "$m" ) &
      wait $!
      echo "$(date '+%F %T') machine ended, status $?"
    fi
    cables_unplug "$m"
    disk_umount "$m"
    cg_remove "$m"
    rm -f "$m/init.pid"
    verb=$(get "$m/shared/verb")
    if [ "$verb" = reboot ] && [ ! -e "$m/stop" ]; then continue; fi
    break
  done
  if [ -e "$m/stop" ]; then put "$m/state" "$(get "$m/stop")"; else put "$m/state" "${verb:-died}"; fi
  rm -f "$m/sup.pid"
}

oops() { echo "start-up: $*"; exit 1; }

_life() {                 # _life M
  local m=$1 pid maker i c
  rm -f "$m/first.pid"
  unshare --user --net --uts --ipc --pid --cgroup --fork --kill-child=KILL bash "$SELF" _first "$m" &
  maker=$!
  trap 'kill -s KILL $maker 2>/dev/null' EXIT
  for ((i = 0; i < 300; i++)); do [ -e "$m/first.pid" ] && break; sleep 0.1; done
  pid=$(alive "$m/first.pid") || oops "no process in the new namespaces"
  # All ids as they are but the last one: systemd knows by that that it is in a user namespace.
  echo '0 0 4294967294' >"/proc/$pid/uid_map" && echo '0 0 4294967294' >"/proc/$pid/gid_map" || oops "no user namespace"
  for c in "$m"/cable*/; do
    cable_plug "${c%/}" "$pid" && cable_faults "${c%/}" || oops "no cable"
  done
  mount_root "$m"
  nsenter --target "$pid" --net --pid --ipc --cgroup bash "$SELF" _mounts "$m" || oops "no /proc or /sys"
  touch "$m/shared/go"
  for ((i = 0; i < 300; i++)); do [ -e "$m/shared/moved" ] && break; sleep 0.1; done
  [ -e "$m/shared/moved" ] || oops "process 1 did not move into its root"
  # From now on `lab exec` finds the machine, and never the box.
  mv "$m/first.pid" "$m/init.pid"
  wait $maker
}

# The root without what the new namespaces bring: everything here is the box's, and locked inside.
mount_root() {            # mount_root M
  local m=$1 r=$1/root at
  mount --bind "$m/fs/root" "$r" || oops "no root"
  if [ -e "$m/data.path" ]; then
    at=$r/$(get "$m/data.path")
    mkdir -p "$at" && mount --bind "$m/data" "$at" || oops "no data disk"
  fi
  # /dev: the harmless nodes only.
  mount -t tmpfs -o mode=755,nosuid,size=4m dev "$r/dev" || oops /dev
  mknod -m 666 "$r/dev/null" c 1 3; mknod -m 666 "$r/dev/zero" c 1 5
  mknod -m 666 "$r/dev/full" c 1 7; mknod -m 666 "$r/dev/random" c 1 8
  mknod -m 666 "$r/dev/urandom" c 1 9; mknod -m 666 "$r/dev/tty" c 5 0
  [ ! -e /dev/fuse ] || mknod -m 666 "$r/dev/fuse" c 10 229
  mkdir "$r/dev/pts" "$r/dev/shm" "$r/dev/mqueue"
  mount -t devpts -o newinstance,gid=5,mode=620,ptmxmode=666,nosuid,noexec devpts "$r/dev/pts" || oops /dev/pts
  ln -s pts/ptmx "$r/dev/ptmx"
  mount -t tmpfs -o mode=1777,nosuid,nodev shm "$r/dev/shm" || oops /dev/shm
  mkdir "$r/dev/.lab" && mount --bind "$m/shared" "$r/dev/.lab" || oops /dev/.lab
  ln -s /proc/self/fd "$r/dev/fd"; ln -s fd/0 "$r/dev/stdin"
  ln -s fd/1 "$r/dev/stdout"; ln -s fd/2 "$r/dev/stderr"
  mount -t tmpfs -o mode=755,nosuid,nodev,size=20% run "$r/run" || oops /run
  mkdir -p "$r/run/lock"; chmod 1777 "$r/run/lock"
  mount -t tmpfs -o mode=1777,nosuid,nodev,size=20% tmp "$r/tmp" || oops /tmp
}

# In the new namespaces, but with the box's rights.
_mounts() {               # _mounts M
  local r=$1/root d p
  mount -t mqueue -o nosuid,nodev,noexec mqueue "$r/dev/mqueue" 2>/dev/null
  # /proc: what is not a process is read-only, but for the settings of the machine's own network.
  mount -t proc -o nosuid,nodev,noexec proc "$r/proc" || oops /proc
  mount --bind "$r/proc/sys" "$r/proc/sys" && mount -o remount,bind,ro "$r/proc/sys" || oops /proc/sys
  mount --bind "$r/proc/sys/net" "$r/proc/sys/net" && mount -o remount,bind,rw "$r/proc/sys/net" || oops /proc/sys/net
  for p in "$r"/proc/[a-z]*; do
    case ${p##*/} in self | thread-self | mounts | net | sys) continue ;; esac
    if [ -d "$p" ]; then mount --bind "$p" "$p" && mount -o remount,bind,ro "$p" || oops "$p"
    elif [ $((0$(stat -c %a "$p") & 0222)) != 0 ] || [[ ${p##*/} =~ ^(kmsg|kcore|kallsyms|keys|timer_list)$ ]]; then
      mount --bind "$r/dev/null" "$p" || oops "$p"
    fi
  done
  # A boot id of its own for every boot: journalctl -b and others go by it.
  cat /proc/sys/kernel/random/uuid >"$r/run/boot_id"; chmod 444 "$r/run/boot_id"
  mount --bind "$r/run/boot_id" "$r/proc/sys/kernel/random/boot_id" && rm -f "$r/run/boot_id" || oops boot_id
  # /sys: read-only, but for the machine's own network devices and cgroups.
  mount -t sysfs -o nosuid,nodev,noexec sysfs "$r/sys" || oops /sys
  mount --bind "$r/sys/devices/virtual/net" "$r/sys/devices/virtual/net" || oops "the network devices in /sys"
  mount -o remount,bind,ro "$r/sys" || oops "/sys read-only"
  mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$r/sys/fs/cgroup" || oops cgroup2
  for d in firmware kernel; do
    [ ! -d "$r/sys/$d" ] || mount --bind -o ro "$r/sys/$d" "$r/sys/$d" 2>/dev/null
  done
  return 0
}

# Process 1 of the new namespaces. It has no rights at all until its ids are mapped and something is executed.
_first() {                # _first M
  local m=$1 i
  record "$m/first.pid" || oops "cannot record"
  for ((i = 0; i < 600; i++)); do [ -e "$m/shared/go" ] && break; sleep 0.05; done
  [ -e "$m/shared/go" ] || oops "no root came"
  open_files
  hostname=$(basename "$m") exec unshare --mount --propagation private bash -c '
    hostname "$hostname"
    # Bound onto itself, because what was mounted outside is locked and nobody can move into it.
    mount --rbind "$1" "$1" && cd "$1" && pivot_root . . && umount -l . && cd / || exit 1
    mount --make-rshared /
    touch /dev/.lab/moved
    exec env -i container=lab PATH="$PATH" TERM=linux \
      setpriv --bounding-set "$2" /lib/systemd/systemd --log-target=journal' first "$m/root" "$DROP_CAPS"
}

# As on a real machine, as far as the box's own limit allows.
open_files() { ulimit -Hn 524288 2>/dev/null; ulimit -Sn 1024; }

# --- into a machine -------------------------------------------------------------------------------------------------------

# enter M PID CMD... : become CMD in the machine, its cgroups and limits included.
enter() {
  local m=$1 pid=$2 variables=()
  shift 2
  [ -z "${TERM:-}" ] || variables=("TERM=$TERM")
  [ -n "${TRUE_CLOCK:-}" ] || mapfile -t -O 1 variables < <(clock_variables "$m")
  ((${#variables[@]} < 2)) || variables+=(/usr/bin/env --)
  unlock_all
  open_files
  cg_enter "$m" /lab.exec || die "cannot enter '$(basename "$m")'; is it going down? see: lab status"
  exec nsenter --target "$pid" --user --mount --uts --ipc --net --pid --cgroup -- \
    /usr/bin/env -i PATH="$PATH" HOME=/root USER=root LOGNAME=root SHELL=/bin/bash LANG=C.UTF-8 \
    /usr/bin/setpriv --bounding-set "$DROP_CAPS" \
    /usr/bin/env -C /root -- "${variables[@]}" "$@"
}
inside() { ( enter "$@" ); }

system_state() {          # system_state M PID : running, degraded, starting, ...
  local s
  s=$(TRUE_CLOCK=1 inside "$1" "$2" systemctl is-system-running 2>/dev/null </dev/null)
  printf '%s' "${s:-starting}"
}
