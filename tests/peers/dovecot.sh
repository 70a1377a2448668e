#!/usr/bin/env bash
# Dovecot on loopback with one user, for tests that need another server.
#
#   dovecot.sh start FOLDER   runs it with everything in FOLDER, which must exist; prints its port
#   dovecot.sh stop FOLDER    ends it
#
# The user is alice, the password wonderland. There is no TLS. As root, mail belongs to `nobody`.
set -euo pipefail
folder=${2:?"usage: $0 start|stop FOLDER"}
folder=$(cd "$folder" && pwd)
config="$folder/dovecot.conf"
PATH="$PATH:/usr/sbin"

write_config() {
    local port=$1 me group mail_user mail_group
    me=$(id -un) group=$(id -gn)
    mail_user=$me mail_group=$group
    if [ "$(id -u)" = 0 ]; then
        # Dovecot refuses to keep mail as root.
        mail_user=nobody mail_group=$(id -gn nobody)
        chown nobody "$folder"
        chmod 755 "$folder"
    fi
    mkdir -p "$folder/mail" "$folder/run" "$folder/state"
    chown "$mail_user" "$folder/mail"
    cat >"$config" <<CONFIG
base_dir = $folder/run
state_dir = $folder/state
log_path = $folder/log
protocols = imap
ssl = no
disable_plaintext_auth = no
listen = 127.0.0.1
default_internal_user = $([ "$(id -u)" = 0 ] && echo dovecot || echo "$me")
default_internal_group = $([ "$(id -u)" = 0 ] && echo dovecot || echo "$group")
default_login_user = $([ "$(id -u)" = 0 ] && echo dovenull || echo "$me")
mail_location = maildir:$folder/mail/%u
mail_max_userip_connections = 50
first_valid_uid = 0
first_valid_gid = 0
$([ -e /usr/lib/dovecot/modules/lib30_imap_zlib_plugin.so ] && echo "mail_plugins = zlib
protocol imap {
  mail_plugins = zlib imap_zlib
}")
namespace inbox {
  inbox = yes
  separator = /
}
passdb {
  driver = static
  args = password=wonderland
}
userdb {
  driver = static
  args = uid=$mail_user gid=$mail_group home=$folder/mail/%u
}
service imap-login {
  chroot =
  inet_listener imap {
    address = 127.0.0.1
    port = $port
  }
  inet_listener imaps {
    port = 0
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
CONFIG
}

answers() {
    local greeting=
    { exec 3<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || return 1
    read -r -t 2 greeting <&3 || true
    exec 3<&- 3>&-
    [[ $greeting == "* OK"* ]]
}

start() {
    local attempt port
    # A port that another process takes first costs another attempt.
    for attempt in 1 2 3 4 5; do
        port=$((20000 + (RANDOM % 10000)))
        answers "$port" && continue
        write_config "$port"
        # Not into our own output, so that who waits for its end does not wait for the server.
        dovecot -c "$config" >"$folder/start" 2>&1 </dev/null || continue
        for _ in $(seq 50); do
            if answers "$port"; then
                echo "$port"
                return
            fi
            sleep 0.1
        done
        stop
    done
    cat "$folder/start" "$folder/log" >&2 2>/dev/null || true
    echo "dovecot.sh: it does not start" >&2
    return 1
}

stop() {
    dovecot -c "$config" stop >/dev/null 2>&1 || true
    for _ in $(seq 50); do
        [ -e "$folder/run/master.pid" ] || return 0
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
