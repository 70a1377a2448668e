#!/usr/bin/env python3
"""Every command of python's imaplib, doing real work. Needs PEREGRINE_HOST, _IMAP, _IMAPS, _USER, _PASSWORD."""
import imaplib
import os
import re
import ssl
import sys
import time

HOST = os.environ["PEREGRINE_HOST"]
IMAP = int(os.environ["PEREGRINE_IMAP"])
IMAPS = int(os.environ["PEREGRINE_IMAPS"])
USER = os.environ["PEREGRINE_USER"]
PASSWORD = os.environ["PEREGRINE_PASSWORD"]
checks = 0


def check(condition, what):
    global checks
    checks += 1
    if not condition:
        sys.exit(f"imaplib: {what}")


def ok(answer, what):
    check(answer[0] == "OK", f"{what}: {answer}")
    return answer[1]


def refused(answer, what):
    check(answer[0] == "NO", f"{what} should be refused: {answer}")


def message(number, body="text"):
    return (
        f"From: Ann <ann@example.org>\r\nTo: bob@example.net\r\nSubject: number {number}\r\n"
        f"Date: Mon, 2 Feb 2026 08:09:10 +0000\r\nMessage-ID: <{number}@example.org>\r\n\r\n{body} {number}\r\n"
    ).encode()


def context():
    context = ssl.create_default_context(cafile=os.environ["PEREGRINE_CERTIFICATE"])
    context.check_hostname = False
    return context


def sessions():
    """Plain, STARTTLS, TLS; LOGIN, AUTHENTICATE; wrong password."""
    plain = imaplib.IMAP4(HOST, IMAP)
    try:
        plain.login(USER, "wrong")
        sys.exit("imaplib: a wrong password was taken")
    except imaplib.IMAP4.error as error:
        check("AUTHENTICATIONFAILED" in str(error), str(error))
    ok(plain.login(USER, PASSWORD), "login")
    ok(plain.logout() and ("OK", []), "logout")

    upgraded = imaplib.IMAP4(HOST, IMAP)
    ok(upgraded.starttls(context()), "starttls")
    ok(upgraded.authenticate("PLAIN", lambda _: f"\0{USER}\0{PASSWORD}".encode()), "authenticate")
    upgraded.logout()

    secure = imaplib.IMAP4_SSL(HOST, IMAPS, ssl_context=context())
    ok(secure.login(USER, PASSWORD), "login over TLS")
    with secure:
        ok(secure.noop(), "noop")


def mailboxes(imap):
    ok(imap.enable("X-NOTHING"), "enable")
    try:
        imap.proxyauth("x")
        sys.exit("imaplib: PROXYAUTH was taken")
    except imaplib.IMAP4.error:
        pass
    ok(imap.create("Work"), "create")
    ok(imap.create("Work/Old"), "create")
    refused(imap.create("Work"), "create again")
    ok(imap.rename("Work/Old", "Work/Older"), "rename")
    ok(imap.subscribe("Work/Older"), "subscribe")
    names = [line.decode().rsplit(' "/" ', 1)[1] for line in ok(imap.list(), "list")]
    check({"INBOX", "Work", "Work/Older", "Sent"} <= set(names), f"list: {names}")
    check(any(b"Work/Older" in line for line in ok(imap.lsub(), "lsub")), "lsub")
    ok(imap.unsubscribe("Work/Older"), "unsubscribe")
    ok(imap.namespace(), "namespace")
    ok(imap.delete("Work/Older"), "delete")
    refused(imap.delete("Work/Older"), "delete again")
    refused(imap.select("Nowhere"), "select of nothing")


def messages(imap):
    for number in range(1, 11):
        date = imaplib.Time2Internaldate(1770000000 + number)
        ok(imap.append("Work", r"(\Flagged)" if number == 3 else None, date, message(number)), "append")
    status = ok(imap.status("Work", "(MESSAGES UIDNEXT UIDVALIDITY UNSEEN RECENT)"), "status")
    check(b"MESSAGES 10" in status[0] and b"UIDNEXT 11" in status[0], f"status {status}")
    check(ok(imap.select("Work"), "select") == [b"10"], "select counts")
    check(imap.response("UIDVALIDITY")[1][0].isdigit(), "UIDVALIDITY")
    check(ok(imap.recent(), "recent") is not None, "recent")
    check(ok(imap.search(None, "FLAGGED"), "search") == [b"3"], "search FLAGGED")
    check(ok(imap.search("UTF-8", "SUBJECT", '"number 7"'), "search") == [b"7"], "search SUBJECT")
    check(ok(imap.uid("SEARCH", None, "BODY", '"text 10"'), "uid search") == [b"10"], "uid search")
    data = ok(imap.fetch("1:*", "(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)"), "fetch")
    check(len(data) == 10, "fetch of all")
    check(imaplib.Internaldate2tuple(data[0]) == time.localtime(1770000001), "INTERNALDATE")
    check(imaplib.ParseFlags(data[2]) and rb"\Flagged" in imaplib.ParseFlags(data[2]), "flags")
    for number in range(1, 11):
        body = ok(imap.fetch(str(number), "(BODY.PEEK[])"), "fetch body")[0][1]
        check(body == message(number), f"message {number} came back otherwise")
        text = ok(imap.uid("FETCH", str(number), "(RFC822.TEXT)"), "uid fetch")[0][1]
        check(text == f"text {number}\r\n".encode(), "RFC822.TEXT")
    check(ok(imap.search(None, "UNSEEN"), "search") == [b""], "RFC822.TEXT sets \\Seen")
    ok(imap.store("1:3", "-FLAGS", r"(\Seen)"), "store")
    check(ok(imap.search(None, "UNSEEN"), "search") == [b"1 2 3"], "store took \\Seen away")
    ok(imap.uid("STORE", "5", "+FLAGS.SILENT", r"($Label1 \Answered)"), "uid store")
    check(ok(imap.search(None, "KEYWORD", "$Label1"), "search") == [b"5"], "keyword")


