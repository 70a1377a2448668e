#!/usr/bin/env python3
"""`peregrine shell` at a terminal: a pty on which keys are typed and the screen is read.

Completion, history, a literal's own prompt, several commands in flight, tags and results in
colour, and what is kept afterwards. PEREGRINE is the binary; the server is as for the others.
"""

import fcntl
import os
import pty
import re
import select
import struct
import sys
import tempfile
import termios
import time

PATIENCE = 30
ENTER, TAB, UP, CTRL_D = b"\r", b"\t", b"\x1b[A", b"\x04"


class Terminal:
    def __init__(self, state, *arguments):
        self.seen = b""
        self.read_up_to = 0
        self.process, self.screen = pty.fork()
        if self.process == 0:
            os.environ.update(TERM="xterm-256color", XDG_STATE_HOME=state)
            os.environ.pop("NO_COLOR", None)
            binary = os.environ["PEREGRINE"]
            os.execv(binary, [binary, "shell", *arguments])
        fcntl.ioctl(self.screen, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))

    def types(self, *keys):
        os.write(self.screen, b"".join(keys))

    def shows(self, pattern):
        """Waits until the screen shows this, behind all that was waited for before."""
        deadline = time.monotonic() + PATIENCE
        while True:
            found = re.search(pattern, self.seen[self.read_up_to:], re.DOTALL)
            if found:
                self.read_up_to += found.end()
                return found
            left = deadline - time.monotonic()
            ready = left > 0 and select.select([self.screen], [], [], left)[0]
            try:
                more = os.read(self.screen, 65536) if ready else b""
            except OSError:
                more = b""
            if not more:
                shown = self.seen[self.read_up_to:].decode(errors="replace")
                sys.exit(f"not shown: {pattern!r}\n{shown!r}")
            self.seen += more

    def ends(self):
        _, status = os.waitpid(self.process, 0)
        return os.waitstatus_to_exitcode(status)


def prompt(number):
    """A tag in bold and its own colour."""
    return rb"\x1b\[1;\d+ma%d\x1b\[0m> " % number


def done(number, result=b"OK", colour=32):
    """A reply: its tag like the prompt's, its result in the colour of its kind."""
    return rb"\x1b\[1;\d+ma%d\x1b\[0m \x1b\[%dm%s\x1b\[0m " % (number, colour, result)


def main():
    user, port = os.environ["PEREGRINE_USER"], os.environ["PEREGRINE_IMAP"]
    with tempfile.TemporaryDirectory() as state:
        shell = Terminal(
            state,
            f"imap://{user}@127.0.0.1:{port}",
            "--password-command",
            "printenv PEREGRINE_PASSWORD",
        )
        shell.shows(rb"\x1b\[2m\*\x1b\[0m \x1b\[32mOK\x1b\[0m ")
        shell.shows(rb"logged in to")
        shell.shows(prompt(1))

        # Completion of a command and of a mailbox that the server has.
        shell.types(b"sel", TAB)
        shell.shows(rb"SELECT")
        shell.types(b" inb", TAB)
        shell.shows(rb"INBOX")
        shell.types(ENTER)
        shell.shows(rb"\x1b\[2m\*\x1b\[0m .*EXISTS")
        shell.shows(done(1))

        # A literal has a prompt of its own.
        shell.types(b"append INBOX {}", ENTER)
        shell.shows(rb"literal, ended by a line with a dot> ")
        shell.types(b"Subject: typed", ENTER, b"", ENTER, b"text", ENTER, b".", ENTER)
        shell.shows(done(2))

        # Two are in flight before the first is answered; a refusal has another colour.
        shell.types(b"uid search body text", ENTER, b"select Absent", ENTER)
        for _ in range(2):
            shell.shows(done(3) + rb"|" + done(4, b"NO", 33))
        shell.types(b"nonsense", ENTER)
        shell.shows(done(5, b"BAD", 31))

        # History: up twice is the command before the last.
        shell.types(UP, UP)
        shell.shows(rb"select Absent")
        shell.types(ENTER)
        shell.shows(done(6, b"NO", 33))

        # A tag of one's own; IDLE makes way for done.
        shell.types(b"mine noop", ENTER)
        shell.shows(rb"mine\x1b\[0m \x1b\[32mOK")
        shell.types(b"idle", ENTER)
        shell.shows(rb"\x1b\[2m\+\x1b\[0m ")
        shell.types(b"done", ENTER)
        shell.shows(done(7))

        shell.types(b"login someone secret-word", ENTER)
        shell.shows(rb"\x1b\[1;\d+ma8\x1b\[0m \x1b\[3[13]m(NO|BAD)")
        shell.types(CTRL_D)
        shell.shows(rb"BYE")
        shell.shows(done(9))
        assert shell.ends() == 0

        with open(os.path.join(state, "peregrine", "shell_history"), encoding="utf-8") as file:
            history = file.read()
        assert "SELECT INBOX" in history and "select Absent" in history, history
        assert "secret-word" not in history and "Subject: typed" not in history, history
        assert os.environ["PEREGRINE_PASSWORD"].encode() not in shell.seen
    print("peregrine shell at a terminal: right")


if __name__ == "__main__":
    main()
