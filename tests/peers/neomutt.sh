#!/usr/bin/env bash
# neomutt: reads, flags, moves, deletes and searches, driven by its own key commands.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "neomutt: $1" >&2; exit 1; }
python3 - <<'PY'
import imaplib, os
imap = imaplib.IMAP4(os.environ["PEREGRINE_HOST"], int(os.environ["PEREGRINE_IMAP"]))
imap.login(os.environ["PEREGRINE_USER"], os.environ["PEREGRINE_PASSWORD"])
for n in range(1, 6):
    text = f"From: ann@example.org\r\nTo: bob@example.net\r\nSubject: letter {n}\r\nMessage-ID: <{n}@x>\r\n\r\nbody {n} word{n}\r\n"
    imap.append("INBOX", None, None, text.encode())
imap.logout()
PY
cat >"$work/rc" <<RC
set folder = "imap://$PEREGRINE_USER@$PEREGRINE_HOST:$PEREGRINE_IMAP/"
set spoolfile = "+INBOX"
set imap_pass = "$PEREGRINE_PASSWORD"
set ssl_starttls = no
set ssl_force_tls = no
set header_cache = ""
set confirmappend = no
set delete = yes
set move = no
set mark_old = no
set wait_key = no
set quit = yes
set sort = date-received
set imap_server_noise = no
RC
# Read 1; flag 2; save 3 to Archive (a move); delete what a server-side body search finds (4); leave.
keys='1<enter><display-message><exit>2<enter><flag-message>3<enter><save-message><kill-line>=Archive<enter><delete-pattern>=b word4<enter><sync-mailbox><quit>'
TERM=xterm timeout 60 script -qec "neomutt -n -F $work/rc -e 'push \"$keys\"'" /dev/null >"$work/screen" 2>&1 </dev/null || { cat "$work/screen" >&2; fail "it did not end well"; }
python3 - <<'PY'
import imaplib, os, sys
imap = imaplib.IMAP4(os.environ["PEREGRINE_HOST"], int(os.environ["PEREGRINE_IMAP"]))
imap.login(os.environ["PEREGRINE_USER"], os.environ["PEREGRINE_PASSWORD"])
def want(what, got, expected):
    if got != expected:
        sys.exit(f"neomutt: {what}: {got}, not {expected}")
want("INBOX", imap.select("INBOX")[1], [b"3"])
want("left", imap.uid("SEARCH", None, "ALL")[1], [b"1 2 5"])
want("read", imap.uid("SEARCH", None, "SEEN")[1], [b"1"])
want("flagged", imap.uid("SEARCH", None, "FLAGGED")[1], [b"2"])
want("Archive", imap.select("Archive")[1], [b"1"])
want("moved", imap.search(None, "SUBJECT", '"letter 3"')[1], [b"1"])
imap.logout()
PY
echo "neomutt: all passed"
