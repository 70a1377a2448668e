//! Faults of CONDSTORE and QRESYNC.

use super::{Fault, drop_where, exchange_sent, one, places, put, restore_order, text, told};
use peregrine_check::History;
use peregrine_check::chance::Random;
use peregrine_check::command::{Command, Key};

/// All of them.
pub fn all() -> Vec<Fault> {
    vec![
        exchanged!(
            "STORE before STORE UNCHANGEDSINCE",
            Command::Store { unchanged: Some(_), .. },
            Command::Store { unchanged: None, .. }
        ),
        exchanged!(
            "STORE UNCHANGEDSINCE before STORE",
            Command::Store { unchanged: None, .. },
            Command::Store { unchanged: Some(_), .. }
        ),
        exchanged!(
            "SEARCH MODSEQ before STORE",
            Command::Store { .. },
            Command::Search { key: Key::ModSeq(_), .. }
        ),
        exchanged!(
            "FETCH CHANGEDSINCE before STORE",
            Command::Store { .. },
            Command::Fetch { since: Some(_), .. }
        ),
        told("MODIFIED left out", |history, random, _| {
            change(history, random, " [MODIFIED ", |_| String::new(), ']')
        }),
        told("one MODSEQ for two states", same_mod_seq),
        told("EXPUNGE in VANISHED's place", |history, random, _| {
            let found = places(history, |text| text.starts_with("* VANISHED "));
            let Some(place) = one(&found, random) else { return false };
            put(history, place, "* 1 EXPUNGE".to_owned());
            true
        }),
        told("VANISHED of another message", |history, random, _| {
            change(history, random, "* VANISHED ", |uid| format!("* VANISHED {}", uid + 1), '\n')
        }),
        told("VANISHED untold", |history, random, _| {
            drop_where(history, random, |text| text.starts_with("* VANISHED "))
        }),
    ]
}

/// Changes what begins so and goes on with a number, up to an end.
fn change(
    history: &mut History,
    random: &mut Random,
    head: &str,
    with: impl Fn(u32) -> String,
    end: char,
) -> bool {
    let found = places(history, |text| text.contains(head));
    let Some(place) = one(&found, random) else { return false };
    let told = text(history, place);
    let Some((before, rest)) = told.split_once(head) else { return false };
    let (number, rest) = rest.split_once(end).unwrap_or((rest, ""));
    let Ok(number) = number.parse() else { return false };
    put(history, place, format!("{before}{}{rest}", with(number)));
    true
}

/// A message is told with other flags and the MODSEQ that it had before.
fn same_mod_seq(history: &mut History, random: &mut Random, _: super::Place) -> bool {
    let part = |text: &str, begin: &str, end: char| {
        let rest = text.split(begin).nth(1)?;
        Some(rest.split(end).next()?.to_owned())
    };
    let found = places(history, |text| text.contains("MODSEQ (") && text.contains("FLAGS ("));
    let mut pairs = Vec::new();
    for (index, later) in found.iter().enumerate() {
        for earlier in &found[..index] {
            let (one, two) = (text(history, *earlier), text(history, *later));
            let same = earlier.0 == later.0 && part(&one, "UID ", ' ') == part(&two, "UID ", ' ');
            if same && part(&one, "FLAGS (", ')') != part(&two, "FLAGS (", ')') {
                pairs.push((*earlier, *later));
            }
        }
    }
    let Some((earlier, later)) = (!pairs.is_empty()).then(|| *random.pick(&pairs)) else {
        return false;
    };
    let (one, two) = (text(history, earlier), text(history, later));
    let (Some(old), Some(new)) = (part(&one, "MODSEQ (", ')'), part(&two, "MODSEQ (", ')')) else {
        return false;
    };
    put(history, later, two.replace(&format!("MODSEQ ({new})"), &format!("MODSEQ ({old})")));
    true
}
