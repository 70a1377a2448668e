#!/usr/bin/env bash
# Our client library against Dovecot and Cyrus on loopback: all calls, and 1,000 tasks on one
# connection. A server that is not installed is left out, and said so.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
running=()

finish() {
    for server in "${running[@]}"; do
        "$here/$server.sh" stop "$folder/$server" || true
    done
    rm -rf "$folder"
}
trap finish EXIT
chmod 755 "$folder"

for server in dovecot cyrus; do
    mkdir "$folder/$server"
    if ! port=$("$here/$server.sh" start "$folder/$server" 2>"$folder/error"); then
        echo "$server is left out: $(tail -n 1 "$folder/error")"
        continue
    fi
    running+=("$server")
    echo "== $server on port $port"
    PEREGRINE_PEER="127.0.0.1:$port alice wonderland" \
        cargo test --quiet --package peregrine-client --test peer -- --nocapture --test-threads=1
done
