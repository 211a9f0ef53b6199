# Machines come, start, stop, lose their power and go. Sourced by scripts/lab.
# shellcheck shell=bash

# --- made new -------------------------------------------------------------------------------------------------------------

# Second half of creation, in a mount namespace of its own: file system, contents, name.
_create() {               # _create M SIZE FS IMAGE
  local m=$1 r=$1/fs/root name unit
  name=$(basename "$m")
  disk_create "$m" "$2" "$3" || die "cannot make the disk of $name"
  [ ! -e "$m/data.path" ] || data_create "$m" "$(get "$m/data.size")" || die "cannot make the data disk of $name"
  disk_mount "$m" 2>"$m/console.log" || die "cannot mount the disk of $name"
  mkdir -p "$r"
  # (tar stops at the end mark; cat takes the rest, else zstd may die of SIGPIPE.)
  zstd -dc "$4" | { tar -x -p --xattrs --xattrs-include='*' --numeric-owner \
    --exclude='./dev/*' -C "$r" && cat >/dev/null; } || die "cannot unpack $4 (disk full?)"
  mkdir -p "$r/dev" "$r/proc" "$r/sys" "$r/run" "$r/tmp" "$r/root"
  tr -d - </proc/sys/kernel/random/uuid >"$r/etc/machine-id"
  echo "$name" >"$r/etc/hostname"
  printf '127.0.0.1 localhost\n%s %s\n::1 localhost ip6-localhost\n' "$(address_of "$m")" "$name" >"$r/etc/hosts"
  rm -f "$r/etc/network/interfaces.d/"*
  printf 'auto lo\niface lo inet loopback\n' >"$r/etc/network/interfaces"
  "net_$(get "$m/net")" "$m" "$r"
  for unit in $(get "$m/without"); do
    ln -sf /dev/null "$r/etc/systemd/system/$unit.service"
  done
  disk_umount "$m"
}
address_of() { local ip; ip=$(get "$1/ip"); printf '%s' "${ip%/*}"; }

# each_cable M COMMAND... : COMMAND INTERFACE ADDRESS GATEWAY for each cable; only the first network has a gateway.
each_cable() {
  local m=$1 c gateway=$GATEWAY_IP
  shift
  for c in "$m"/cable*; do
    "$@" "$(get "$c/if")" "$(get "$c/address")" "$gateway"
    gateway=''
  done
}

net_none() { :; }
net_ifupdown() { each_cable "$1" ifupdown_interface >>"$2/etc/network/interfaces"; }
ifupdown_interface() {
  printf '\nauto %s\niface %s inet static\n    address %s\n' "$1" "$1" "$2"
  [ -z "$3" ] || printf '    gateway %s\n' "$3"
}
net_networkd() {
  networkd_root=$2 each_cable "$1" networkd_interface
  ln -sf /lib/systemd/system/systemd-networkd.service \
    "$2/etc/systemd/system/multi-user.target.wants/systemd-networkd.service"
}
networkd_interface() {
  printf '[Match]\nName=%s\n\n[Network]\nAddress=%s\nIPv6AcceptRA=no\n' "$1" "$2" \
    >"$networkd_root/etc/systemd/network/10-$1.network"
  [ -z "$3" ] || echo "Gateway=$3" >>"$networkd_root/etc/systemd/network/10-$1.network"
}
net_nm() {
  [ -x "$2/usr/sbin/NetworkManager" ] ||
    die "this image has no NetworkManager; use: lab up NAME --net nm --with network-manager"
  nm_root=$2 each_cable "$1" nm_connection
}
nm_connection() {
  local file=$nm_root/etc/NetworkManager/system-connections/$1.nmconnection
  printf '[connection]\nid=%s\ntype=ethernet\ninterface-name=%s\n\n[ipv4]\nmethod=manual\naddress1=%s\n%s\n[ipv6]\nmethod=link-local\n' \
    "$1" "$1" "$2${3:+,$3}" "${3:+dns=$3;}" >"$file"
  chmod 600 "$file"
}

