//! Our parser of commands beside another one's, imap-codec's, on the same input: what only one of
//! them takes, or what they read as different commands, is explained, or the test fails.
//!
//! The input: commands made from a grammar that has more than either of them knows, the same with
//! octets and words changed, the commands of all scripts, and the seeds of the fuzzers. Each
//! difference belongs to a class of `codec/classes.rs`, which says why; `docs/rfcs.md` has them as a
//! table.
//!
//! `PEREGRINE_CODEC_RUNS=n` makes so many commands, `PEREGRINE_CODEC_SEED=n` chooses them,
//! `PEREGRINE_CODEC_SHOWN=n` shows so many differences that nothing explains.

#![allow(clippy::unwrap_used, reason = "in a test, to panic is to fail")]

mod codec {
    mod classes;
    mod grammar;

    pub use classes::{CLASSES, Class, Side};
    pub use grammar::{command, mutated};
}

use bytes::Bytes;
use codec::{CLASSES, Class, Side, command, mutated};
use imap_codec::CommandCodec;
use imap_codec::decode::Decoder;
use imap_codec::encode::Encoder;
use peregrine_proto::{Command, CommandWriter, Frame, LiteralMode};
use peregrine_testkit::model::Random;
use std::collections::BTreeMap;
use std::path::Path;

/// Commands that are made from the grammar; each comes once as it is and twice changed.
const RUNS: usize = 20_000;
/// Unexplained differences that are shown.
const SHOWN: usize = 40;

#[test]
fn every_difference_to_imap_codec_is_explained() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let seed = number("PEREGRINE_CODEC_SEED").unwrap_or(1);
    let runs = number("PEREGRINE_CODEC_RUNS").map_or(RUNS, |runs| runs as usize);
    let mut random = Random::new(seed);
    let mut inputs = corpus();
    for _ in 0..runs {
        let made = command(&mut random);
        for _ in 0..2 {
            inputs.push(mutated(&made, &mut random));
        }
        inputs.push(made);
    }
    let (mut both, mut neither) = (0, 0);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut unexplained = Vec::new();
    for input in &inputs {
        match difference(input) {
            Outcome::Both => both += 1,
            Outcome::Neither => neither += 1,
            Outcome::Differ(side, what) => match explanation(side, input) {
                Some(class) => *counts.entry(class.name).or_default() += 1,
                None => unexplained.push(format!("{side:?}: {}{what}", input.escape_ascii())),
            },
        }
    }
    println!(
        "codec: seed {seed}, {} inputs, {both} read alike, {neither} by neither",
        inputs.len()
    );
    for (name, count) in &counts {
        println!("codec: {count} times: {name}");
    }
    let count = unexplained.len();
    unexplained.truncate(number("PEREGRINE_CODEC_SHOWN").map_or(SHOWN, |shown| shown as usize));
    assert!(count == 0, "{count} differences without a reason:\n{}", unexplained.join("\n"));
    let page = include_str!("../../docs/rfcs.md");
    for class in CLASSES {
        let row = format!("| {} | {} |", class.name, class.side);
        assert!(page.contains(&row), "docs/rfcs.md has no row {row}");
    }
}

/// What the two make of one command.
enum Outcome {
    Both,
    Neither,
    Differ(Side, String),
}

fn difference(line: &[u8]) -> Outcome {
    let ours = written(line);
    let octets = [line, b"\r\n"].concat();
    let codec = CommandCodec::default();
    let theirs = match codec.decode(&octets) {
        Ok(([], command)) => Some(command),
        _ => None,
    };
    match (ours, theirs) {
        (None, None) => Outcome::Neither,
        (Some(_), None) => Outcome::Differ(Side::Ours, String::new()),
        (None, Some(command)) => Outcome::Differ(Side::Theirs, format!("\n    {:?}", command.body)),
        (Some(ours), Some(command)) => {
            let theirs = codec.encode(&command).dump();
            let again = written(theirs.strip_suffix(b"\r\n").unwrap_or(&theirs));
            match again {
                Some(again) if again == ours => Outcome::Both,
                _ => Outcome::Differ(
                    Side::Meaning,
                    format!("\n    {}    {}", ours.escape_ascii(), theirs.escape_ascii()),
                ),
            }
        }
    }
}

/// A command as we write it after we have read it.
fn written(line: &[u8]) -> Option<Vec<u8>> {
    let command = Command::parse(&Frame::new(Bytes::copy_from_slice(line))).ok()?;
    let mut out = CommandWriter::new(LiteralMode::Plus);
    command.write(&mut out);
    Some(out.octets.to_vec())
}

fn explanation(side: Side, input: &[u8]) -> Option<&'static Class> {
    let text = String::from_utf8_lossy(input).to_uppercase();
    CLASSES.iter().find(|class| class.side == side && (class.holds)(&text))
}

/// The commands of the scripts and the seeds of the fuzzers.
fn corpus() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut inputs = Vec::new();
    for folder in ["scripts", "../fuzz/seeds/command"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let octets = std::fs::read(entry.unwrap().path()).unwrap();
            for line in octets.split(|octet| *octet == b'\n') {
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                let sent = line.strip_prefix(b"C: ").or((folder != "scripts").then_some(line));
                // The script runner's own words are not IMAP.
                inputs.extend(sent.filter(|line| !line.contains(&b'@')).map(<[u8]>::to_vec));
            }
        }
    }
    inputs
}
