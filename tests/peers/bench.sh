#!/usr/bin/env bash
# `peregrine bench` over our own server, Dovecot and Cyrus on loopback, in one run. A server that is
# not installed is left out, and said so. Arguments go to `peregrine bench`:
#
#   cargo build --release && tests/peers/bench.sh --seconds 5 --svg bench.svg
#
# PEREGRINE names another binary than target/release/peregrine.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
peregrine=${PEREGRINE:-$here/../../target/release/peregrine}
folder=$(mktemp -d)
chmod 755 "$folder"
running=()
served=

finish() {
    for server in "${running[@]}"; do
        "$here/$server.sh" stop "$folder/$server" || true
    done
    [ -z "$served" ] || { kill "$served" && wait "$served"; } 2>/dev/null || true
    rm -rf "$folder"
}
trap finish EXIT

export PEREGRINE_CONFIG="$folder/accounts.toml"
account() {
    "$peregrine" account add "$1" --host 127.0.0.1 --port "$2" --user alice --security plain \
        --password-command 'echo wonderland' >/dev/null
    accounts+=("$1")
}

accounts=()
for server in dovecot cyrus; do
    mkdir "$folder/$server"
    if ! port=$("$here/$server.sh" start "$folder/$server" 2>"$folder/error"); then
        echo "$server is left out: $(tail -n 1 "$folder/error")" >&2
        continue
    fi
    running+=("$server")
    account "$server" "$port"
done

echo wonderland | "$peregrine" init "$folder/mail" --user alice >/dev/null
"$peregrine" serve "$folder/mail" --imap 127.0.0.1:0 --imaps 127.0.0.1:0 >"$folder/ready" 2>"$folder/log" &
served=$!
for _ in $(seq 100); do
    grep -q '^ready:' "$folder/ready" && break
    sleep 0.1
done
account peregrine "$(sed -n 's/^ready: imap 127.0.0.1:\([0-9]*\).*/\1/p' "$folder/ready")"

"$peregrine" bench "${accounts[@]}" "$@"