# A number of its own for names of interfaces, MAC addresses, the default address; and its cables.
number_machine() {        # number_machine INTERFACES DUPLICATE : sets M/idx, M/ip, M/cableN
  local i k=0 c interface used host
  for ((i = 1; i < 200; i++)); do
    used=$(grep -lx "$i" "$LAB_DIR"/m/*/idx 2>/dev/null) || break
    : "$used"
  done
  put "$M/idx" "$i"
  [ -s "$M/ip" ] || put "$M/ip" "10.77.0.$((10 + i))/24"
  host=$(address_of "$M")
  if [ -z "$2" ] && [ "$(cat "$LAB_DIR"/m/*/ip | grep -cxF "$(get "$M/ip")")" != 1 ]; then
    rm -rf --one-file-system "$M"
    die "address $host is another machine's (see lab status); --duplicate takes it all the same"
  fi
  for interface in ${1//,/ }; do
    c=$M/cable$k
    mkdir -p "$c"
    put "$c/id" "${i}n$k"; put "$c/if" "$interface"; put "$c/network" "$k"
    put "$c/address" "10.77.$k.${host##*.}/24"
    put "$c/mac" "$(printf '02:77:%02x:%02x:%02x:%02x' $k $((RANDOM % 256)) $((RANDOM % 256)) "$i")"
    k=$((k + 1))
  done
}

up_options() {            # sets the variables of cmd_up
  while [ $# -gt 0 ]; do
    if [ "$1" = --duplicate ]; then duplicate=1; shift; continue; fi
    [ $# -gt 1 ] || die "up: $1 needs a value (see lab --help)"
    case $1 in
      --ip) ip=$2 ;; --disk) disk=$2 ;; --fs) fs=$2 ;; --with) with=$2 ;; --without) without=$2 ;; --net) net=$2 ;;
      --interfaces) interfaces=$2 ;; --data) data=$2 ;;
      *) die "up: unknown option '$1' (see lab --help)" ;;
    esac
    shift 2
  done
  [[ $fs =~ ^(ext4|xfs|btrfs)$ ]] || die "up: --fs is ext4, xfs or btrfs"
  [[ $net =~ ^(ifupdown|networkd|nm|none)$ ]] || die "up: --net is ifupdown, networkd, nm or none"
  [[ $ip =~ ^(10\.77\.0\.[0-9]{1,3}/24)?$ ]] || die "up: --ip must lie in the lab's network, for example 10.77.0.11/24"
  [[ $interfaces =~ ^[a-z][a-z0-9]{0,13}(,[a-z][a-z0-9]{0,13}){0,3}$ ]] || die "up: --interfaces takes one to four names"
  [[ $data =~ ^(/[a-z0-9/-]+:[0-9]+[MG])?$ ]] || die "up: --data takes PATH:SIZE, for example /srv/store:512M"
  [[ $without =~ ^[a-z0-9@.,-]*$ ]] || die "up: --without takes names of services"
}

cmd_up() {
  local name=${1:-} ip='' disk=4G fs=ext4 with='' without='' net=ifupdown interfaces=eth0 data='' duplicate='' key i
  check_name "$name"; shift
  up_options "$@"
  N=$name M=$(mdir "$name")
  if [ -e "$M/created" ]; then
    if i=$(init_pid "$M"); then say "$N is already up: $(system_state "$M" "$i")"; return 0; fi
    lock "$N"; start; return
  fi
  need_tools
  [ "$fs" != btrfs ] || need mkfs.btrfs btrfs-progs
  mkdir -p "$LAB_DIR/m"
  watch_owner
  key=$(ensure_image "$with") || exit 1
  lock "$N"
  owners_live || die "the lab's owner has ended"
  [ ! -e "$M/created" ] || die "'$N' was just created by another command"
  lock alloc
  rm -rf --one-file-system "$M"
  mkdir -p "$M"
  [ -z "$ip" ] || put "$M/ip" "$ip"
  number_machine "$interfaces" "$duplicate"
  unlock
  put "$M/fs.type" "$fs"; put "$M/net" "$net"; put "$M/image" "$key"; put "$M/size" "$disk"
  put "$M/without" "${without//,/ }"
  [ -z "$data" ] || { put "$M/data.path" "${data%:*}"; put "$M/data.size" "${data##*:}"; }
  # (The child inherits the lock: were this shell killed, nobody else gets in.)
  if ! unshare --mount bash "$SELF" _create "$M" "$disk" "$fs" "$LAB_IMAGES/$key.tar.zst"; then
    rm -rf --one-file-system "$M"
    die "machine '$N' was not created"
  fi
  put "$M/state" new
  : >"$M/created"
  start
}

# --- started --------------------------------------------------------------------------------------------------------------

