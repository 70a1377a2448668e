//! The configuration file: what is refused, where, and with what advice.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use peregrine_server::config::{self, Config, LogFormat};

fn parse(text: &str) -> Result<Config, Vec<config::ConfigError>> {
    config::parse(Path::new("mail.d"), text)
}

/// `line:column message | help` of every mistake.
fn mistakes(text: &str) -> Vec<String> {
    let errors = parse(text).expect_err(text);
    errors
        .iter()
        .map(|e| {
            let help = e.help.as_deref().unwrap_or_default();
            format!("{}:{} {} | {help}", e.line, e.column, e.message)
        })
        .collect()
}

#[test]
fn the_generated_file_says_the_defaults() {
    let text = config::template();
    assert_eq!(parse(&text).unwrap(), Config::defaults(Path::new("mail.d")));
    // With every default uncommented it still says the same: the comments tell the truth.
    let uncommented: String = text
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') => format!("{rest}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    assert_eq!(parse(&uncommented).unwrap(), Config::defaults(Path::new("mail.d")));
    assert!(uncommented.contains("\nmessage_size = \"64 MiB\""), "{uncommented}");
}

#[test]
fn values_are_taken() {
    let config = parse(
        "[listeners]\nimap = []\nimaps = [\"[::1]:993\", \"10.0.0.1:993\"]\n\
         [tls]\ncertificate = \"/etc/ssl/c.pem\"\n[store]\npath = \"spool\"\n\
         [auth]\ncleartext_login = true\n[append]\neight_bit_headers = true\n[log]\nformat = \"json\"\n\
         [limits]\nconnections = 0x10\nidle_timeout = \"1 h\"\nmessage_size = \"100 MB\"\n",
    )
    .unwrap();
    assert!(config.listeners.imap.is_empty());
    assert_eq!(config.listeners.imaps[0].to_string(), "[::1]:993");
    assert_eq!(config.tls.certificate, Path::new("/etc/ssl/c.pem"));
    assert_eq!(config.tls.key, Path::new("mail.d/key.pem"));
    assert_eq!(config.store.path, Path::new("mail.d/spool"));
    assert!(config.auth.cleartext_login && config.append.eight_bit_headers);
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.limits.connections, 16);
    assert_eq!(config.limits.idle_timeout, Duration::from_secs(3600));
    assert_eq!(config.limits.message_size, 100_000_000);
}

