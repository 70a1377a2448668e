#!/usr/bin/env bash
# Cyrus on loopback with one user, for tests that need another server. As root only, for Cyrus takes
# a user of its own; here that is `nobody`.
#
#   cyrus.sh start FOLDER   runs it with everything in FOLDER, which must exist; prints its port
#   cyrus.sh stop FOLDER    ends it
#
# Its Debian package excludes that of every other IMAP server. So PEREGRINE_CYRUS may name a folder
# into which the packages cyrus-imapd and cyrus-common were unpacked (dpkg -x) and not installed.
#
# The user is alice, the password wonderland (any other is taken too). There is no TLS.
set -euo pipefail
folder=${2:?"usage: $0 start|stop FOLDER"}
folder=$(cd "$folder" && pwd)
root=${PEREGRINE_CYRUS:-}
programs=$root/usr/lib/cyrus/bin
library=$(dirname "$(find "$root/usr/lib" -maxdepth 2 -name libcyrus.so.0 | head -n 1)")
export LD_LIBRARY_PATH=$library CYRUS_USER=nobody

write_config() {
    local port=$1
    mkdir -p "$folder"/{config/{db,log,msg,proc,socket,sync,user,quota},mail,run/{lock,proc}}
    cat >"$folder/imapd.conf" <<CONFIG
configdirectory: $folder/config
defaultpartition: default
partition-default: $folder/mail
proc_path: $folder/run/proc
mboxname_lockpath: $folder/run/lock
imapidlepoll: 1s
cyrus_user: nobody
admins: admin
unixhierarchysep: yes
altnamespace: yes
allowplaintext: yes
sasl_pwcheck_method: alwaystrue
sasl_mech_list: PLAIN
autocreate_quota: 0
autocreate_post: no
statuscache: on
expunge_mode: immediate
CONFIG
    cat >"$folder/cyrus.conf" <<CONFIG
START {
  recover cmd="$programs/ctl_cyrusdb -C $folder/imapd.conf -r"
}
SERVICES {
  imap cmd="$programs/imapd -C $folder/imapd.conf -U 30" listen="127.0.0.1:$port" prefork=1 maxchild=100
}
EVENTS {
}
CONFIG
    chmod 755 "$folder"
    chown -R nobody "$folder"
}

# Says a few commands and prints what is answered.
dialogue() {
    local port=$1 line
    shift
    { exec 3<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null || return 1
    printf '%s\r\n' "$@" >&3
    while read -r -t 5 line <&3; do
        echo "$line"
        [[ $line != "z "* ]] || break
    done
    exec 3<&- 3>&-
}

start() {
    local attempt port
    # A port that another process takes first costs another attempt.
    for attempt in 1 2 3; do
        port=$((20000 + (RANDOM % 10000)))
        dialogue "$port" "z LOGOUT" >/dev/null 2>&1 && continue
        write_config "$port"
        "$programs/master" -C "$folder/imapd.conf" -M "$folder/cyrus.conf" -p "$folder/master.pid" \
            -D >"$folder/log" 2>&1 </dev/null &
        echo $! >"$folder/pid"
        for _ in $(seq 100); do
            # Not grep -q: it ends before the dialogue, which then fails for it.
            if dialogue "$port" "z LOGOUT" | grep "^z OK" >/dev/null; then
                # altnamespace: the administrator names alice's INBOX so.
                dialogue "$port" "a LOGIN admin wonderland" "b CREATE user/alice" "z LOGOUT" |
                    grep -E "^b (OK|NO Mailbox already exists)" >/dev/null && echo "$port" && return
            fi
            sleep 0.1
        done
        stop
    done
    cat "$folder/log" >&2 2>/dev/null || true
    echo "cyrus.sh: it does not start" >&2
    return 1
}

stop() {
    [ -s "$folder/pid" ] || return 0
    kill "$(cat "$folder/pid")" 2>/dev/null || return 0
    for _ in $(seq 50); do
        kill -0 "$(cat "$folder/pid")" 2>/dev/null || return 0
        sleep 0.1
    done
}

case $1 in
start) start ;;
stop) stop ;;
*)
    echo "usage: $0 start|stop FOLDER" >&2
    exit 2
    ;;
esac
