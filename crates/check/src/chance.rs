//! Chance from a seed, and the search for a short list of steps that still fails.

/// Numbers that look random and are the same for the same seed (SplitMix64).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Begins at a seed; any will do.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 where that is 0.
    pub fn below(&mut self, end: usize) -> usize {
        match end {
            0 => 0,
            end => (self.number() % end as u64) as usize,
        }
    }

    /// True so many times in a hundred.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.number() % 100 < u64::from(percent)
    }

    /// One of several; the slice must not be empty.
    pub fn pick<'a, T>(&mut self, among: &'a [T]) -> &'a T {
        &among[self.below(among.len())]
    }
}

/// Makes a failing list of steps shorter: first its shortest failing prefix, then without runs of
/// steps that are not needed. `fails` is asked at most `tries` times. Steps must mean something
/// wherever they stand.
pub fn shorten<T: Clone>(
    steps: &[T],
    mut tries: usize,
    mut fails: impl FnMut(&[T]) -> bool,
) -> Vec<T> {
    let mut best = steps.to_vec();
    // Halving the prefix first: a failure seldom needs what comes after it.
    let (mut low, mut high) = (0, best.len());
    while low + 1 < high && tries > 0 {
        tries -= 1;
        let middle = low + (high - low) / 2;
        if fails(&best[..middle]) { high = middle } else { low = middle }
    }
    best.truncate(high);
    let mut run = best.len() / 2;
    while run > 0 {
        let mut start = 0;
        while start < best.len() && tries > 0 {
            tries -= 1;
            let mut without = best.clone();
            without.drain(start..(start + run).min(best.len()));
            if fails(&without) { best = without } else { start += run }
        }
        run /= 2;
    }
    best
}

#[cfg(test)]
mod tests {
    use super::{Random, shorten};

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let numbers = |seed| {
            let mut random = Random::new(seed);
            [random.number(), random.number(), random.below(10) as u64, random.below(0) as u64]
        };
        assert_eq!(numbers(7), numbers(7));
        assert_ne!(numbers(7), numbers(8));
        assert_eq!(numbers(7)[3], 0);
    }

    #[test]
    fn what_is_not_needed_is_left_out() {
        let steps: Vec<u32> = (0..100).collect();
        let fails = |steps: &[u32]| steps.contains(&3) && steps.contains(&57);
        assert_eq!(shorten(&steps, 1000, fails), [3, 57]);
        assert!(fails(&shorten(&steps, 5, fails)));
    }
}