#[test]
fn every_mistake_is_told_with_its_place_and_advice() {
    let text = "\
[listeners]
imapss = [\"127.0.0.1:1993\"]
imap = [\"localhost:1143\", \"10.0.0.1\", 7]

[lmits]
connections = 5

[log]
level = \"warning\"
format = 3
[limits]
connections = 0
idle-timeout = \"31 min\"
idle_timeout = \"29 min\"
login_timeout = 30
message_size = \"2 GiB\"
path = \"x\"
eight_bit_headers = true
";
    let wanted = [
        "2:1 unknown key `imapss` | did you mean `imaps`?",
        "3:9 `localhost:1143` is not an IP address and port | write \"127.0.0.1:1143\"",
        "3:27 `10.0.0.1` is not an IP address and port | add a port: \"10.0.0.1:993\"",
        "3:39 `imap` cannot be 7 | write an address such as \"127.0.0.1:1143\"",
        "5:2 unknown section `lmits` | did you mean `limits`?",
        "9:9 `level` cannot be `warning` | did you mean `warn`?",
        "10:10 `format` cannot be 3 | write one of text, json",
        "12:15 `connections` is zero, which would let nobody in | zero does not mean unlimited \
         here: write a large number if you want much, or remove the line to have the default",
        "13:1 unknown key `idle-timeout` | did you mean `idle_timeout`?",
        "14:16 `idle_timeout` is out of range | write something from 30 min to 1 d \
         (RFC 3501 §5.4 asks for at least 30 minutes)",
        "15:17 `login_timeout` cannot be 30 | write a time with its unit, such as \"30 s\", \
         \"31 min\" or \"1 h\"",
        "16:16 `message_size` is out of range | write something from 64 KiB to 1 GiB",
        "17:1 unknown key `path` | `path` belongs below [store]",
        "18:1 unknown key `eight_bit_headers` | `eight_bit_headers` belongs below [append]",
    ];
    assert_eq!(mistakes(text), wanted);
}

/// RFC 9738 §3: not lower than 1000; zero is not "none".
#[test]
fn limits_that_may_be_left_out() {
    assert_eq!(parse("").unwrap().limits.command_messages, None);
    let config = parse("[limits]\ncommand_messages = 1000\nsave_messages = 5000\n").unwrap();
    let limits = (config.limits.command_messages, config.limits.save_messages);
    assert_eq!(limits, (NonZeroU32::new(1000), NonZeroU32::new(5000)));
    for (value, wrong) in [("0", "zero"), ("999", "out of range"), ("\"1000\"", "cannot be")] {
        let told = mistakes(&format!("[limits]\ncommand_messages = {value}\n"));
        assert!(told.len() == 1 && told[0].contains(wrong), "{told:?}");
    }
}

#[test]
fn single_mistakes() {
    let cases = [
        (
            "listeners = 1\n",
            "1:13 `listeners` is a section, not of type integer | write [listeners] on a line of its own, its keys below",
        ),
        (
            "[listeners]\nimap = []\nimaps = []\n",
            "1:2 nothing would listen: `imap` and `imaps` are both empty | give one of them an address, or remove the line to have its default",
        ),
        (
            "[listeners]\nimap = [\"[::]:143\"]\nimaps = \"[::]:143\"\n",
            "3:9 `[::]:143` is already taken by `imap` | one address and port serves one listener",
        ),
        (
            "[listeners]\nimap = \"mail.example.org:143\"\n",
            "2:8 `mail.example.org:143` is not an IP address and port | write \"127.0.0.1:143\" or \"0.0.0.0:143\" (names are not looked up)",
        ),
        (
            "[auth]\ncleartext_login = \"yes\"\n",
            "2:19 `cleartext_login` cannot be \"yes\" | write true or false",
        ),
        (
            "[server]\nsandbox = \"require\"\n",
            "2:11 `sandbox` cannot be `require` | did you mean `required`?",
        ),
        (
            "[server]\nalert = \"Gr\u{fc}n\"\n",
            "2:9 `alert` is not one line of ASCII letters | mail programs are only promised ASCII here; leave the line out for none",
        ),
        (
            "[server]\nalert = \"a\\r\\n* BYE\"\n",
            "2:9 `alert` is not one line of ASCII letters | mail programs are only promised ASCII here; leave the line out for none",
        ),
        (
            "[tls]\nkey = \"\"\n",
            "2:7 `key` is empty | write a path, or remove the line to have the default",
        ),
        (
            "[limits]\nconnections = 4294967296\n",
            "2:15 `connections` is out of range | write something from 1 to 1000000",
        ),
        (
            "[limits]\nlogin_timeout = \"0 s\"\n",
            "2:17 `login_timeout` is zero, which would let nobody in | zero does not mean unlimited here: write a large number if you want much, or remove the line to have the default",
        ),
    ];
    for (text, wanted) in cases {
        assert_eq!(mistakes(text), [wanted]);
    }
}

/// Access tokens: a section that says something only as a whole.
#[test]
fn an_authority_is_taken_whole() {
    assert_eq!(parse("").unwrap().oauth, None);
    let whole = "[oauth]\nissuer = \"https://i\"\naudience = \"imap\"\nkeys = \"k.json\"\n";
    let oauth = parse(whole).unwrap().oauth.unwrap();
    assert_eq!(oauth.keys, Path::new("mail.d/k.json"));
    assert_eq!((oauth.policy.issuer.as_str(), oauth.policy.claim.as_str()), ("https://i", "email"));
    assert_eq!((oauth.policy.domain, oauth.policy.scope), (None, None));
    let found = mistakes("[oauth]\nissuer = 1\naudience = \"\"\nclaims = \"sub\"\n");
    let said = |words: &str| assert!(found.iter().any(|m| m.contains(words)), "{words}: {found:?}");
    said("[oauth] lacks `keys`");
    said("`issuer` cannot be 1");
    said("`audience` cannot be \"\"");
    said("unknown key `claims` | did you mean `claim`?");
}

/// Bounds are inclusive; one beyond is refused.
#[test]
fn ranges_end_where_they_say() {
    for (value, right) in [("1", true), ("1000000", true), ("1000001", false), ("-1", false)] {
        let text = format!("[limits]\nconnections = {value}\n");
        assert_eq!(parse(&text).is_ok(), right, "{value}");
    }
    for (value, right) in [("30 min", true), ("1799 s", false), ("1 d", true), ("86401 s", false)] {
        let text = format!("[limits]\nidle_timeout = \"{value}\"\n");
        assert_eq!(parse(&text).is_ok(), right, "{value}");
    }
}

/// An alert of one letter more than is allowed is refused.
#[test]
fn alerts_are_short() {
    for (length, right) in
        [(config::Server::MAX_ALERT, true), (config::Server::MAX_ALERT + 1, false)]
    {
        let text = format!("[server]\nalert = \"{}\"\n", "x".repeat(length));
        assert_eq!(parse(&text).is_ok(), right, "{length}");
    }
}

/// What could be understood is there in spite of mistakes, so that the certificate can be looked
/// at in the same go.
#[test]
fn examined_in_spite_of_mistakes() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[tls]\ncertificate = \"mine.pem\"\n[log]\nlevel = 3\n";
    std::fs::write(folder.path().join("peregrine.toml"), text).unwrap();
    let (config, mistakes) = config::examine(folder.path());
    assert_eq!(config.unwrap().tls.certificate, folder.path().join("mine.pem"));
    assert_eq!(mistakes.len(), 1);
    std::fs::write(folder.path().join("peregrine.toml"), "[tls\n").unwrap();
    assert!(config::examine(folder.path()).0.is_none());
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    let found = mistakes("[listeners]\nimap = [\"127.0.0.1:1143\"\n[log]\nlevel = info\n");
    assert!(!found.is_empty());
    assert!(found.iter().all(|m| m.contains("this is no TOML")), "{found:?}");
    assert!(found.iter().any(|m| m.starts_with("4:")), "{found:?}");
}

/// The parser gives no place where something is missing, and a slip makes it complain at length.
#[test]
fn a_line_is_told_once_and_where() {
    let found = mistakes("[listeners\nimap = [\n\"127.0.0.1:11\"\n[tls]\nkey = = 3\nx = tru\n");
    let mut lines: Vec<_> = found.iter().map(|m| m.split(':').next()).collect();
    assert!(found.iter().any(|m| m.starts_with("1:")), "{found:?}");
    let told = lines.len();
    lines.dedup();
    assert_eq!(lines.len(), told, "{found:?}");
}

#[test]
fn a_missing_file_says_how_to_make_one() {
    let folder = tempfile::tempdir().unwrap();
    let errors = config::load(folder.path()).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert!(errors[0].message.contains("peregrine.toml"));
    assert!(errors[0].help.as_deref().unwrap().contains("peregrine init"));
}
