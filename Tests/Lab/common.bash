# What the scenarios share. Each is a bash script of its own that sources this first: it owns the machines that it boots, and
# leaves nothing, also where it is killed (LAB_OWNER). Its first comment is the sentence that it shows.
#
#   STAGE         what `make install DESTDIR=STAGE` made
#   RUNNER        the process that runs it: when that ends, so does the lab
#   HOTSYNC_SEED  for what is random; printed where it is used
# shellcheck shell=bash
set -euo pipefail

lab=$(realpath -- "$(dirname -- "${BASH_SOURCE[0]}")/../../scripts/lab")
: "${STAGE:?the scenarios are run by Tests/Lab/run}"
name=$(basename -- "$0")
LAB_DIR=$(mktemp --directory "/var/tmp/hotsync-lab-test.$name.XXXXXX")
LAB_OWNER="$BASHPID ${RUNNER:-}"
export LAB_DIR LAB_OWNER
for pid in $LAB_OWNER; do : >"$LAB_DIR/owner.$pid"; done
work=$LAB_DIR/work
mkdir "$work"
RANDOM=${HOTSYNC_SEED:=$((SRANDOM % 32768))}

background=()             # processes that end with the scenario
is_over=''
leave() {
  local code=$?
  trap '' INT TERM HUP
  # One that ends early without a word has shown nothing.
  [[ $code != 0 || -n $is_over ]] || { echo "FAILED: the scenario did not reach its end"; code=1; }
  ((${#background[@]} == 0)) || kill "${background[@]}" 2>/dev/null || true
  # The lab's own watchman need not.
  "$lab" destroy --all >/dev/null 2>&1 </dev/null || code=1
  rm -rf --one-file-system -- "$LAB_DIR"
  exit $code
}
trap leave EXIT
trap 'exit 130' INT TERM HUP

# The last line of each scenario.
the_end() { is_over=yes; }

say() { printf '%(%T)T %s\n' -1 "$*"; }

fail() {
  printf 'FAILED: %s\n' "$*"
  exit 1
}

# on MACHINE COMMAND...: its output is that of the command.
on() { "$lab" exec "$1" -- "${@:2}"; }
# on_shell MACHINE SCRIPT
on_shell() { "$lab" exec "$1" -- bash -e -c "$2"; }

# expect CODE COMMAND...: what it says is kept in $said.
expect() {
  local wanted=$1 code=0
  shift
  said=$("$@" 2>&1) || code=$?
  printf '$ %s\n%s\n' "$*" "$said"
  [[ $code == "$wanted" ]] || fail "$* ended with $code instead of $wanted"
}

# until_ok SECONDS COMMAND...
until_ok() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || fail "in vain: $*"
    sleep 0.3
  done
}

# HotSync alone: what the databases of a machine cost is saved.
light=(--without 'mariadb,postgresql,postgresql@15-main')

# start MACHINE... : at their usual addresses, side by side, with HotSync as `make install` puts it. Options in $options.
declare -A addresses=([a]=10.77.0.11 [b]=10.77.0.12 [c]=10.77.0.13)
options=()
start() {
  local machine pids=()
  for machine in "$@"; do
    (trap - EXIT; "$lab" up "$machine" --ip "${addresses[$machine]}/24" "${light[@]}" "${options[@]}" </dev/null &&
      "$lab" install "$machine" "$STAGE") &
    pids+=($!)
  done
  for machine in "${pids[@]}"; do wait "$machine" || fail "a machine did not start"; done
}

# The commands that a command printed below a line "next...": those that can be typed as they stand.
printed_commands() { sed -n 's/^  \(hotsync.*\)/\1/p' <<<"$said"; }

# pair MASTER SLAVE INCLUDE...: by the README's first steps, and then by what the commands themselves print.
pair() {
  local master=$1 slave=$2 include command
  shift 2
  printf -v include '%s, ' "$@"
  expect 0 on "$master" hotsync config set role master connections.standby.slave_host "${addresses[$slave]}" \
    connections.standby.data.include "[${include%, }]"
  expect 0 on "$slave" hotsync-slave config set role slave connections.standby.master_host "${addresses[$master]}"
  expect 0 on "$slave" hotsync-slave apply
  expect 0 on "$master" hotsync key generate standby
  command=$(printed_commands | grep '^hotsync-slave authorize ') || fail "key generate prints no command for the slave"
  expect 0 on_shell "$slave" "$command"
  while read -r command; do expect 0 on_shell "$master" "$command"; done < <(printed_commands)
}

# cycle MACHINE OPTION...: its JSON is in $said.
cycle() { expect 0 on "$1" hotsync sync --json "${@:2}"; }
field() { python3 -c 'import json, sys
value = json.loads(sys.argv[1])
for key in sys.argv[2:]:
    value = value[int(key) if isinstance(value, list) else key]
print(value)' "$said" "$@"; }

newest_generation() { on "$1" hotsync-slave generations --json |
  python3 -c 'import json, sys; print((json.load(sys.stdin)["generations"] or [{"generation": 0}])[0]["generation"])'; }

# Everything about a tree that a restore brings back, as one digest; the lines that it is of stay in $work for a comparison.
listing='cd "$0" && find . -printf "%P %y %m %U %G %s %T@ %l\n" | LC_ALL=C sort &&
  find . -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum'
tree_of() {               # tree_of MACHINE FOLDER
  local digest file
  file=$(mktemp "$work/tree.XXXXXX")
  on "$1" bash -e -o pipefail -c "$listing" "$2" >"$file" || return
  digest=$(sha256sum <"$file" | cut -c 1-64)
  mv "$file" "$work/tree.$digest"
  echo "$digest"
}
same_tree() {             # same_tree DIGEST DIGEST
  [[ $1 == "$2" ]] || { diff "$work/tree.$1" "$work/tree.$2" | head -n 40; return 1; }
}

# What the slave holds as newest, brought back elsewhere.
mirrored_tree() {         # mirrored_tree MACHINE FOLDER
  on_shell "$1" "rm -rf /srv/.restored && hotsync-slave restore --quiet --numeric-ids --to /srv/.restored" >/dev/null &&
    tree_of "$1" "/srv/.restored$2"
}

must_be_sound() {         # must_be_sound MACHINE
  expect 0 on "$1" hotsync-slave verify --full --json
  [[ $(field result) == sound ]] || fail "the store on $1 is damaged"
}
must_mirror() {           # must_mirror MASTER SLAVE FOLDER
  same_tree "$(tree_of "$1" "$3")" "$(mirrored_tree "$2" "$3")" || fail "what $2 holds is not what $1 has in $3"
}
