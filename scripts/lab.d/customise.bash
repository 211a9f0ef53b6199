# What every machine has in common: runs at the end of an image's build, $1 is the new root. Sourced by scripts/lab.
# shellcheck shell=bash

customise() {             # customise ROOT PACKAGES
  local r=$1
  serve_packages "$r" "$2" || exit 1
  # No registry is reachable from a machine; what there is comes from the gateway.
  rm -f "$r"/etc/apt/sources.list "$r"/etc/apt/sources.list.d/* "$r"/etc/apt/apt.conf.d/99mmdebstrap
  echo 'deb [trusted=yes] http://10.77.0.1/packages ./' >"$r/etc/apt/sources.list"
  printf '%s\n' 'Acquire::http::Timeout "5";' 'Acquire::Retries "0";' >"$r/etc/apt/apt.conf.d/90lab"
  # Identity belongs to a machine, not to the image.
  rm -f "$r"/etc/ssh/ssh_host_*_key*
  : >"$r/etc/machine-id"
  # Host keys at first boot.
  cat >"$r/etc/systemd/system/lab-hostkeys.service" <<'UNIT'
[Unit]
Description=SSH host keys at first boot
Before=ssh.service
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key
[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -A
[Install]
WantedBy=multi-user.target
UNIT
  ln -sf ../lab-hostkeys.service "$r/etc/systemd/system/multi-user.target.wants/lab-hostkeys.service"
  # Tells the supervisor outside whether this is a reboot or a power-off; below /dev, because systemd unmounts anything
  # else of its own accord by then.
  mkdir -p "$r/usr/lib/systemd/system-shutdown"
  printf '#!/bin/sh\necho "$1" >/dev/.lab/verb\n' >"$r/usr/lib/systemd/system-shutdown/lab"
  chmod 755 "$r/usr/lib/systemd/system-shutdown/lab"
  # No terminals and no hardware here.
  for u in console-getty.service getty@.service getty-static.service serial-getty@.service \
           systemd-udevd.service systemd-udev-trigger.service fstrim.timer e2scrub_all.timer; do
    ln -sf /dev/null "$r/etc/systemd/system/$u"
  done
  # Mail for root stays here; the mailbox exists from the start.
  echo localhost >"$r/etc/mailname"
  : >"$r/var/mail/root"
  chown 0:8 "$r/var/mail/root"; chmod 660 "$r/var/mail/root"
  # Fail fast when no gateway answers.
  printf 'nameserver 10.77.0.1\noptions timeout:1 attempts:1\n' >"$r/etc/resolv.conf"
}

# The small repository that the gateway serves: SERVED and what these need, as apt of the new root finds them.
serve_packages() {        # serve_packages ROOT FOLDER
  local r=$1 archives=$1/var/cache/apt/lab
  mkdir -p "$archives/partial" "$2"
  # (mmdebstrap names the configuration that makes this apt work in the new root.)
  APT_CONFIG=${MMDEBSTRAP_APT_CONFIG:?} apt-get --yes -qq --download-only --no-install-recommends \
    -o Dir::Cache::archives="$archives" -o APT::Sandbox::User=root install "${SERVED[@]}" >&2 || return 1
  mv "$archives"/*.deb "$2" && rm -rf "$archives" || return 1
  ( cd "$2" && for f in *.deb; do
      dpkg-deb --field "$f"
      printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$f" "$(stat -c %s "$f")" "$(sha256sum <"$f" | cut -d' ' -f1)"
    done >Packages )
}
