//! `peregrine bench` in short runs: what it says, and that it leaves nothing behind. No figure is
//! judged.

use super::site::{Site, err, out};
use serde_json::Value;
use std::process::Stdio;

/// As little as can be measured.
const SHORT: [&str; 8] =
    ["--messages", "100", "--seconds", "0.02", "--rounds", "2", "--connections", "2"];

#[test]
fn with_our_server() {
    let site = Site::ours();
    everything(&site);
    refusals(&site);
}

#[test]
fn with_dovecot() {
    Site::peer("dovecot.sh").iter().for_each(everything);
}

#[test]
fn with_cyrus() {
    Site::peer("cyrus.sh").iter().for_each(everything);
}

/// Each measurement has a figure of each server and a ceiling; the picture is whole; afterwards the
/// mail is as it was.
fn everything(site: &Site) {
    let before = site.out(&["mail", "list", "home"]);
    let picture = site.path("bench.svg");
    let picture_name = picture.to_str().unwrap();
    let command = ["bench", "home", "home", "--json", "--svg", picture_name];
    let output = site.run(&[&command[..], &SHORT].concat());
    assert!(output.status.success(), "{}", err(&output));
    let report: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(report["servers"][1]["name"], "home#2");
    let measurements = report["measurements"].as_array().unwrap();
    assert_eq!(measurements.len(), 24);
    for measurement in measurements {
        let figures = measurement["figures"].as_array().unwrap();
        let names: Vec<_> = figures.iter().map(|figure| figure["server"].as_str()).collect();
        assert_eq!(names, [Some("home"), Some("home#2"), Some("ceiling")]);
        for figure in figures {
            for what in ["value", "p99_ms", "ratio"] {
                assert!(figure[what].as_f64().is_some_and(|value| value > 0.0), "{measurement}");
            }
        }
        assert_eq!(figures[0]["ratio"], 1.0);
    }
    let picture = std::fs::read_to_string(picture).unwrap();
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
    assert_eq!(picture.matches("<rect class=\"s1\"").count(), 24 + 1, "a bar each, and the legend");
    assert_eq!(site.out(&["mail", "list", "home"]), before);
}

fn refusals(site: &Site) {
    let output = site.run(&[&["bench", "home", "--only", "noop,select"], &SHORT[..]].concat());
    let text = out(&output);
    assert!(output.status.success(), "{text}{}", err(&output));
    assert!(text.contains("NOOP, one at a time") && text.contains("SELECT of 100 messages"));
    assert!(!text.contains("APPEND") && text.contains("ceiling"), "{text}");
    let cases = [
        (vec!["bench", "home", "--only", "apend"], 2, "did you mean `append`?"),
        (vec!["bench", "home", "--seconds", "0"], 2, "0.01"),
        (vec!["bench"], 2, "ACCOUNT"),
        (vec!["bench", "imap://alice@127.0.0.1:1", "--password-command", "echo x"], 69, "refused"),
        (vec!["bench", "home", "--password-command", "echo wrong"], 77, "login was refused"),
    ];
    for (arguments, code, reason) in cases {
        let output = site.run(&arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", err(&output));
        assert!(err(&output).contains(reason), "{arguments:?}: {}", err(&output));
    }
}

/// Ctrl-C in the middle takes the mailboxes away again.
#[test]
fn an_interrupted_run_leaves_nothing() {
    let site = Site::ours();
    let before = site.out(&["mail", "list", "home"]);
    let mut command = site.command(&["bench", "home", "--seconds", "3600", "--only", "noop"]);
    command.args(["--messages", "100"]).stdin(Stdio::null()).stdout(Stdio::piped());
    let bench = command.stderr(Stdio::piped()).spawn().unwrap();
    let begun = |_| site.out(&["mail", "list", "home"]).contains("peregrine-bench-");
    assert!((0..1000).any(begun), "it makes no mailbox");
    let process = bench.id().to_string();
    let killed = std::process::Command::new("kill").args(["-INT", &process]).status().unwrap();
    assert!(killed.success());
    let output = bench.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    assert!(err(&output).contains("interrupted"), "{}", err(&output));
    assert_eq!(site.out(&["mail", "list", "home"]), before);
}
