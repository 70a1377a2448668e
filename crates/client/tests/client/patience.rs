//! How long answers may be waited for, and what comes too late.

use crate::wire::{Wire, command};
use peregrine_client::proto::Secret;
use peregrine_client::{Ordering, Settings};
use std::time::Duration;

/// A command whose octets have not gone out yet is not the server's to answer: neither a long message
/// itself nor what stands behind it.
#[test]
fn what_is_still_being_sent_is_not_waited_for() {
    let settings = || Settings { ordering: Ordering::TrustServer, ..Settings::default() };
    for long in ["APPEND Sent {5+}\r\nhello", "UID REPLACE 3 Sent {5+}\r\nhello"] {
        let mut wire = Wire::selected(settings());
        wire.sends(command(long));
        wire.sends(command("NAMESPACE"));
        for _ in 0..30 {
            wire.now += Duration::from_secs(30);
            wire.machine.written(wire.now);
            wire.machine.handle_timeout(wire.now);
        }
        assert_eq!(wire.lost(), None, "{long}");
    }
}

/// The answer to a challenge is made while the server's next words are read: behind the end of
/// AUTHENTICATE it would be taken for a command.
#[test]
fn an_answer_that_comes_too_late_is_not_sent() {
    let mut wire = Wire::greeted(Settings::default());
    let id = wire.sends(command("AUTHENTICATE PLAIN"));
    wire.says(format!("+ \r\nt{} NO not now\r\n", id.0));
    assert!(wire.result(id).unwrap().is_err());
    wire.machine.respond(Some(&Secret::new("\0ann\0secret".into())));
    wire.machine.respond(None);
    assert_eq!(wire.sent(), "");
}

/// For ever is a time too.
#[test]
fn no_bound_is_too_large() {
    let long = Duration::MAX;
    let settings = Settings {
        silence: long,
        patience: long,
        idle_renewal: long,
        idle_delay: long,
        poll: long,
        ..Settings::default()
    };
    let mut wire = Wire::selected(settings);
    wire.machine.want_idle(wire.now, true);
    let id = wire.sends(command("NOOP"));
    assert_eq!(wire.machine.deadline(), None);
    wire.now += Duration::from_secs(1 << 30);
    wire.machine.handle_timeout(wire.now);
    assert_eq!(wire.machine.deadline(), None);
    wire.says(format!("t{} OK done\r\n", id.0));
    wire.ok(id);
}
