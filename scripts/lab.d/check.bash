# Whether this box can run a lab, and what it lacks where it cannot. Sourced by scripts/lab.
# shellcheck shell=bash disable=SC2016

LACKS=()
# can WHAT-IS-MISSING COMMAND...
can() {
  local what=$1
  shift
  "$@" >/dev/null 2>&1 || LACKS+=("$what")
}

# Each line of what is missing names the right or the kernel's line that would give it.
find_lacks() {
  LACKS=()
  if [ "$(id -u)" != 0 ]; then LACKS+=("root's rights (sudo scripts/lab ...)"); return; fi
  local flag tool
  for tool in ip tc nft mkfs.ext4 xfs_io zstd python3 nsenter findmnt losetup; do
    can "the command $tool (scripts/bootstrap --lab)" command -v $tool
  done
  if ! ls "$LAB_IMAGES"/*.tar.zst >/dev/null 2>&1; then
    can "the command mmdebstrap (scripts/bootstrap --lab)" command -v mmdebstrap
    can "apt sources for bookworm (in /etc/apt, or a file named in LAB_APT_SOURCES)" can_find_sources
  fi
  [ ${#LACKS[@]} = 0 ] || return 0
  can "the right to mount and to make namespaces (CAP_SYS_ADMIN)" unshare --mount true
  [ ${#LACKS[@]} = 0 ] || return 0
  for flag in user:CONFIG_USER_NS net:CONFIG_NET_NS pid:CONFIG_PID_NS uts:CONFIG_UTS_NS ipc:CONFIG_IPC_NS \
              cgroup:CONFIG_CGROUPS; do
    can "${flag%%:*} namespaces (${flag#*:}; sysctl user.max_${flag%%:*}_namespaces)" unshare "--${flag%%:*}" --fork true
  done
  can "a cgroup2 hierarchy that can be written (CONFIG_CGROUPS, mount -t cgroup2)" can_make_cgroup
  can "loop devices (CONFIG_BLK_DEV_LOOP, /dev/loop-control)" losetup --find
  can "ext4 (CONFIG_EXT4_FS)" grep -qw ext4 /proc/filesystems
  can "veth and bridges (CONFIG_VETH, CONFIG_BRIDGE)" unshare --net sh -e -c '
    ip link add left type veth peer name right; ip link add middle type bridge; ip link set left master middle'
  can "token buckets (CONFIG_NET_SCH_TBF)" unshare --net sh -e -c '
    ip link set lo up; tc qdisc add dev lo root tbf rate 1mbit burst 32kb latency 200ms'
  can "nftables for bridges (CONFIG_NF_TABLES_BRIDGE, CONFIG_NFT_NUMGEN)" unshare --net nft \
    'table bridge t { chain c { type filter hook forward priority 0; numgen random mod 100 < 5 drop; }; }'
}
can_make_cgroup() {
  local mount own
  read -r mount own _ < <(cg_hierarchies | grep ' unified$') && mkdir "$mount${own}hotsync-lab-check" &&
    rmdir "$mount${own}hotsync-lab-check"
}

can_find_sources() { apt_sources | grep -q '^deb'; }

cmd_check() {
  find_lacks
  [ ${#LACKS[@]} -gt 0 ] || { say "this box can run a lab"; return 0; }
  printf 'lab: this box lacks %s\n' "${LACKS[@]}" >&2
  return 1
}

# The tools, from the box's own packages.
need_tools() {
  need nft nftables tc iproute2 xfs_io xfsprogs zstd zstd mkfs.ext4 e2fsprogs mmdebstrap mmdebstrap \
    nsenter util-linux python3 python3 findmnt util-linux
}
