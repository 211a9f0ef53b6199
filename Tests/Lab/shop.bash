# A master with a shop on it and its spare machine, shared by the scenarios that promote. Sourced after common.bash.
# shellcheck shell=bash

# In it only by the shop's own set-up: wherever else it shows is a leak.
shop_secret=Secret-of-the-shop
here=$(dirname -- "${BASH_SOURCE[0]}")

# make_shop MASTER SLAVE FILES MEGABYTES: a web server, two databases, a cron job, a user with another id on each side, and a
# package that the slave lacks; paired by printed commands, with /etc. Wants the gateway, for the packages.
make_shop() {
  local master=$1 slave=$2 files=$3 megabytes=$4
  on_shell "$master" 'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install nginx-light tree >/dev/null 2>&1
    useradd --uid 1500 --create-home ada; mkdir -p /srv/www/pages
    for n in $(seq '"$files"'); do echo "page $n" >/srv/www/pages/$n; done; echo "this is the shop" >/srv/www/index.html
    chown -R ada: /srv/www/pages
    printf "server { listen 80 default_server; root /srv/www; }\n" >/etc/nginx/sites-available/default; systemctl restart nginx
    printf "* * * * * root date +\\%%s >>/srv/www/ticks\n" >/etc/cron.d/ticks
    printf "[mysqld]\nbind-address = 0.0.0.0\n" >/etc/mysql/mariadb.conf.d/90-story.cnf
    printf "listen_addresses = '"'*'"'\n" >/etc/postgresql/15/main/conf.d/story.conf
    echo "host all all 10.77.0.0/24 scram-sha-256" >>/etc/postgresql/15/main/pg_hba.conf
    systemctl restart mariadb postgresql@15-main
    mariadb -e "CREATE DATABASE shop; CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY, at DATETIME(3), what TEXT);
      CREATE TABLE shop.bulk (id INT AUTO_INCREMENT PRIMARY KEY, filler VARBINARY(1000));
      CREATE USER shop@\"%\" IDENTIFIED BY \"'"$shop_secret"'\"; GRANT ALL ON shop.* TO shop@\"%\""
    cd /tmp; runuser -u postgres -- psql -q -c "CREATE ROLE shop LOGIN PASSWORD '"'$shop_secret'"'" -c "CREATE DATABASE shop OWNER shop"
    runuser -u postgres -- psql -q -d shop -c "CREATE TABLE orders (id serial PRIMARY KEY, at timestamptz, what text); ALTER TABLE orders OWNER TO shop"'
  on_shell "$master" "mariadb shop -e \"INSERT INTO bulk (filler) SELECT REPEAT(CHAR(65 + seq % 26), 1000) FROM seq_1_to_$((megabytes * 1000))\""
  on_shell "$slave" 'useradd --uid 1700 ada'
  pair "$master" "$slave" /srv
  on_shell "$master" "hotsync config set connections.standby.config.include '[/etc]'"
  on_shell "$slave" "hotsync-slave config set promote.internet_check '[10.77.0.1]'
    mkdir -p /etc/hotsync/post-restore.d
    printf '#!/bin/sh\necho \"\$HOTSYNC_GENERATION\" >/srv/post-restore-ran\n' >/etc/hotsync/post-restore.d/50-story
    chmod 755 /etc/hotsync/post-restore.d/50-story"
}

# sell MACHINE NUMBER: so many orders in each database.
sell() {
  on_shell "$1" "mariadb shop -e \"INSERT INTO orders (at, what) SELECT NOW(3), 'something' FROM seq_1_to_$2\"
    cd /tmp; runuser -u postgres -- psql -q shop -c \"INSERT INTO orders (at, what) SELECT now(), 'something' FROM generate_series(1, $2)\""
}

# The shop is busy until the machine ends.
sell_on() {
  on_shell "$1" 'cat >/usr/local/bin/shop <<"SHOP"
while sleep 0.2; do
  mariadb shop -e "INSERT INTO orders (at, what) VALUES (NOW(3), \"something\")"
  (cd /tmp; runuser -u postgres -- psql -q shop -c "INSERT INTO orders (at, what) VALUES (now(), \$\$something\$\$)")
  date +%s.%N >/srv/www/last-order
done
SHOP
systemd-run --quiet --unit=shop bash /usr/local/bin/shop'
}

# How many: MariaDB's and PostgreSQL's.
orders() {
  on_shell "$1" 'mariadb -N shop -e "SELECT COUNT(*) FROM orders"
    cd /tmp; runuser -u postgres -- psql -Atq shop -c "SELECT count(*) FROM orders"' | paste -sd' '
}

# at_console LOG MACHINE COMMAND...: the answers, PROMPT=ANSWER, are read from standard input.
at_console() { python3 "$here/console.py" "$1" -- "$lab" exec -t "${@:2:1}" -- "${@:3}"; }

is_ready() { on_shell "$1" 'systemctl start hotsync-slave.service; hotsync-slave status --json | grep -q "\"ready\": true"'; }

# The disk of a machine that is off, kept; and put back under one that is on: as if nothing had been since.
keep_disk() { cp --sparse=always "$LAB_DIR/m/$1/disk.img" "$work/$1.disk"; }
take_disk() {
  "$lab" powercut "$1" >/dev/null 2>&1 || true
  cp --sparse=always "$work/$1.disk" "$LAB_DIR/m/$1/disk.img"
  "$lab" boot "$1" >/dev/null
}

# A program that starts a promotion and stops it in the moment at which its journal has so many lines: what comes next there
# has just begun. What it says goes to /run/promotion.log.
bring_cutter() {
  on_shell "$1" 'cat >/usr/local/sbin/cut-promotion; chmod 755 /usr/local/sbin/cut-promotion' <<'CUT'
#!/usr/bin/python3
import os, signal, subprocess, sys, time
wanted, command = int(sys.argv[1]), sys.argv[2:]
path = "/var/lib/hotsync-state/standby/promotion/1/journal"
child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=open("/run/promotion.log", "wb"), stderr=subprocess.STDOUT)
position = lines = 0
while child.poll() is None:
    try:
        with open(path, "rb") as file:
            file.seek(position)
            some = file.read()
    except FileNotFoundError:
        some = b""
    position += len(some)
    lines += some.count(b"\n")
    if lines >= wanted:
        os.kill(child.pid, signal.SIGSTOP)
        print("stopped after line", lines)
        sys.exit(0)
    time.sleep(0.0002)
sys.exit("it ended with %d before line %d" % (child.returncode, wanted))
CUT
}
