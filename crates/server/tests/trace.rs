//! The renderings of a recorded trace, word by word, and recordings that somebody has meddled with.
//!
//! The wanted files are beside the recording in `trace/`; look at them after a change and, where
//! they are right, write them anew with `PEREGRINE_GOLDEN=write cargo test --test trace`.

#![allow(clippy::unwrap_used, reason = "in a test, to panic is to fail")]

use peregrine_server::admin::trace::record::{self, RecordError};
use peregrine_server::admin::trace::text::{self, Style};
use peregrine_server::admin::trace::{Trace, html, panel, svg};
use std::path::Path;

const RECORDING: &str = include_str!("trace/pipeline.trace");

fn parse(recording: &str) -> Trace {
    let (header, events) = record::read(recording.as_bytes()).unwrap();
    Trace::from_events(header, events)
}

fn drawn(trace: &Trace, style: Style) -> String {
    let draw = |panel| text::panel(&panel, &trace.header.started, style);
    let panels: Vec<String> = panel::panels(trace).into_iter().map(draw).collect();
    format!("{}\n\n{}", text::legend(style), panels.join("\n"))
}

#[track_caller]
fn golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/trace").join(name);
    if std::env::var_os("PEREGRINE_GOLDEN").is_some_and(|value| value == "write") {
        std::fs::write(&path, actual).unwrap();
    }
    let wanted = std::fs::read_to_string(&path).unwrap();
    let differs = wanted.lines().zip(actual.lines()).find(|(wanted, actual)| wanted != actual);
    assert_eq!(differs, None, "{name} (wanted, drawn)");
    assert!(wanted == actual, "{name} has another length");
}

#[test]
fn drawn_in_characters() {
    let trace = parse(RECORDING);
    let plain = drawn(&trace, Style { width: 80, colours: false });
    golden("pipeline.txt", &plain);
    golden("pipeline.ansi", &drawn(&trace, Style { width: 100, colours: true }));
    let widest = plain.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(widest <= 80, "{widest}");
    let ascii = |line: &&str| !line.contains('…') && !line.contains('µ') && !line.is_ascii();
    assert_eq!(plain.lines().find(ascii), None, "only what was recorded, … and µ are not ASCII");
}

#[test]
fn drawn_as_svg() {
    golden("pipeline.svg", &svg(&parse(RECORDING)));
}

#[test]
fn drawn_as_html() {
    let page = html(&parse(RECORDING));
    golden("pipeline.html", &page);
    // Nothing is fetched: no address but the names of namespaces, no url() but of patterns.
    for (found, _) in page.match_indices("http") {
        let rest = &page[found..];
        assert!(
            rest.starts_with("http-equiv") || rest.starts_with("http://www.w3.org/"),
            "{rest:.40}"
        );
    }
    for (found, _) in page.match_indices("url(") {
        assert!(page[found..].starts_with("url(#"));
    }
}

/// Every phase and every wait of the recording is in the rows.
#[test]
fn rows_have_phases_and_waits() {
    use peregrine_server::admin::trace::PhaseKind;
    let trace = parse(RECORDING);
    assert_eq!((trace.sessions.len(), trace.commands(), trace.lost), (2, 14, 17));
    let fetch = &trace.sessions[0].rows[7];
    assert_eq!(fetch.tag, "a8");
    let phases: Vec<_> = fetch.phases.iter().map(|p| (p.kind, p.until - p.from)).collect();
    let wanted =
        [(PhaseKind::Waiting, 6_200), (PhaseKind::Running, 2_800), (PhaseKind::Sending, 17_400)];
    assert_eq!(phases, wanted);
    let behind: Vec<_> = fetch.waits.iter().map(|wait| wait.behind).collect();
    assert_eq!((behind, fetch.octets_out), (vec![2, 7], 812_345));
    assert!(trace.sessions[1].rows[0].early);
}

/// A recording may come from anybody: nothing in it can run in a browser or drive a terminal.
#[test]
fn meddled_recordings_do_no_harm() {
    let evil =
        r#"</title><script>alert(1)</script><svg onload='x' a=\"b\"> \u001b[2J\u009b \u0000"#;
    let recording = format!(
        r#"{{"peregrine-trace":1,"started":"{evil}","of":"{evil}"}}
{{"at":0,"session":"{evil}","event":"session","user":"{evil}","from":"{evil}","tls":true}}
{{"at":18446744073709551615,"session":"{evil}","job":1,"event":"arrived","tag":"{evil}","command":"{evil}","octets":1}}
{{"at":5,"session":"{evil}","job":1,"event":"waiting","behind":1,"tag":"{evil}","why":"{evil}"}}
{{"at":0,"session":"{evil}","job":1,"event":"done","status":"{evil}","octets":18446744073709551615}}
{{"at":9,"session":"x","job":7,"event":"done","status":"OK","octets":1}}
{{"at":9,"session":"x","job":8,"event":"running"}}
"#
    );
    let trace = parse(&recording);
    let style = Style { width: 80, colours: false };
    let plain = drawn(&trace, style);
    assert!(!plain.contains(|c: char| c.is_control() && c != '\n'), "{plain:?}");
    for drawing in [svg(&trace), html(&trace)] {
        assert!(
            !drawing.contains("<script>alert") && !drawing.contains("<svg onload"),
            "{drawing}"
        );
        assert!(!drawing.contains('\u{1b}') && !drawing.contains('\0'));
        assert_eq!(drawing.matches("<script>").count(), usize::from(drawing.contains("<!doctype")));
    }
}

