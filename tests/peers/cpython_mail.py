#!/usr/bin/env python3
"""Every message of CPython's own test data: appended, fetched back byte for byte, and its ENVELOPE
and BODYSTRUCTURE read by a strict parser."""
import imaplib
import os
import pathlib
import sys
import test.test_email


class Strict:
    """The grammar of RFC 3501 for parenthesized data: no leniency."""

    def __init__(self, octets):
        self.octets, self.at = octets, 0

    def fail(self, what):
        sys.exit(f"strict parser: {what} at {self.at} in {self.octets!r}")

    def value(self):
        octets, at = self.octets, self.at
        if octets[at : at + 1] == b"(":
            self.at += 1
            items = []
            while self.octets[self.at : self.at + 1] != b")":
                if items and self.octets[self.at : self.at + 1] == b" ":
                    self.at += 1
                elif items and self.octets[self.at : self.at + 1] != b"(":
                    self.fail("a blank was expected")
                items.append(self.value())
            self.at += 1
            return items
        if octets[at : at + 1] == b'"':
            return self.quoted()
        if octets[at : at + 1] == b"{":
            end = octets.index(b"}\r\n", at)
            length = int(octets[at + 1 : end])
            self.at = end + 3 + length
            data = octets[end + 3 : self.at]
            if len(data) != length or 0 in data:
                self.fail("a broken literal")
            return data
        end = at
        while end < len(octets) and octets[end : end + 1] not in (b" ", b")", b"("):
            end += 1
        self.at = end
        atom = octets[at:end]
        if atom == b"NIL":
            return None
        if not atom.isdigit():
            self.fail(f"neither NIL nor a number: {atom!r}")
        return int(atom)

    def quoted(self):
        out, self.at = bytearray(), self.at + 1
        while True:
            octet = self.octets[self.at]
            self.at += 1
            if octet == 0x22:
                return bytes(out)
            if octet == 0x5C:
                octet = self.octets[self.at]
                self.at += 1
                if octet not in (0x22, 0x5C):
                    self.fail("a wrong escape")
            elif octet in (0, 10, 13) or octet > 127:
                self.fail("not allowed in a quoted string")
            out.append(octet)


def check_envelope(envelope):
    assert len(envelope) == 10, envelope
    for text in (*envelope[:2], *envelope[8:]):
        assert text is None or isinstance(text, bytes), envelope
    for addresses in envelope[2:8]:
        assert addresses is None or addresses and all(len(a) == 4 for a in addresses), envelope


def check_body(body):
    if isinstance(body[0], list):
        parts = [item for item in body if isinstance(item, list)]
        subtype = next(index for index, item in enumerate(body) if not isinstance(item, list))
        assert isinstance(body[subtype], bytes), body
        for part in parts[:subtype]:
            check_body(part)
        assert len(body) == subtype + 5, body
        return
    assert all(isinstance(body[i], bytes) for i in (0, 1, 5)) and isinstance(body[6], int), body
    kind = (body[0].upper(), body[1].upper())
    extra = 7
    if kind == (b"MESSAGE", b"RFC822") and isinstance(body[7], list):
        check_envelope(body[7])
        check_body(body[8])
        assert isinstance(body[9], int), body
        extra = 10
    elif kind[0] == b"TEXT":
        assert isinstance(body[7], int), body
        extra = 8
    assert len(body) == extra + 4, body


def fetched(data):
    """imaplib's answer put together again as it was on the wire."""
    out = b""
    for item in data:
        out += item[0] + b"\r\n" + item[1] if isinstance(item, tuple) else item
    return out


def main():
    folders = [pathlib.Path(test.test_email.__file__).parent / "data"]
    corpus = os.environ.get("PEREGRINE_CORPUS")
    if corpus and os.path.isdir(corpus):
        folders += [path for path in pathlib.Path(corpus).iterdir() if path.is_dir()]
    imap = imaplib.IMAP4(os.environ["PEREGRINE_HOST"], int(os.environ["PEREGRINE_IMAP"]))
    imap.login(os.environ["PEREGRINE_USER"], os.environ["PEREGRINE_PASSWORD"])
    imap.create("CPython")
    imap.select("CPython")
    count = 0
    for path in sorted(path for folder in folders for path in folder.iterdir()):
        if path.suffix not in (".txt", ".eml"):
            continue
        octets = path.read_bytes()
        # imaplib would turn bare LF into CRLF on its way: the octets go as they are.
        imap.literal = octets
        answer = imap._simple_command("APPEND", "CPython")
        assert answer[0] == "OK", (path, answer)
        count += 1
        back = imap.fetch(str(count), "(RFC822.SIZE BODY.PEEK[])")[1]
        assert back[0][1] == octets, f"{path} came back otherwise"
        assert f"RFC822.SIZE {len(octets)}".encode() in back[0][0], (path, back[0][0])
        header = imap.fetch(str(count), "(BODY.PEEK[HEADER])")[1][0]
        text = imap.fetch(str(count), "(BODY.PEEK[TEXT])")[1][0]
        join = (header[1] if isinstance(header, tuple) else b"") + (text[1] if isinstance(text, tuple) else b"")
        assert join == octets, f"{path}: HEADER and TEXT do not make the whole"
        wire = fetched(imap.fetch(str(count), "(ENVELOPE BODYSTRUCTURE)")[1])
        parser = Strict(wire[wire.index(b"ENVELOPE ") + 9 :])
        check_envelope(parser.value())
        assert parser.octets[parser.at :].startswith(b" BODYSTRUCTURE "), wire
        parser.at += len(b" BODYSTRUCTURE ")
        check_body(parser.value())
        assert parser.octets[parser.at :] == b")", wire
    imap.logout()
    assert count >= 40, count
    print(f"cpython_mail: {count} messages came back as they were")


main()
