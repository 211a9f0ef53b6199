# The image: a Debian 12 root file system as a cached archive, one for each set of packages, and beside it a small
# apt repository, which the gateway serves. Sourced by scripts/lab.
# shellcheck shell=bash


apt_sources() {
  if [ -n "${LAB_APT_SOURCES:-}" ]; then cat -- "$LAB_APT_SOURCES"; else python3 "$HERE/apt-sources.py"; fi
}

# Name of the image with these extra packages (comma list, may be empty).
image_key() {
  local extra
  extra=$(tr ', ' '\n' <<<"$1" | sed '/^$/d' | sort -u | paste -sd+)
  [[ $extra =~ ^[a-z0-9.+-]*$ ]] || die "bad package list '$1'; use: --with pkg1,pkg2"
  # A change of the base list or of the set-up below must not reuse old images.
  printf 'base-%s%s' "$({ printf '%s ' "${PACKAGES[@]}" / "${SERVED[@]}"; declare -f customise serve_packages; } |
    sha256sum | cut -c1-8)" "${extra:+-$extra}"
}

build_image() {           # build_image KEY EXTRAS
  local key=$1 extra=$2 out=$LAB_IMAGES/$1.tar.zst work src opts t0=$SECONDS
  need mmdebstrap mmdebstrap zstd zstd
  mkdir -p "$LAB_IMAGES"
  rm -rf --one-file-system "$LAB_IMAGES"/build.*       # of a build that was killed
  work=$(mktemp -d "$LAB_IMAGES/build.XXXXXX") || die "cannot write to $LAB_IMAGES"
  src=$work/sources.list opts=$work/apt.conf
  apt_sources >"$src"
  grep -q '^deb' "$src" || {
    rm -rf "$work"
    die "no bookworm entries in /etc/apt; name a sources file in LAB_APT_SOURCES"
  }
  # How the host talks to its registry (proxies, validity checks), nothing else.
  apt-config dump | grep -E '^Acquire::(Check-|http|https|Retries|Languages|AllowInsecure)' >"$opts"
  extra=$(tr ', ' '\n' <<<"$extra" | sed '/^$/d' | paste -sd,)
  say "building image $key (about a minute or two)"
  # Own PID/IPC/UTS/mount namespaces and no dangerous capability: the packages' scripts run as root here, and must not
  # reach the box's clock or processes.
  unshare --mount --uts --ipc --pid --fork --kill-child --mount-proc \
    setpriv --bounding-set "${DROP_CAPS%,-mknod}" \
    mmdebstrap --mode=root --variant=important --format=tar \
    --aptopt="$opts" --dpkgopt='path-exclude=/usr/share/man/*' \
    --include="$(IFS=,; echo "${PACKAGES[*]}")${extra:+,$extra}" \
    --customize-hook="'$SELF' _customise \"\$1\" '$work/packages'" \
    bookworm "$work/root.tar" "$src" </dev/null >"$LAB_IMAGES/$key.log" 2>&1 || {
      tail -n 12 "$LAB_IMAGES/$key.log" >&2
      rm -rf "$work"
      die "image build failed; full log: $LAB_IMAGES/$key.log"
    }
  rm -rf "$LAB_IMAGES/$key.packages"
  zstd -q -3 -T1 --rm "$work/root.tar" -o "$work/root.tar.zst" &&
    mv "$work/packages" "$LAB_IMAGES/$key.packages" &&
    mv -f "$work/root.tar.zst" "$out" || { rm -rf "$work"; die "no space for $out?"; }
  rm -rf "$work"
  say "image $key ready: $(du -h "$out" | cut -f1), $((SECONDS - t0)) s"
}

# ensure_image EXTRAS: print the key, building first when needed.
ensure_image() {
  local key
  key=$(image_key "$1") || exit 1
  lock image "$LAB_IMAGES"
  [ -s "$LAB_IMAGES/$key.tar.zst" ] || build_image "$key" "$1" >&2 || exit 1
  unlock
  printf '%s' "$key"
}

cmd_image() {
  local with='' rebuild='' key
  while [ $# -gt 0 ]; do
    case $1 in
      --with) with=${2:?lab: --with needs a list}; shift 2 ;;
      --rebuild) rebuild=1; shift ;;
      *) die "image: unknown option '$1' (see lab --help)" ;;
    esac
  done
  mkdir -p "$LAB_IMAGES"
  key=$(image_key "$with") || exit 1
  [ -z "$rebuild" ] || rm -f "$LAB_IMAGES/$key.tar.zst"
  key=$(ensure_image "$with") || exit 1
  say "image: $LAB_IMAGES/$key.tar.zst"
}

