//! Faults of what ENABLE changes: IMAP4rev2 and UIDONLY.

use super::{Fault, Place, one, places, put, text, told};
use peregrine_check::History;
use peregrine_check::chance::Random;
use peregrine_check::command::{Command, Extensions, Form};

/// All of them.
pub fn all() -> Vec<Fault> {
    vec![
        told("SEARCH in ESEARCH's place, with IMAP4rev2", old_search),
        told("RECENT, with IMAP4rev2", |history, random, _| {
            let to = |text: &str| format!("{} RECENT", text.trim_end_matches(" EXISTS"));
            change(history, random, rev2, |text| text.ends_with(" EXISTS"), to)
        }),
        told("\\Recent, with IMAP4rev2", |history, random, _| {
            let to = |text: &str| text.replacen("FLAGS (", "FLAGS (\\Recent ", 1);
            change(
                history,
                random,
                rev2,
                |text| text.contains("FETCH (") && text.contains("FLAGS (\\"),
                to,
            )
        }),
        told("SELECT without CLOSED, with IMAP4rev2", |history, random, _| {
            let closed = |text: &str| text.starts_with("* OK [CLOSED]");
            change(history, random, rev2, closed, |_| "* OK Nothing is said".to_owned())
        }),
        told("SELECT without LIST, with IMAP4rev2", no_list),
        told("FETCH in UIDFETCH's place", |history, random, _| {
            let to = |text: &str| text.replacen(" UIDFETCH (", " FETCH (", 1);
            change(history, random, uid_only, |text| text.contains(" UIDFETCH ("), to)
        }),
        told("EXPUNGE in VANISHED's place, with UIDONLY", |history, random, _| {
            let vanished = |text: &str| text.starts_with("* VANISHED ");
            change(history, random, uid_only, vanished, |_| "* 1 EXPUNGE".to_owned())
        }),
        told("numbers are taken, with UIDONLY", |history, random, _| {
            let refused = |text: &str| text.contains(" BAD [UIDREQUIRED]");
            let to = |text: &str| text.replacen("BAD [UIDREQUIRED]", "OK", 1);
            change(history, random, uid_only, refused, to)
        }),
        told("UIDFETCH of another message", |history, random, _| {
            let to = |text: &str| text.replacen("* 1 UIDFETCH (", "* 2 UIDFETCH (", 1);
            change(history, random, uid_only, |text| text.starts_with("* 1 UIDFETCH ("), to)
        }),
    ]
}

fn rev2(extensions: Extensions) -> bool {
    extensions.rev2
}

fn uid_only(extensions: Extensions) -> bool {
    extensions.uid_only
}

/// Whether a connection begins with such an ENABLE.
fn enables(history: &History, connection: usize, wanted: fn(Extensions) -> bool) -> bool {
    let commands = history.connections[connection].commands.iter();
    commands.map(|sent| &sent.command).any(|it| matches!(it, Command::Enable(it) if wanted(*it)))
}

/// Puts another text in the place of a response.
fn change(
    history: &mut History,
    random: &mut Random,
    wanted: fn(Extensions) -> bool,
    is: impl Fn(&str) -> bool,
    to: impl Fn(&str) -> String,
) -> bool {
    let mut found = places(history, is);
    found.retain(|(connection, _)| enables(history, *connection, wanted));
    let Some(place) = one(&found, random) else { return false };
    let text = to(&text(history, place));
    put(history, place, text);
    true
}

fn old_search(history: &mut History, random: &mut Random, _: Place) -> bool {
    let mut plain = Vec::new();
    for (number, record) in history.connections.iter().enumerate() {
        let searches = record
            .commands
            .iter()
            .filter(|sent| matches!(sent.command, Command::Search { form: Form::Plain, .. }));
        plain.extend(searches.map(|sent| (number, format!("* ESEARCH (TAG \"{}\")", sent.tag))));
    }
    let mut found = places(history, |text| text.starts_with("* ESEARCH ("));
    found.retain(|place| {
        let told = text(history, *place);
        plain.iter().any(|(number, head)| *number == place.0 && told.starts_with(&**head))
    });
    let Some(place) = one(&found, random) else { return false };
    put(history, place, "* SEARCH 1".to_owned());
    true
}

/// The LIST that SELECT tells stands directly before or behind its FLAGS.
fn no_list(history: &mut History, random: &mut Random, _: Place) -> bool {
    let mut found = places(history, |text| text.starts_with("* LIST "));
    let near = |(number, place): (usize, usize)| {
        let received = &history.connections[number].received;
        let around = received[place.saturating_sub(1)..(place + 2).min(received.len())].iter();
        around
            .clone()
            .any(|it| it.octets.starts_with(b"* FLAGS") || it.octets.starts_with(b"* OK ["))
    };
    found.retain(|place| enables(history, place.0, rev2) && near(*place));
    let Some((number, place)) = one(&found, random) else { return false };
    history.connections[number].received.remove(place);
    true
}