def moving(imap):
    ok(imap.copy("2:4", "Archive"), "copy")
    check(imap.response("COPYUID")[1] is not None, "COPYUID")
    refused(imap.copy("1", "Nowhere"), "copy to nowhere")
    ok(imap.uid("COPY", "5", "Archive"), "uid copy")
    ok(imap.uid("MOVE", "6", "Archive"), "uid move")
    check(ok(imap.status("Archive", "(MESSAGES)"), "status")[0].endswith(b"(MESSAGES 5)"), "copies")
    ok(imap.store("1", "+FLAGS", r"(\Deleted)"), "store")
    check(b"1" in ok(imap.expunge(), "expunge"), "expunge tells the number")
    ok(imap.check(), "check")
    ok(imap.store("1", "+FLAGS", r"(\Deleted)"), "store")
    ok(imap.unselect(), "unselect")
    check(ok(imap.select("Work", readonly=True), "examine") == [b"8"], "unselect keeps")
    check(imap.is_readonly, "read-only")
    ok(imap.close(), "close")
    ok(imap.select("Work"), "select")
    ok(imap.close(), "close")
    check(ok(imap.select("Work"), "select") == [b"7"], "close expunges")


def others(imap):
    check(ok(imap.xatom("ID", "NIL"), "id"), "id")
    for call in (
        lambda: imap.getacl("Work"), lambda: imap.getquota("x"), lambda: imap.getquotaroot("Work"),
        lambda: imap.myrights("Work"), lambda: imap.setacl("Work", "x", "l"), lambda: imap.deleteacl("Work", "x"),
        lambda: imap.setquota("x", "(STORAGE 1)"), lambda: imap.getannotation("Work", "/x", "value"),
    ):
        try:
            answer = call()
            check(answer[0] in ("NO", "BAD"), f"an extension that is not there: {answer}")
        except imaplib.IMAP4.error as error:
            check(re.search("BAD|not|unknown", str(error), re.I), str(error))
    found = sorted(ok(imap.search(None, "ALL"), "search")[0].split())
    check(sorted(ok(imap.sort("DATE", "UTF-8", "ALL"), "sort")[0].split()) == found, "SORT names others")
    threads = ok(imap.thread("REFERENCES", "UTF-8", "ALL"), "thread")[0]
    check(sorted(re.findall(rb"\d+", threads)) == found, "THREAD names others")
    ok(imap.noop(), "noop")
    long_literal = b"x" * 300_000
    big = message(99) + long_literal + b"\r\n"
    ok(imap.append("Work", None, None, big), "append of 300 kB")
    uid = ok(imap.uid("SEARCH", None, "LARGER", "200000"), "search")[0].decode()
    check(ok(imap.uid("FETCH", uid, "(BODY.PEEK[])"), "fetch")[0][1] == big, "300 kB came back otherwise")


def utf8():
    """Names and headers beyond ASCII, once UTF8=ACCEPT is enabled (RFC 9755)."""
    imap = imaplib.IMAP4(HOST, IMAP)
    ok(imap.login(USER, PASSWORD), "login")
    if "UTF8=ACCEPT" not in imap.capabilities:
        return
    name, letter = "Entwürfe & Pläne", message(7).replace(b"number 7", "Grüße".encode())
    refused(imap.append("Work", None, None, letter), "a header in UTF-8 before UTF-8 is enabled")
    ok(imap.enable("UTF8=ACCEPT"), "enable")
    ok(imap.create(f'"{name}"'), "create")
    check(ok(imap.list('""', '"Entw*"'), "list")[0].endswith(f'"{name}"'.encode()), "LIST names another")
    # imaplib's own append puts the words `UTF8 (` into the literal.
    imap.literal = letter
    ok(imap._simple_command("APPEND", f'"{name}"'), "append")
    check(ok(imap.select(f'"{name}"'), "select") == [b"1"], "another number of messages")
    check(ok(imap.search(None, "SUBJECT", '"grüsse"'), "search") == [b""], "ß is not ss")
    check(ok(imap.search(None, "SUBJECT", '"GRÜß"'), "search") == [b"1"], "not found")
    told = ok(imap.fetch("1", "(ENVELOPE BODY.PEEK[])"), "fetch")
    check('"Grüße"'.encode() in told[0][0] and told[0][1] == letter, f"the letter came back as {told}")
    ok(imap.close(), "close")
    ok(imap.rename(f'"{name}"', '"Pläne"'), "rename")
    ok(imap.delete('"Pläne"'), "delete")
    imap.logout()


def main():
    sessions()
    imap = imaplib.IMAP4(HOST, IMAP)
    ok(imap.login(USER, PASSWORD), "login")
    ok(imap.capability(), "capability")
    mailboxes(imap)
    messages(imap)
    moving(imap)
    others(imap)
    utf8()
    check(imap.logout()[0] == "BYE", "logout")
    print(f"imaplib: {checks} checks passed")


main()
