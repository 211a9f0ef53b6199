# A master and a slave in two folders, for the scripts beside this one: source it.
#
#   TRANSPORT=ssh|openssh|local   how they are joined: by default over a private sshd on loopback where one can be started
#
# shellcheck shell=bash disable=SC2016,SC2034

# Whether a private sshd can be started, and keys made, on this machine.
can_use_ssh() {
  PATH=$PATH:/usr/sbin:/sbin command -v sshd >/dev/null && command -v ssh-keygen >/dev/null
}

choose_transport() {
  if [[ -z ${TRANSPORT:-} ]]; then
    TRANSPORT=local
    ! can_use_ssh || TRANSPORT=ssh
  fi
  case $TRANSPORT in
    ssh | openssh)
      can_use_ssh || fail "cannot use TRANSPORT=$TRANSPORT" "there is no sshd here" "apt-get install openssh-server"
      ;;
    local) ;;
    *) fail "cannot use TRANSPORT=$TRANSPORT" "it is none of ssh, openssh and local" "TRANSPORT=ssh" ;;
  esac
}

sshd_pids=()

# start_sshd ROOT: its port is in $PORT then. Ended by end_sshd.
start_sshd() {
  local attempt log=$1/sshd.log
  for attempt in 1 2 3 4 5; do
    scripts/loopback-sshd "$1" >"$log" 2>&1 </dev/null &
    local pid=$!
    for _ in {1..100}; do
      if grep -q 'Server listening' "$log" 2>/dev/null; then
        sshd_pids+=("$pid")
        PORT=$(<"$1/etc/ssh/port")
        return
      fi
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    kill "$pid" 2>/dev/null || true
  done
  fail "cannot start a private sshd" "$(tail -n 3 "$log")" "TRANSPORT=local"
}

end_sshd() { ((${#sshd_pids[@]} == 0)) || kill "${sshd_pids[@]}" 2>/dev/null || true; }

# The commands that set up a pair: master $M, slave $S, $PORT where sshd listens; a line each.
setup_commands() {
  local way='connections.standby.transport local connections.standby.local_root $S'
  [[ $TRANSPORT == local ]] ||
    way='connections.standby.slave_host 127.0.0.1 connections.standby.port $PORT'
  [[ $TRANSPORT != openssh ]] || way+=' connections.standby.transport openssh'
  ((EUID == 0)) || [[ $TRANSPORT == local ]] || way+=" connections.standby.user $(id -un)"
  printf '%s\n' \
    "hotsync config set role master $way connections.standby.data.include '[/srv/data]' --root \$M" \
    'hotsync-slave config set role slave connections.standby.master_host 127.0.0.1 --root $S' \
    'hotsync-slave apply --root $S'
  [[ $TRANSPORT == local ]] || printf '%s\n' \
    'hotsync key generate standby --root $M' \
    'hotsync key show standby --quiet --root $M | hotsync-slave authorize --connection standby --root $S' \
    'hotsync trust standby --fingerprint $(ssh-keygen -lf $S/etc/ssh/ssh_host_ed25519_key.pub | cut -d " " -f 2) --root $M'
}
