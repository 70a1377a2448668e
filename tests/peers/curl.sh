#!/usr/bin/env bash
# curl: LIST, APPEND, FETCH by UID and section, SEARCH, over imap:// and imaps://.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
plain="imap://$PEREGRINE_HOST:$PEREGRINE_IMAP"
secure="imaps://$PEREGRINE_HOST:$PEREGRINE_IMAPS"
fail() { echo "curl: $1" >&2; exit 1; }
run() { curl --silent --show-error --max-time 20 --cacert "$PEREGRINE_CERTIFICATE" --user "$PEREGRINE_USER:$PEREGRINE_PASSWORD" "$@"; }

printf 'From: ann@example.org\r\nSubject: from curl\r\n\r\nfirst line\r\nsecond line\r\n' >"$work/one.eml"
for url in "$plain" "$secure"; do
    run "$url/" | grep -q '"/" INBOX' || fail "LIST at $url"
    run --upload-file "$work/one.eml" "$url/INBOX" || fail "APPEND at $url"
done
run --ssl-reqd "$plain/" >/dev/null || fail "STARTTLS"
run "$plain/INBOX;UID=1" >"$work/back.eml"
cmp "$work/one.eml" "$work/back.eml" || fail "the message came back otherwise"
run "$secure/INBOX;UID=2;SECTION=TEXT" | head -n 1 | grep -q 'first line' || fail "SECTION=TEXT"
run "$plain/INBOX;UID=2;SECTION=HEADER.FIELDS%20(SUBJECT)" | grep -q '^Subject: from curl' || fail "HEADER.FIELDS"
run "$plain/INBOX?SUBJECT%20curl" | grep -q '^\* SEARCH 1 2' || fail "SEARCH"
run "$plain/INBOX" --request 'STATUS INBOX (MESSAGES)' | grep -q 'MESSAGES 2' || fail "STATUS"
if curl --silent --max-time 20 --user "$PEREGRINE_USER:wrong" "$plain/" >/dev/null; then fail "a wrong password was taken"; fi
for mechanism in PLAIN SCRAM-SHA-256; do
    run --login-options "AUTH=$mechanism" "$plain/" >/dev/null || echo "curl: AUTH=$mechanism is not in this curl"
done
echo "curl: all passed"
