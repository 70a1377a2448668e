//! Guesses which word was meant.

/// The known word nearest to the given one, in capitals; `None` where none is near.
pub(crate) fn nearest(word: &[u8], known: &[&'static str]) -> Option<&'static str> {
    /// Longest word that is compared: no name is so long, and the work stays small.
    const LONGEST: usize = 20;
    if word.len() > LONGEST {
        return None;
    }
    let near = known.iter().map(|name| (distance(word, name.as_bytes()), *name));
    let (distance, name) = near.min_by_key(|(distance, _)| *distance)?;
    // Two slips in a word of six letters; one in a shorter one.
    let allowed = if name.len() < 6 { 1 } else { 2 };
    (distance <= allowed).then_some(name)
}

/// How many letters must be inserted, removed, changed or swapped with the next one.
fn distance(left: &[u8], right: &[u8]) -> usize {
    let width = right.len() + 1;
    let mut before = vec![0; width];
    let mut last: Vec<usize> = (0..width).collect();
    for row in 1..=left.len() {
        let mut this = vec![row; width];
        for column in 1..width {
            let same = |l: usize, r: usize| left[l - 1].eq_ignore_ascii_case(&right[r - 1]);
            let change = last[column - 1] + usize::from(!same(row, column));
            this[column] = change.min(last[column] + 1).min(this[column - 1] + 1);
            if row > 1 && column > 1 && same(row, column - 1) && same(row - 1, column) {
                this[column] = this[column].min(before[column - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, this);
    }
    last[width - 1]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_are_seen_and_strangers_are_not() {
        let known = ["FETCH", "SELECT", "SEARCH", "NOOP", "UNSELECT"];
        for (word, expected) in [
            ("FETHC", Some("FETCH")),
            ("fech", Some("FETCH")),
            ("slect", Some("SELECT")),
            ("NOP", Some("NOOP")),
            ("FROBNICATE", None),
            ("XYZ", None),
            ("", None),
        ] {
            assert_eq!(nearest(word.as_bytes(), &known), expected, "{word}");
        }
    }
}
