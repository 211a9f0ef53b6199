# Disks: an image file for each, with a whole file system that can be cut off, filled and broken. Sourced by scripts/lab.
#
# disk.img holds the root file system: root/ is the machine's /, ballast is what `lab fill` takes away. btrfs cannot be shut
# down by ioctl on older kernels, so its disk.img lies in an ext4 image, the carrier, that can. The data disk (up --data)
# has a carrier, too: when that is full, the loop device has no place for new blocks, and the data disk fails.
# Nothing is mounted with discard: a journal that is cut off in a commit lets ext4 discard what that commit would have
# freed, and the recovered tree still needs it.
# shellcheck shell=bash disable=SC2016

image_busy() { [ -n "$(losetup -j "$1" 2>/dev/null)" ]; }

bytes_of() { numfmt --from=iec -- "$1" 2>/dev/null; }

# The images that may be attached to a loop device of the box itself.
images_of() { printf '%s\n' "$1/disk.img" "$1/carrier.img" "$1/data-carrier.img"; }

# Never mount an image twice: wait until the last life has let go of it.
wait_free() {             # wait_free IMAGE
  local i
  for ((i = 0; i < 300; i++)); do image_busy "$1" || return 0; sleep 0.1; done
  echo "$1 is still in use by an earlier run"
  return 1
}

mend_ext4() { e2fsck -p "$1" >&2 || [ $? -le 2 ]; }       # replays the journal

# Mount into the caller's (private) mount namespace: M/fs, and M/data where there is a data disk.
disk_mount() {            # disk_mount M
  local m=$1 fs img options=loop
  fs=$(get "$m/fs.type") img=$m/disk.img
  mkdir -p "$m/fs"
  if [ "$fs" = btrfs ]; then
    carrier_mount "$m/carrier" || return 1
    img=$m/carrier/disk.img
  else
    wait_free "$img" || return 1
  fi
  if [ "$fs" = ext4 ]; then
    mend_ext4 "$img" || return 1
    options=loop,errors=remount-ro
  fi
  mount -o "$options" "$img" "$m/fs" || return 1
  [ -e "$m/data.path" ] || return 0
  mkdir -p "$m/data"
  carrier_mount "$m/data-carrier" && mend_ext4 "$m/data-carrier/data.img" &&
    mount -o loop,errors=remount-ro "$m/data-carrier/data.img" "$m/data"
}
carrier_mount() {         # carrier_mount FOLDER
  mkdir -p "$1"
  wait_free "$1.img" && mend_ext4 "$1.img" && mount -o loop "$1.img" "$1"
}

disk_umount() {           # disk_umount M
  local m=$1 d i
  for d in data data-carrier fs carrier; do
    for ((i = 0; i < 100; i++)); do
      mountpoint -q "$m/$d" || break
      umount "$m/$d" 2>/dev/null || sleep 0.1
    done
  done
  for ((i = 0; i < 100; i++)); do
    images_of "$m" | while read -r d; do ! image_busy "$d" || exit 1; done && return 0
    sleep 0.1
  done
  echo "disk still busy after 10 s"
}

# File systems that only a cut reaches: what they had not written is lost. Carriers last, as a disk after its file system.
disk_cut() {              # disk_cut M : in the supervisor's mount namespace
  local m=$1 d
  if [ "$(get "$m/fs.type")" = btrfs ]; then set -- carrier; else set -- fs; fi
  [ ! -e "$m/data.path" ] || set -- "$@" data data-carrier
  for d in "$@"; do xfs_io -x -c shutdown "$m/$d" || return 1; done
}

make_ext4() { mkfs.ext4 -q -F -m 0 -E lazy_itable_init=1,nodiscard "$@"; }

disk_create() {           # disk_create M SIZE FS
  local m=$1 size=$2 fs=$3 img=$1/disk.img bytes
  bytes=$(bytes_of "$size") || die "bad disk size '$size'; use for example 4G"
  [ "$bytes" -ge $((2 << 30)) ] || die "disk too small ($size); a machine needs 2G or more"
  if [ "$fs" = btrfs ]; then
    carrier_create "$m/carrier" "$bytes" || return 1
    mount -o loop "$m/carrier.img" "$m/carrier" || return 1
    img=$m/carrier/disk.img
  fi
  truncate -s "$bytes" "$img" || return 1
  case $fs in
    ext4) make_ext4 -L lab "$img" ;;
    xfs) mkfs.xfs -q -f -K -m reflink=1 -L lab "$img" ;;
    btrfs) mkfs.btrfs -q -f -L lab "$img" >/dev/null ;;
  esac || return 1
  if [ "$fs" = btrfs ]; then umount "$m/carrier"; fi
}
carrier_create() {        # carrier_create FOLDER BYTES : room for a disk of that size
  mkdir -p "$1"
  truncate -s $(($2 + $2 / 20 + (256 << 20))) "$1.img" && make_ext4 "$1.img"
}
data_create() {           # data_create M SIZE
  local bytes
  bytes=$(bytes_of "$2") || die "bad size of the data disk '$2'; use for example 512M"
  carrier_create "$1/data-carrier" "$bytes" && mount -o loop "$1/data-carrier.img" "$1/data-carrier" &&
    truncate -s "$bytes" "$1/data-carrier/data.img" && make_ext4 -L data "$1/data-carrier/data.img" &&
    umount "$1/data-carrier"
}