wait_ready() {
  local t0=$SECONDS pid='' s=
  while [ $((SECONDS - t0)) -lt "$LAB_BOOT_TIMEOUT" ]; do
    if pid=$(init_pid "$M"); then
      s=$(system_state "$M" "$pid")
      case $s in running | degraded) put "$M/state" on; BOOT_STATE=$s; return 0 ;; esac
    elif ! alive "$M/sup.pid" >/dev/null; then
      sleep 0.3
      alive "$M/sup.pid" >/dev/null || { tail -n 8 "$M/console.log" >&2; return 1; }
    fi
    sleep 0.2
  done
  warn "'$N' not ready after $LAB_BOOT_TIMEOUT s (systemd: ${s:-not started})"
  return 1
}

# Start the supervisor and wait; the caller holds the lock.
start() {
  local t0=${EPOCHREALTIME/./} i
  # A run that was killed half way may still be going away.
  for ((i = 0; i < 150; i++)); do alive "$M/sup.pid" >/dev/null || break; sleep 0.1; done
  alive "$M/sup.pid" >/dev/null && die "'$N' is still shutting down; wait or: lab powercut $N"
  switch_up
  rm -f "$M/stop" "$M/init.pid" "$M/sup.pid"
  ( unlock_all
    record "$M/sup.pid"
    exec setsid unshare --mount bash "$SELF" _supervise "$M" ) \
    </dev/null >"$M/console.log" 2>&1 &
  disown
  for ((i = 0; i < 50; i++)); do [ -e "$M/sup.pid" ] && break; sleep 0.1; done
  wait_ready || die "'$N' did not boot; see: lab log $N; then: lab powercut $N or lab destroy $N"
  t0=$(((${EPOCHREALTIME/./} - t0) / 100000))
  say "$N is up: $BOOT_STATE, $(get "$M/ip"), $((t0 / 10)).$((t0 % 10)) s"
}

cmd_boot() {
  machine "${1:-}"
  if init_pid "$M" >/dev/null; then say "$N is already up"; return 0; fi
  lock "$N"
  start
}

# --- stopped --------------------------------------------------------------------------------------------------------------

# Wait for the supervisor to finish cleaning up.
wait_off() {              # wait_off SECONDS
  local t0=$SECONDS
  while alive "$M/sup.pid" >/dev/null || init_pid "$M" >/dev/null; do
    [ $((SECONDS - t0)) -lt "$1" ] || return 1
    sleep 0.1
  done
  # Only of use when the supervisor itself was killed.
  cables_unplug "$M"
  [ ! -e "$M/cgroups" ] || cg_remove "$M"
  rm -f "$M/sup.pid" "$M/init.pid"
}

cmd_down() {
  local pid
  machine "${1:-}"
  lock "$N"
  put "$M/stop" off
  if pid=$(init_pid "$M"); then
    kill -s RTMIN+4 "$pid"                               # systemd: power off
    wait_off "$LAB_STOP_TIMEOUT" ||
      die "'$N' did not power off in $LAB_STOP_TIMEOUT s; try: lab powercut $N"
  fi
  put "$M/state" off
  unlock
  say "$N is off"
}

# Kill without ceremony; also what destroy uses.
kill_machine() {
  local pid
  put "$M/stop" "${1:-cut}"
  if pid=$(alive "$M/init.pid"); then kill -s KILL "$pid" 2>/dev/null; fi
  if wait_off 15; then return 0; fi
  if pid=$(alive "$M/sup.pid"); then kill -s KILL "$pid" 2>/dev/null; fi
  if pid=$(alive "$M/first.pid"); then kill -s KILL "$pid" 2>/dev/null; fi
  wait_off 5 || return 1
}

cmd_powercut() {
  local pid c sup
  machine "${1:-}"
  lock "$N"
  if ! pid=$(init_pid "$M"); then
    kill_machine cut; put "$M/state" cut; say "$N was off already"; return 0
  fi
  put "$M/stop" cut
  # The cables first: the kernel says goodbye (FIN, RST) for processes that it kills, a dead machine does not.
  for c in "$M"/cable*; do sw ip link set "m$(get "$c/id")" down; done
  sup=$(alive "$M/sup.pid") && nsenter --target "$sup" --mount bash "$SELF" _cut "$M" ||
    { [ "$(get "$M/fs.type")" != btrfs ] && xfs_io -x -c shutdown "/proc/$pid/root"; } ||
    warn "file system would not shut down; this was only a kill"
  kill_machine cut || die "'$N' does not die; its process 1 is $pid"
  put "$M/state" cut
  unlock
  say "$N lost power; start it with: lab boot $N"
}
_cut() { disk_cut "$1"; }
