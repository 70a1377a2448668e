//! Octets changed at random: nothing panics, nothing hangs, and what is reported is whole.

use crate::wire::{Wire, command};
use peregrine_client::Settings;

/// Responses of every kind, right and odd.
const CORPUS: &[&str] = &[
    "* 1 FETCH (UID 5 FLAGS (\\Seen $X) RFC822.SIZE 12 MODSEQ (7) INTERNALDATE \" 1-Jan-2025 10:00:00 +0000\")",
    "* 1 FETCH (UID 5 BODY[HEADER.FIELDS (\"To\" From)]<0> {5}\r\nab\r\nc BODY[] NIL)",
    "* 1 FETCH (BODYSTRUCTURE ((\"text\" \"plain\" (\"charset\" \"x\") NIL NIL \"7bit\" 3 1 NIL NIL NIL NIL) (NIL \"alternative\") \"mixed\" (\"boundary\" \"x\") \"inline\" NIL))",
    "* 1 FETCH (BODY (\"message\" \"rfc822\" NIL NIL NIL NIL -1 (NIL \"a\"b\" ((NIL NIL \"a\" \"b\")(NIL)) NIL NIL NIL NIL NIL) (\"a\" \"b\" NIL NIL NIL \"x\" 1.5) 1))",
    "* 1 FETCH (ENVELOPE (NIL {3}\r\nx\r\n (((\"n\" NIL \"a\" \"MISSING_DOMAIN\"))) NIL NIL NIL NIL NIL NIL NIL))",
    "* LIST (\\HasNoChildren \\Sent) \"/\" \"Entw&APw-rfe\"",
    "* STATUS \"x y\" (MESSAGES 3 UIDNEXT 4 X 5)",
    "* SEARCH 1 2 3 (MODSEQ 9)",
    "* ESEARCH (TAG \"t3\") UID MIN 1 ALL 1:3,5 COUNT 4",
    "* SORT 3 1 2",
    "* THREAD (1)(2 3 (4)(5 6))",
    "* CAPABILITY IMAP4rev1 LITERAL + IDLE ",
    "* ID (\"name\" \"x\" \"version\" NIL)",
    "* NAMESPACE ((\"\" \"/\")) NIL ((\"x\" NIL))",
    "* OK [COPYUID 7 1:3 4:6] done",
    "* OK [PERMANENTFLAGS (\\Seen \\*)] so",
    "* [UIDNEXT 0]",
    "* 9 EXISTS",
    "* 9 EXPUNGE",
    "* VANISHED (EARLIER) 1:3,5",
    "* BYE so",
    "+ go on",
    "t3 OK [APPENDUID 7 8] done",
];

/// Random numbers that are the same in each run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

fn mutate(line: &mut Vec<u8>, chance: &mut Chance) {
    const PIECES: &[&[u8]] = &[
        b"(",
        b")",
        b"\"",
        b" ",
        b"NIL",
        b"{3}\r\n",
        b"{4294967295}\r\n",
        b"\\",
        b"-",
        b"0",
        b"\0",
        b"\xff",
        b"\r\n",
        b"[",
        b"]",
        b"*",
        b"4294967296",
        b"\n",
        b"<",
        b"&",
        b"\xc3\xa9",
    ];
    for _ in 0..=chance.below(3) {
        let at = chance.below(line.len() + 1);
        match chance.below(4) {
            0 if at < line.len() => _ = line.remove(at),
            1 if at < line.len() => line[at] = chance.below(256) as u8,
            2 => {
                let to = (at + chance.below(20)).min(line.len());
                let piece = line[at..to].to_vec();
                line.splice(at..at, piece);
            }
            _ => {
                let piece = PIECES[chance.below(PIECES.len())];
                line.splice(at..at, piece.iter().copied());
            }
        }
    }
}

#[test]
fn nothing_panics() {
    /// As many as take some seconds in a debug build.
    const ROUNDS: usize = 6000;
    let mut chance = Chance(0x2545_F491_4F6C_DD1D);
    for round in 0..ROUNDS {
        let mut wire = Wire::selected(Settings::default());
        let fetch = wire.sends(command("UID FETCH 1:* (FLAGS ENVELOPE BODYSTRUCTURE BODY.PEEK[])"));
        let search = wire.sends(command("UID SEARCH RETURN (ALL) ALL"));
        let mut sent = Vec::new();
        for _ in 0..4 {
            let mut line = CORPUS[chance.below(CORPUS.len())].as_bytes().to_vec();
            mutate(&mut line, &mut chance);
            line.extend_from_slice(b"\r\n");
            sent.extend_from_slice(&line);
        }
        wire.says(&sent);
        wire.machine.closed();
        wire.settle();
        // Each call has ended, whatever came.
        for id in [fetch, search] {
            assert!(wire.result(id).is_some(), "round {round}: {}", sent.escape_ascii());
        }
        for update in wire.updates() {
            assert!(!format!("{update:?}").is_empty());
        }
    }
}
