//! Every mechanism takes any octets: no panic, and nobody comes in without the proof (T45, T47, T48).

use super::{Bearer, Exchange, Mechanism, Step, identity};
use peregrine_store::ScramKeys;

/// Messages that are nearly right, to begin with.
const SEEDS: [&[u8]; 12] = [
    b"\0ann\0secret",
    b"bob\0ann\0secret",
    b"ann",
    b"n,,n=ann,r=abcdefgh",
    b"y,a=bob,n=a=2Cb,r=abc",
    b"p=tls-exporter,,n=ann,r=abc",
    b"n,,n=ann,r=abc,x=y",
    b"c=biws,r=abc,p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    b"c=cD10bHMtZXhwb3J0ZXIsLAcHBwc=,r=abc,p=AAAA",
    b"n,a=ann,\x01host=x\x01auth=Bearer aGVhZA.cGF5.c2ln\x01\x01",
    b"user=ann\x01auth=Bearer aGVhZA.cGF5.c2ln\x01\x01",
    b"\x01",
];

/// Rounds for each mechanism; some seconds in all.
const ROUNDS: u64 = 4000;

/// Chance that is the same each time (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % most.max(1)
    }

    /// A seed with octets changed, doubled, taken out and put in.
    fn message(&mut self) -> Vec<u8> {
        let mut message = SEEDS[self.below(SEEDS.len())].to_vec();
        for _ in 0..self.below(5) {
            let at = self.below(message.len());
            let telling = b"\0\x01,=nyparcm\xff\x80 .";
            match self.below(4) {
                0 if !message.is_empty() => message[at] = telling[self.below(telling.len())],
                1 if !message.is_empty() => drop(message.remove(at)),
                2 => message.insert(at, telling[self.below(telling.len())]),
                _ => message.extend_from_within(at..),
            }
        }
        message
    }
}

#[test]
fn any_octets_are_taken() {
    let keys = || ScramKeys {
        iterations: 4096,
        salt: vec![1; 16],
        stored_key: vec![2; 32],
        server_key: vec![3; 32],
    };
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let mut begun = 0;
    for mechanism in Mechanism::ALL {
        for _ in 0..ROUNDS {
            let binding = (chance.below(2) == 0).then_some([7; 32]);
            let first = chance.message();
            drop(Bearer::parse(mechanism, &first));
            if mechanism.is_scram() && identity(&first, mechanism, binding).is_err() {
                continue;
            }
            let Some(mut exchange) = Exchange::new(mechanism, Some(keys()), binding) else {
                continue;
            };
            let mut next = Some(first);
            for _ in 0..3 {
                let message = next.take().unwrap_or_else(|| chance.message());
                match exchange.step(Some(&message)) {
                    Step::Challenge(_) => begun += 1,
                    Step::Proved(_) => panic!("nobody knows the keys: {message:?}"),
                    // A password that is still to be checked, or nothing.
                    Step::Attempt(_) | Step::Failed => break,
                }
            }
        }
    }
    assert!(begun > 500, "{begun} exchanges went beyond the first message");
}
