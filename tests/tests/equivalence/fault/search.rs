//! Faults of ESEARCH, `$`, SORT and THREAD.

use super::{Fault, exchange_sent, one, places, put, restore_order, swap, text, told};
use peregrine_check::History;
use peregrine_check::chance::Random;
use peregrine_check::command::{Command, How};

/// All of them.
pub fn all() -> Vec<Fault> {
    vec![
        exchanged!(
            "`$` used before it is saved",
            first if first.saves(),
            second if second.uses_saved() && !second.saves()
        ),
        exchanged!(
            "`$` saved before it is used",
            first if first.uses_saved() && !first.saves(),
            second if second.saves()
        ),
        exchanged!(
            "`$` saved before STORE",
            Command::Store { how: How::Replace, .. },
            second if second.saves()
        ),
        told("SORT by number", |history, random, _| {
            change(history, random, "* SORT ", |numbers| numbers.sort_unstable())
        }),
        told("a THREAD without its last message", |history, random, _| {
            let found = places(history, |text| text.starts_with("* THREAD ("));
            let Some(place) = one(&found, random) else { return false };
            let shorter =
                text(history, place).rsplit_once('(').map(|it| it.0.trim_end().to_owned());
            put(history, place, shorter.unwrap_or_default());
            true
        }),
        told("two ESEARCH answers swapped", |history, random, _| {
            let tag = |text: &str| text.split('"').nth(1).unwrap_or_default().to_owned();
            let found = places(history, |text| text.starts_with("* ESEARCH"));
            let pairs: Vec<_> = found.windows(2).filter(|pair| pair[0].0 == pair[1].0).collect();
            let Some(pair) = (!pairs.is_empty()).then(|| *random.pick(&pairs)) else {
                return false;
            };
            let (a, b) = (text(history, pair[0]), text(history, pair[1]));
            let (one, two) = (tag(&a), tag(&b));
            put(history, pair[0], a.replacen(&one, &two, 1));
            put(history, pair[1], b.replacen(&two, &one, 1));
            true
        }),
        told("COUNT of one more", |history, random, _| {
            let found = places(history, |text| text.contains(" COUNT "));
            let Some(place) = one(&found, random) else { return false };
            let told = text(history, place);
            let Some((head, rest)) = told.split_once(" COUNT ") else { return false };
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let count: u32 = rest[..digits].parse().unwrap_or_default();
            put(history, place, format!("{head} COUNT {}{}", count + 1, &rest[digits..]));
            true
        }),
        told("two SORT answers swapped", |history, random, _| swap(history, random, "* SORT")),
    ]
}

/// Changes numbers behind these words; `false` where they stay as they are.
fn change(
    history: &mut History,
    random: &mut Random,
    head: &str,
    with: impl Fn(&mut Vec<u32>),
) -> bool {
    let found = places(history, |text| text.starts_with(head));
    let Some(place) = one(&found, random) else { return false };
    let told = text(history, place);
    let numbers = told[head.len()..].split(' ').filter_map(|number| number.parse().ok());
    let before: Vec<u32> = numbers.collect();
    let mut after = before.clone();
    with(&mut after);
    let words: Vec<String> = after.iter().map(u32::to_string).collect();
    put(history, place, format!("{head}{}", words.join(" ")));
    after != before
}
