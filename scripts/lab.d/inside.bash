# Commands and files into a machine and out of it. Sourced by scripts/lab.
# shellcheck shell=bash disable=SC2016

cmd_exec() {
  local tty='' q
  [ "${1:-}" != -t ] || { tty=1; shift; }
  machine "${1:-}"; shift
  [ "${1:-}" != -t ] || { tty=1; shift; }
  [ "${1:-}" != -- ] || shift
  [ $# -gt 0 ] || die "usage: lab exec [-t] NAME -- CMD..."
  running
  if [ -n "$tty" ]; then
    # A terminal of the machine's own, so that ttyname and sizes work inside.
    printf -v q '%q ' "$@"
    TERM=${TERM:-xterm} enter "$M" "$INIT" script -qefc "exec $q" /dev/null
  else
    enter "$M" "$INIT" "$@"
  fi
}

cmd_push() {
  [ $# = 3 ] || die "usage: lab push NAME SRC DST"
  local src
  machine "$1"; running
  [ -e "$2" ] || [ -L "$2" ] || die "push: no such file: $2"
  src=$(realpath -s -- "$2")
  tar -C "$(dirname -- "$src")" --numeric-owner --xattrs -cf - -- "$(basename -- "$src")" |
    inside "$M" "$INIT" sh -e -c '
      case $1 in /*) dst=$1 ;; *) dst=$HOME/$1 ;; esac
      case $dst in */) mkdir -p -- "$dst" ;; esac
      if [ -d "$dst" ]; then tar --xattrs -xpf - -C "$dst"; cat >/dev/null; exit; fi
      up=$(dirname -- "$dst"); mkdir -p -- "$up"
      tmp=$(mktemp -d "$up/.push.XXXXXX")
      tar --xattrs -xpf - -C "$tmp"; cat >/dev/null
      mv -fT -- "$tmp/$2" "$dst"; rmdir "$tmp"' sh "$3" "$(basename -- "$src")" ||
    die "push of $2 to $N:$3 failed"
}
cmd_pull() {
  [ $# = 3 ] || die "usage: lab pull NAME SRC DST"
  local dst=$3 tmp base
  machine "$1"; running
  base=$(basename -- "$2")
  inside "$M" "$INIT" test -e "$2" || die "pull: no such file in $N: $2"
  case $dst in */) mkdir -p -- "$dst" ;; esac
  if [ -d "$dst" ]; then tmp=$dst; else mkdir -p -- "$(dirname -- "$dst")"
    tmp=$(mktemp -d "$(dirname -- "$dst")/.pull.XXXXXX") || exit 1; fi
  inside "$M" "$INIT" tar -C "$(dirname -- "$2")" --numeric-owner --xattrs -cf - -- "$base" |
    { tar -C "$tmp" --xattrs -xpf - && cat >/dev/null; } || die "pull of $N:$2 failed"
  if [ "$tmp" != "$dst" ]; then mv -fT -- "$tmp/$base" "$dst" && rmdir "$tmp"; fi
}
# Packages, or a tree that `make install DESTDIR=...` made.
cmd_install() {
  local n=${1:-} f names=()
  [ $# -ge 2 ] || die "usage: lab install NAME FILE.deb...|FOLDER"
  shift
  machine "$n"; running
  if [ -d "$1" ]; then
    # (/lib and others are links in a Debian, and stay it.)
    tar -C "$1" --owner=0 --group=0 -cf - . |
      inside "$M" "$INIT" tar -C / --keep-directory-symlink --no-overwrite-dir -xpf - || die "install of $1 on '$N' failed"
    # (As a package manager does: a power cut right after must not take the programs away.)
    inside "$M" "$INIT" sh -c 'sync; systemctl daemon-reload'
    return
  fi
  for f in "$@"; do
    [ -f "$f" ] || die "install: no such file: $f"
    cmd_push "$n" "$f" /var/cache/lab-install/
    names+=("/var/cache/lab-install/$(basename -- "$f")")
  done
  inside "$M" "$INIT" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
    --no-install-recommends --allow-downgrades --reinstall "${names[@]}" </dev/null ||
    die "install failed; a missing dependency comes from the gateway, or from an image: lab up NEW --with PKG"
  inside "$M" "$INIT" rm -rf /var/cache/lab-install
}
