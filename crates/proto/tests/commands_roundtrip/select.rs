//! Parameters of SELECT and EXAMINE.

use super::mod_seq;
use peregrine_proto::UidValidity;
use peregrine_proto::command::select::{Resync, SelectParameters};
use peregrine_proto::number::{Bound, Number, NumberSet};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

pub fn select_parameters() -> impl Strategy<Value = SelectParameters> {
    fn set<N: Number>() -> impl Strategy<Value = NumberSet<N>> {
        let range = (1..99_u32, 1..99_u32);
        vec(range, 1..4).prop_map(|ranges| NumberSet {
            ranges: ranges
                .into_iter()
                .filter_map(|(start, end)| N::new(start).zip(N::new(end)))
                .map(|(start, end)| (Bound::Number(start), Bound::Number(end)))
                .collect(),
        })
    }
    let matching = option::of((set(), set()));
    let resync = (1..u32::MAX, mod_seq(1), option::of(set()), matching).prop_map(
        |(uid_validity, mod_seq, known, matching)| {
            let uid_validity = UidValidity::new(uid_validity).unwrap();
            Box::new(Resync { uid_validity, mod_seq, known, matching })
        },
    );
    (any::<bool>(), option::of(resync))
        .prop_map(|(condstore, qresync)| SelectParameters { condstore, qresync })
        .boxed()
}
