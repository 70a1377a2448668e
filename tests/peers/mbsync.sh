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
sync() { timeout 60 mbsync -c "$work/rc" -a >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "it ended with an error"; }; }
count() { find "$work/mail" -path "*/$1/*" \( -path '*/cur/*' -o -path '*/new/*' \) -type f | wc -l; }

# On a terminal mbsync counts: F(ar) and N(ear), +added *changed #expunged. All must be 0.
nothing() {
    script -qec "timeout 60 mbsync -c $work/rc -a" /dev/null >"$work/log" 2>&1 </dev/null || { cat "$work/log" >&2; fail "$1"; }
    tr '\r' '\n' <"$work/log" | grep -E '^C: ' | tail -n 1 >"$work/counts"
    grep -Eq 'F: \+0/0 \*0/0 #0/0 +N: \+0/0 \*0/0 #0/0' "$work/counts" || { cat "$work/counts" >&2; fail "$1 moved something"; }
}

sync
nothing "the second run"

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
nothing "the last run"
echo "mbsync: 2,000 messages in step"
