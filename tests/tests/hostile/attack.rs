//! One attack: octets, and what the server must say to them, however they are cut.

use super::client::Client;
use super::ground::{Ground, Stage};
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// How long the rest of an attack is held back (G6). Time is simulated: all that the server can do
/// with the first part is done by then.
const HELD_BACK: Duration = Duration::from_millis(50);

/// The same between single octets: short, so that a long attack stays within the server's
/// deadlines.
const BETWEEN_OCTETS: Duration = Duration::from_micros(500);

/// Attacks up to this many octets are cut behind each of them; of longer ones some cuts are taken.
const CUT_EVERYWHERE: usize = 160;

/// Attacks up to this many octets are sent by the octet too; longer ones in pieces.
const BY_OCTET: usize = 4096;

/// What is sent, and what must come.
pub struct Attack {
    /// Row of the checklist, and what of it.
    row: String,
    stage: Stage,
    octets: Vec<u8>,
    replies: Vec<String>,
}

/// How an attack is cut into pieces.
#[derive(Clone, Copy, Debug)]
enum Cut {
    Whole,
    At(usize),
    Pieces(usize),
}

impl Attack {
    /// `replies` are the beginnings of what must come in this order: tagged replies, `+`, and
    /// `* BAD`, `* NO` and `* BYE`. Anything else untagged may come between them. If `* BYE` is the
    /// last one the connection must be closed; else it must go on as if nothing had been.
    pub fn new(
        row: &str,
        stage: Stage,
        octets: impl AsRef<[u8]>,
        replies: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Self {
        Self {
            row: row.to_owned(),
            stage,
            octets: octets.as_ref().to_vec(),
            replies: replies.into_iter().map(|reply| reply.as_ref().to_owned()).collect(),
        }
    }

    /// Runs it in every cut; tells what was wrong (G1, G3).
    async fn failures(&self, ground: &Ground) -> Vec<String> {
        let mut failures = Vec::new();
        for cut in self.cuts() {
            let client = ground.client(self.stage).await;
            let told = strike(client, self.pieces(cut)).await;
            if !self.is_met_by(&told) {
                let (row, expected) = (&self.row, &self.replies);
                failures.push(format!("{row}, {cut:?}:\n  expected {expected:?}\n  came {told:?}"));
                // The other cuts fail alike, mostly.
                break;
            }
        }
        failures
    }

    fn is_met_by(&self, told: &[String]) -> bool {
        let mut expected: Vec<&str> = self.replies.iter().map(String::as_str).collect();
        if expected.last() != Some(&"* BYE") {
            expected.extend(["zz OK", "* BYE", "zy OK"]);
        }
        let told: Vec<&String> = told.iter().filter(|response| is_reply(response)).collect();
        told.len() == expected.len()
            && expected.iter().zip(&told).all(|(start, response)| response.starts_with(start))
            && !told.iter().any(|response| response.contains("[SERVERBUG]"))
    }

    fn cuts(&self) -> Vec<Cut> {
        let length = self.octets.len();
        let mut cuts = vec![Cut::Whole, Cut::Pieces(if length <= BY_OCTET { 1 } else { 997 })];
        if length <= CUT_EVERYWHERE {
            cuts.extend((1..length).map(Cut::At));
        } else {
            let edge = (1..20).chain(length - 20..length);
            let within = (1..12).map(|n| length * n / 12 + n);
            cuts.extend(edge.chain(within).map(Cut::At));
        }
        cuts
    }

    fn pieces(&self, cut: Cut) -> Vec<&[u8]> {
        match cut {
            Cut::Whole => vec![&self.octets],
            Cut::At(at) => vec![&self.octets[..at], &self.octets[at..]],
            Cut::Pieces(size) => self.octets.chunks(size).collect(),
        }
    }
}

/// Runs the attacks, each on connections of its own, and fails with all that was wrong. A session beside
/// them is answered all the while (G4).
pub async fn run(ground: &Ground, attacks: impl IntoIterator<Item = Attack>) {
    let mut failures = Vec::new();
    let mut canary = ground.client(Stage::Selected).await;
    for attack in attacks {
        failures.extend(attack.failures(ground).await);
        canary.ok("canary NOOP").await;
    }
    canary.close().await;
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

/// Sends the pieces, then asks whether all is as before, and takes everything up to the end.
async fn strike(client: Client, pieces: Vec<&[u8]>) -> Vec<String> {
    let (mut reader, mut writer) = client.halves();
    let between = if pieces.len() > 2 { BETWEEN_OCTETS } else { HELD_BACK };
    let write = async {
        for piece in pieces {
            // A server that has closed the connection takes no more.
            let _ = writer.write_all(piece).await;
            tokio::time::sleep(between).await;
        }
        tokio::time::sleep(HELD_BACK).await;
        let _ = writer.write_all(b"zz NOOP\r\nzy LOGOUT\r\n").await;
        writer
    };
    let (told, _writer) = tokio::join!(reader.rest(), write);
    told
}

/// Whether a response answers something.
fn is_reply(response: &str) -> bool {
    let untagged = response.strip_prefix("* ");
    untagged.is_none_or(|data| ["BAD", "NO", "BYE"].iter().any(|word| data.starts_with(word)))
}