# --- faults -----------------------------------------------------------------

# Runs a script with what the supervisor has mounted; sets N, M and INIT.
beside() {                # beside NAME SCRIPT ARGUMENT...
  local sup
  machine "$1"; running
  sup=$(alive "$M/sup.pid") || die "'$N' has lost its supervisor; do: lab powercut $N; lab boot $N"
  shift
  nsenter --target "$sup" --mount bash -u -c "$TAKE_SPACE$1" beside "${@:2}"
}

# take FOLDER KEEP: files beside the tree that take all space but KEEP bytes.
TAKE_SPACE='
  take() {
    f=$1/ballast
    avail() { sync -f "$1"; df --output=avail -B1 "$1" | tail -n 1; }
    rm -f "$f" "$f.2"; : >"$f"
    end=0
    for step in 1 2 3 4 5 6; do                 # metadata takes a little each time
      n=$(( $(avail "$1") - $2 ))
      [ "$n" -ge 4096 ] || break
      while [ "$n" -ge 4096 ]; do
        if fallocate -o "$end" -l "$n" "$f" 2>/dev/null; then end=$((end + n)); break; fi
        end=$(stat -c %s "$f"); n=$((n / 2))    # part of it may have been taken
      done
    done
    if [ "$2" = 0 ]; then                       # and the last odd blocks
      dd if=/dev/zero of="$f.2" bs=4k 2>/dev/null
      sync -f "$1"
    fi
    return 0
  }
  give_back() { rm -f "$1/ballast" "$1/ballast.2"; sync -f "$1"; }
'

# The ballast lies beside the machine's root, so the machine cannot see it.
cmd_fill() {
  local leave=0 bytes
  machine "${1:-}"; shift
  case ${1:-} in
    '') ;;
    --leave) leave=${2:?lab: --leave needs a size} ;;
    *) die "usage: lab fill NAME [--leave 10M]" ;;
  esac
  bytes=$(bytes_of "$leave") || die "fill: bad size '$leave'; use for example 10M"
  lock "$N"
  beside "$N" 'take "$1" "$2"' "$M/fs" "$bytes" || die "fill failed; see: lab exec $N -- df -h /"
  unlock
  say "$N has $(inside "$M" "$INIT" df --output=avail -h / | tail -n 1 | tr -d ' ') left"
}
cmd_unfill() {
  machine "${1:-}"
  beside "$N" 'give_back "$1"' "$M/fs"
  say "$N has $(inside "$M" "$INIT" df --output=avail -h / | tail -n 1 | tr -d ' ') left"
}

# ext4 is told of an error, and does what it does after one.
cmd_readonly() {
  local folder=fs
  case ${2:-root} in root) ;; data) folder=data ;; *) die "usage: lab readonly NAME [root|data]" ;; esac
  machine "${1:-}"
  [ "$folder" = fs ] || [ -e "$M/data.path" ] || die "'$N' has no data disk (lab up --data)"
  [ "$folder" = data ] || [ "$(get "$M/fs.type")" = ext4 ] || die "readonly: only ext4 knows it"
  beside "$N" 'source=$(findmnt -rno SOURCE "$1") && sync -f "$1" &&
    echo "lab readonly" >"/sys/fs/ext4/${source##*/}/trigger_fs_error"' "$M/$folder" ||
    die "the file system of '$N' did not turn read-only"
  say "$N's ${2:-root} file system is read-only; mend it with: lab powercut $N; lab boot $N"
}

# All: the carrier is dead, and with it the disk. New: the carrier is full, as a thin volume whose pool is.
cmd_ioerror() {
  local path
  machine "${1:-}"
  path=$(get "$M/data.path") || die "'$N' has no data disk; make one with: lab up NAME --data PATH:SIZE"
  case ${2:-} in
    all) beside "$N" 'xfs_io -x -c shutdown "$1"' "$M/data-carrier" || die "ioerror failed"
      say "$N's $path is dead; mend it with: lab powercut $N; lab boot $N" ;;
    new) beside "$N" 'take "$1" 0' "$M/data-carrier" || die "ioerror failed"
      say "$N's $path fails where something is written to a new place" ;;
    off) beside "$N" 'give_back "$1"' "$M/data-carrier"
      say "$N's $path writes again (a file system that gave up stays so until the next boot)" ;;
    *) die "usage: lab ioerror NAME all|new|off" ;;
  esac
}
