#!/usr/bin/env bash
# mbsync: 2,000 messages with flags, both directions, twice; the second run moves nothing.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "mbsync: $1" >&2; exit 1; }
mkdir -p "$work/mail/INBOX/"{cur,new,tmp} "$work/mail/Lists/"{cur,new,tmp}
cat >"$work/rc" <<RC
IMAPStore far
Host $PEREGRINE_HOST
Port $PEREGRINE_IMAP
User $PEREGRINE_USER
Pass "$PEREGRINE_PASSWORD"
SSLType None
AuthMechs LOGIN

MaildirStore near
Path $work/mail/
Inbox $work/mail/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
SyncState *
RC
python3 - "$work/mail" <<'PY'
import pathlib, sys
root = pathlib.Path(sys.argv[1])
flags = ["", "S", "FS", "RS", "F"]
for n in range(2000):
    box = root / ("INBOX" if n % 2 else "Lists")
    text = f"From: ann@example.org\nTo: bob@example.net\nSubject: message {n}\nMessage-ID: <{n}@example.org>\n\nbody of {n}\n"
    (box / "cur" / f"{1700000000 + n}.{n}.here:2,{flags[n % 5]}").write_bytes(text.encode())
PY
sync() { timeout 300 mbsync -c "$work/rc" -a "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "$1"; }; }
count() { find "$work/mail" -path "*/$1/*" \( -path '*/cur/*' -o -path '*/new/*' \) -type f | wc -l; }

sync
sync -V
# The last line counts: Channels, Boxes, Far: +added *changed #expunged, Near: the same.
grep -Eq 'Far: \+0 \*0 #0 .*Near: \+0 \*0 #0' "$work/log" || { tail -n 3 "$work/log" >&2; fail "the second run moved something"; }

# Changes on either side: new mail and flags at the server, flags and deletions here.
python3 - <<'PY'
import imaplib, os
imap = imaplib.IMAP4(os.environ["PEREGRINE_HOST"], int(os.environ["PEREGRINE_IMAP"]))
imap.login(os.environ["PEREGRINE_USER"], os.environ["PEREGRINE_PASSWORD"])
assert imap.select("INBOX")[1] == [b"1000"], imap.select("INBOX")
assert imap.select("Lists")[1] == [b"1000"]
assert len(imap.search(None, "FLAGGED")[1][0].split()) == 400
imap.select("INBOX")
imap.append("INBOX", r"(\Seen)", None, b"Subject: from the server\r\n\r\nnew\r\n")
imap.store("1:10", "+FLAGS", r"(\Deleted)")
imap.expunge()
imap.store("1:50", "+FLAGS", r"(\Answered)")
imap.logout()
PY
for file in $(find "$work/mail/Lists/cur" -type f | sort | head -n 20); do rm "$file"; done
sync
[ "$(count INBOX)" = 991 ] || fail "INBOX here has $(count INBOX) messages, not 991"
[ "$(count Lists)" = 980 ] || fail "Lists here has $(count Lists) messages, not 980"
python3 - <<'PY'
import imaplib, os
imap = imaplib.IMAP4(os.environ["PEREGRINE_HOST"], int(os.environ["PEREGRINE_IMAP"]))
imap.login(os.environ["PEREGRINE_USER"], os.environ["PEREGRINE_PASSWORD"])
assert imap.select("Lists")[1] == [b"980"], imap.select("Lists")
assert imap.select("INBOX")[1] == [b"991"]
imap.logout()
PY
sync -V
grep -Eq 'Far: \+0 \*0 #0 .*Near: \+0 \*0 #0' "$work/log" || { tail -n 3 "$work/log" >&2; fail "the last run moved something"; }
echo "mbsync: 2,000 messages in step"
