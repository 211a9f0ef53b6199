# What else is on the wire: a gateway that plays the Internet, and neighbours. Sourced by scripts/lab.
# shellcheck shell=bash

cmd_gateway() {
  local g=$LAB_DIR/gw i
  case ${1:-} in
    up)
      alive "$g/pid" >/dev/null && { say "gateway is already up"; return 0; }
      watch_owner
      switch_up
      lock gateway
      mkdir -p "$g"
      ( unlock_all
        record "$g/pid"
        exec setsid unshare --net bash "$SELF" _gateway ) </dev/null >"$g/log" 2>&1 &
      disown
      for ((i = 0; i < 200; i++)); do
        grep -q ready "$g/log" 2>/dev/null && { unlock; say "gateway is up: $GATEWAY_IP"; return 0; }
        sleep 0.1
      done
      cat "$g/log" >&2
      die "gateway did not start; see $g/log" ;;
    down)
      stop_recorded "$g/pid" TERM
      [ ! -e "$SWITCH" ] || sw ip link del gw 2>/dev/null
      say "gateway is down" ;;
    *) die "usage: lab gateway up|down" ;;
  esac
}
# In the gateway's own network namespace: its cable, then "the Internet".
_gateway() {
  sw ip link del gw 2>/dev/null
  ip link add eth0 address 02:77:00:00:00:01 type veth peer name gw netns "$SWITCH" &&
    sw ip link set gw master br0 && sw ip link set gw up &&
    ip link set lo up && ip link set eth0 up && ip addr add "$GATEWAY_IP/24" dev eth0 || exit 1
  # Every outside address is this one's own, those of the lab's network are not; ARP is answered only for the gateway's
  # address.
  sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0
  # (The extra rule keeps the kernel from merging the local and main tables, where "throw" would mean unreachable.)
  ip rule add lookup main priority 32765
  ip route add throw "$NETWORK" table local && ip route add local default dev lo table local || exit 1
  exec setpriv --bounding-set -all,+net_bind_service python3 "$HERE/gateway.py" "$GATEWAY_IP" \
    "$LAB_IMAGES/$(image_key "").packages"
}


# A network namespace with an address: the kernel answers ARP and ping for it. For a whole machine: up --duplicate.
cmd_neighbour() {
  local d=$LAB_DIR/n/${1:-} i
  [[ ${1:-} =~ ^10\.77\.0\.[0-9]{1,3}$ ]] || die "usage: lab neighbour 10.77.0.N up|down"
  case ${2:-} in
    up)
      ! alive "$d/pid" >/dev/null || { say "$1 is already there"; return 0; }
      watch_owner
      switch_up
      mkdir -p "$d"
      ( record "$d/pid"
        exec setsid unshare --net bash "$SELF" _neighbour "$1" ) </dev/null >"$d/log" 2>&1 &
      disown
      for ((i = 0; i < 200; i++)); do
        ! grep -q ready "$d/log" 2>/dev/null || { say "a neighbour answers at $1"; return 0; }
        sleep 0.1
      done
      cat "$d/log" >&2
      die "the neighbour did not start; see $d/log" ;;
    down)
      stop_recorded "$d/pid" TERM
      rm -rf "$d"
      say "nobody answers at $1" ;;
    *) die "usage: lab neighbour ADDRESS up|down" ;;
  esac
}
_neighbour() {
  local host=${1##*.}
  sw ip link del "s$host" 2>/dev/null
  ip link add eth0 type veth peer name "s$host" netns "$SWITCH" &&
    sw ip link set "s$host" master br0 && sw ip link set "s$host" up &&
    ip link set eth0 up && ip addr add "$1/24" dev eth0 || exit 1
  echo ready
  exec sleep infinity
}
