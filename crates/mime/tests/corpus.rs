//! Real messages, where they are to be found: a folder named by PEREGRINE_CORPUS or kept beside the
//! repository, and the test data of CPython. Skipped with a word where there are none.

use peregrine_mime::{Kind, SectionText, Structure, parse, search_text};
use std::path::{Path, PathBuf};
use std::process::Command;

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn corpus() -> Vec<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let folder = std::env::var_os("PEREGRINE_CORPUS").map_or_else(beside, PathBuf::from);
    let mut found = Vec::new();
    files(&folder, &mut found);
    found
}

fn cpython() -> Vec<PathBuf> {
    let script = "import test.test_email,os;print(os.path.dirname(test.test_email.__file__))";
    let output = Command::new("python3").args(["-c", script]).output();
    let Some(output) = output.ok().filter(|output| output.status.success()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    files(&Path::new(&folder).join("data"), &mut found);
    found.retain(|path| path.extension().is_some_and(|ext| ext == "txt" || ext == "eml"));
    found
}

/// The messages of both, as stored and with the other kind of line end.
fn messages() -> Vec<(String, Vec<u8>)> {
    let mut messages = Vec::new();
    for (name, paths) in [("corpus", corpus()), ("CPython's test data", cpython())] {
        if paths.is_empty() {
            println!("skipped: {name} is not here");
        }
        for path in paths {
            let Ok(bytes) = std::fs::read(&path) else { continue };
            let text: Vec<u8> = bytes.iter().copied().filter(|&b| b != b'\r').collect();
            let crlf =
                text.iter().flat_map(|&b| [b'\r', b].into_iter().skip(usize::from(b != b'\n')));
            messages.push((format!("{} with CRLF", path.display()), crlf.collect()));
            messages.push((format!("{} with LF", path.display()), text));
            messages.push((path.display().to_string(), bytes));
        }
    }
    messages
}

#[test]
fn every_message_adds_up() {
    for (name, message) in messages() {
        let structure = parse(&message);
        assert_eq!(
            Structure::from_bytes(&structure.to_bytes()).as_ref(),
            Some(&structure),
            "{name}"
        );
        assert!(!structure.truncated, "{name}");
        let header = structure.section(&message, &[], SectionText::Header).unwrap();
        let text = structure.section(&message, &[], SectionText::Text).unwrap();
        assert_eq!([&header[..], &text[..]].concat(), message, "{name}");
        for (index, part) in structure.parts.iter().enumerate() {
            let content = structure.content(&message, index as u32);
            assert!(!content.truncated, "{name}");
            let Kind::Multipart { children } = &part.kind else { continue };
            // Between two parts there is a boundary line, whole or the message's last.
            for pair in children.windows(2) {
                let [before, after] = [pair[0], pair[1]].map(|i| &structure.parts[i as usize]);
                let between = before.body.end as usize..after.header.start as usize;
                let between = message[between].trim_ascii_start();
                assert!(between.starts_with(b"--"), "{name}");
                assert!(between.iter().filter(|&&b| b == b'\n').count() <= 1, "{name}");
            }
        }
    }
}

#[test]
fn line_ends_do_not_change_the_tree() {
    let shape = |message: &[u8]| {
        let structure = parse(message);
        structure.parts.into_iter().map(|part| (part.kind, part.lines)).collect::<Vec<_>>()
    };
    let mut messages = messages().into_iter();
    while let (Some((name, crlf)), Some((_, lf)), Some(_)) =
        (messages.next(), messages.next(), messages.next())
    {
        assert_eq!(shape(&crlf), shape(&lf), "{name}");
    }
}

#[test]
fn every_message_can_be_searched() {
    for (name, message) in messages() {
        let structure = parse(&message);
        let mut octets = 0;
        search_text(&structure, &message, true, &mut |text| {
            octets += text.len();
            false
        });
        // Decoding grows text by a factor of three at the most (Latin-1 beyond U+07FF).
        assert!(octets <= message.len() * 3 + 16, "{name}");
        let envelope = structure.envelope(&message, 0);
        assert!(!envelope.truncated, "{name}");
    }
}