/// What cannot be read is said with its line; a recorder that was killed leaves a part of a line.
#[test]
fn recordings_that_cannot_be_read() {
    let header = "{\"peregrine-trace\":1,\"started\":\"2026-01-02T03:04:05Z\",\"of\":\"user a\"}\n";
    let event = "{\"at\":1,\"event\":\"closed\",\"session\":\"1\"}\n";
    let read = |text: String| record::read(text.as_bytes());
    assert_eq!(read(format!("{header}{event}{}", &event[..9])).unwrap().1.len(), 1);
    assert!(matches!(read(String::new()), Err(RecordError::NoTrace)));
    assert!(matches!(read("* OK ready\n".to_owned()), Err(RecordError::NoTrace)));
    assert!(matches!(record::read(&b"\xff\xfe\n"[..]), Err(RecordError::NoTrace)));
    let newer = header.replace(":1,", ":2,");
    assert!(matches!(read(newer), Err(RecordError::Version(2))));
    let broken = read(format!("{header}{event}nonsense\n"));
    assert!(matches!(broken, Err(RecordError::Line { line: 3, .. })));
    let long = read(format!("{header}{}\n", "x".repeat(70_000)));
    assert!(matches!(long, Err(RecordError::TooLong(2))));
}

/// A recording that is read and written again is the same.
#[test]
fn a_recording_survives() {
    let (header, events) = record::read(RECORDING.as_bytes()).unwrap();
    let mut lines = vec![header.to_line()];
    lines.extend(events.iter().map(record::Event::to_line));
    for (line, wanted) in lines.iter().zip(RECORDING.lines()) {
        let read = |text| serde_json::from_str::<serde_json::Value>(text).unwrap();
        let (line, wanted) = (read(line), read(wanted));
        // What this version does not know is kept as a kind of its own.
        assert!(line == wanted || line["event"] == "unknown", "{line} {wanted}");
    }
}

/// A hundred commands of one kind are six lines, but what differs among them is shown; a drawing
/// for a browser has them all.
#[test]
fn rows_that_look_alike_are_counted() {
    let mut recording = RECORDING.lines().next().unwrap().to_owned() + "\n";
    for job in 1..=100 {
        let status = if job == 50 { "NO" } else { "OK" };
        for (at, what) in [
            (
                0,
                format!(r#""arrived","tag":"t{job}","command":"UID FETCH {job} FLAGS","octets":9"#),
            ),
            (1, r#""running""#.to_owned()),
            (3000 + job, format!(r#""done","status":"{status}","octets":9"#)),
        ] {
            recording +=
                &format!("{{\"at\":{at},\"session\":\"1\",\"job\":{job},\"event\":{what}}}\n");
        }
    }
    let trace = parse(&recording);
    let drawn = drawn(&trace, Style { width: 80, colours: false });
    let tags: Vec<&str> = drawn.lines().filter_map(|line| line.split(' ').next()).collect();
    let tags: Vec<_> = tags.into_iter().filter(|word| word.starts_with('t')).collect();
    let wanted = ["t1", "t2", "t3", "t4", "t49", "t50", "t51", "t52", "t53", "t54", "t100"];
    assert_eq!(tags, wanted, "{drawn}");
    assert!(drawn.contains("44 more like these") && drawn.contains("45 more like these"));
    assert_eq!(svg(&trace).matches("role=\"listitem\"").count(), 100);
}

/// Minutes of commands one at a time: panels of a few dozen, pauses folded, and what is on another
/// scale on its own.
#[test]
fn a_long_trace_is_many_panels() {
    let mut recording = RECORDING.lines().next().unwrap().to_owned() + "\n";
    for job in 1..=300_u64 {
        // One a second; each hundredth is a search of twenty seconds.
        let at = job * 1_000_000 + (job / 100) * 20_000_000;
        let took = if job % 100 == 99 { 20_000_000 } else { 800 };
        for (at, what) in [
            (at, format!(r#""arrived","tag":"t{job}","command":"NOOP","octets":9"#)),
            (at, r#""running""#.to_owned()),
            (at + took, r#""done","status":"OK","octets":9"#.to_owned()),
        ] {
            recording +=
                &format!("{{\"at\":{at},\"session\":\"1\",\"job\":{job},\"event\":{what}}}\n");
        }
    }
    let trace = parse(&recording);
    let panels = panel::panels(&trace);
    let sizes: Vec<usize> = panels.iter().map(|panel| panel.rows.len()).collect();
    assert_eq!(sizes, [40, 40, 18, 1, 40, 40, 19, 1, 40, 40, 19, 1, 1]);
    // The bars of a panel have room: together at least half of its width.
    for panel in &panels {
        let width = |row| panel.bars(row).map(|(_, left, right)| right - left).sum::<f64>();
        let total: f64 = panel.rows.iter().map(|row| width(row)).sum();
        assert!(total > 0.5, "{total}");
    }
}
