# The switch and the cables: networks of their own that no way leads out of. Sourced by scripts/lab.
#
#   brK (switch of network K) -- bI=rI -- xI (bridge) or relay.py -- mI = interface of the machine
#
# I is the cable's id: the machine's number, n, the cable's number. xI is a bridge of two ports; for latency it steps aside
# and a relay process copies the frames. Rates are put on mI and rI (one for each direction), losses on bI.
# A cable's folder (M/cableK) holds id, if (the interface's name inside), mac, address, network, and the faults.
# shellcheck shell=bash

sw() { nsenter --net="$SWITCH" "$@"; }

switch_up() {
  lock switch
  mkdir -p "$LAB_DIR"
  if [ "$(stat -f -c %T "$SWITCH" 2>/dev/null)" != nsfs ]; then
    : >"$SWITCH" && unshare --net="$SWITCH" true || die "cannot make a network namespace"
    sw ip link set lo up
  fi
  # Not part of the step above: a crash in between must heal.
  sw sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 2>/dev/null
  bridge_up 0 || die "the switch did not come up; try: lab destroy --all"
  unlock
}
bridge_up() {             # bridge_up NETWORK
  sw ip link show "br$1" >/dev/null 2>&1 ||
    sw ip link add "br$1" type bridge forward_delay 0 mcast_snooping 0 2>/dev/null
  sw ip link set "br$1" up
}

# From outside, into the network namespace of process PID.
cable_plug() {            # cable_plug C PID
  local i
  i=$(get "$1/id")
  cable_unplug "$1"
  bridge_up "$(get "$1/network")" &&
    sw ip link add "m$i" type veth peer name "$(get "$1/if")" address "$(get "$1/mac")" netns "$2" &&
    sw sh -e -c "
      ip link add r$i type veth peer name b$i
      ip link add x$i type bridge forward_delay 0 mcast_snooping 0
      ip link set b$i master br$(get "$1/network")
      for l in b$i r$i x$i; do ip link set \$l up; done"
}
cable_unplug() {          # cable_unplug C
  local i l
  i=$(get "$1/id")
  stop_recorded "$1/relay.pid" TERM
  for l in "m$i" "r$i" "x$i"; do sw ip link del "$l" 2>/dev/null; done
  sw nft delete table bridge "lab$i" 2>/dev/null
  return 0
}
cables_unplug() {         # cables_unplug M
  local c
  for c in "$1"/cable*/; do [ ! -e "$c/id" ] || cable_unplug "${c%/}"; done
}

# Bring the cable in line with the recorded faults (C/fault.*).
cable_faults() {          # cable_faults C
  local c=$1 i
  i=$(get "$c/id")
  sw ip link show "m$i" >/dev/null 2>&1 || return 0      # the machine is off
  cable_delay "$c" "$i" "$(get "$c/fault.delay")" &&
    cable_rate "$i" "$(get "$c/fault.rate")" &&
    cable_drops "$i" "$(get "$c/fault.loss")" "$(get "$c/fault.oneway")" || return 1
  if [ "$(get "$c/fault.link")" = down ]; then sw ip link set "m$i" down; else sw ip link set "m$i" up; fi
}

# The two-port bridge, or the relay in its place (left alone if right).
cable_delay() {           # cable_delay C ID MILLISECONDS
  local c=$1 i=$2 delay=$3
  if [ "$delay" != "$(get "$c/relay.ms")" ] || ! alive "$c/relay.pid" >/dev/null; then
    stop_recorded "$c/relay.pid" TERM
  fi
  put "$c/relay.ms" "$delay"
  if [ -z "$delay" ]; then
    sw ip link set "m$i" master "x$i" && sw ip link set "r$i" master "x$i"
    return
  fi
  ! alive "$c/relay.pid" >/dev/null || return 0
  sw ip link set "m$i" nomaster; sw ip link set "r$i" nomaster
  (
    record "$c/relay.pid"
    unlock_all
    exec setsid nsenter --net="$SWITCH" setpriv --bounding-set -all,+net_raw,+net_admin \
      python3 "$HERE/relay.py" "m$i" "r$i" "$delay"
  ) </dev/null >>"$c/relay.log" 2>&1 &
  disown
}

# A token bucket towards the machine and one towards the switch.
cable_rate() {            # cable_rate ID RATE
  local l
  for l in "m$1" "r$1"; do
    sw tc qdisc del dev "$l" root 2>/dev/null
    [ -z "$2" ] || sw tc qdisc add dev "$l" root tbf rate "$2" burst 32kb latency 200ms || return 1
  done
}

# Frames that vanish at the machine's port of the switch: some at random, or all that go one way.
cable_drops() {           # cable_drops ID LOSS in|out|both
  local i=$1 rules=''
  sw nft delete table bridge "lab$i" 2>/dev/null
  [ -z "$2" ] || rules+="iifname b$i numgen random mod 10000 < $2 drop; oifname b$i numgen random mod 10000 < $2 drop; "
  case $3 in out | both) rules+="iifname b$i drop; " ;; esac
  case $3 in in | both) rules+="oifname b$i drop; " ;; esac
  [ -n "$rules" ] || return 0
  sw nft "table bridge lab$i { chain cross { type filter hook forward priority 0; $rules }; }"
}
