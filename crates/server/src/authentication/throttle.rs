//! Slowing down those who guess passwords, by where they come from and by whom they try.

use crate::admission::{NETWORK_SHARE, is_loopback, masked, network};
use ring::hmac;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Delay after the first failure, the second and so on; the last one stays.
const DELAYS: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(15),
];
/// Failures are forgotten after this long without another.
const MEMORY: Duration = Duration::from_secs(15 * 60);
/// Addresses, networks, users and pairs that are remembered, each.
const MAX_ENTRIES: usize = 10_000;
/// Attempts that may be held back at once, in all. More are turned away: they cost memory.
const MAX_DELAYED: usize = 2_000;

/// Failures are answered at multiples of this time only: what a check took does not show.
const TICK: Duration = Duration::from_millis(250);
/// Failures of all in one minute that an administrator should know of: people mistype less.
const ALARM: u32 = 100;
/// What the failures of all are counted over.
const ALARM_WINDOW: Duration = Duration::from_secs(60);

/// The failures of one server.
pub(crate) struct Throttle {
    key: hmac::Key,
    started: Instant,
    tables: Mutex<Tables>,
}

#[derive(Default)]
struct Tables {
    addresses: HashMap<IpAddr, Failures>,
    /// By /48 of IPv6 and /24 of IPv4: who has many addresses to guess from has few networks.
    networks: HashMap<IpAddr, Failures>,
    users: HashMap<Box<str>, Failures>,
    /// Who logged in from where: their delay does not grow because others guess their password.
    good: HashMap<(Box<str>, IpAddr), Instant>,
    delayed: usize,
    /// Failures of all since the beginning of the window.
    recent: Option<(Instant, u32)>,
}

struct Failures {
    count: usize,
    last: Instant,
    not_before: Instant,
    /// Keyed hash of the last wrong password: a program that repeats one is no guesser.
    attempt: [u8; 8],
}

/// Too many attempts are held back already.
#[derive(Debug)]
pub(crate) struct Crowded;

impl Throttle {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        Self { key, started: Instant::now(), tables: Mutex::default() }
    }

    /// Waits until this address may try this user.
    pub(crate) async fn wait(&self, remote: IpAddr, user: &str) -> Result<(), Crowded> {
        let until = self.with(|tables| {
            // Programs on this machine (webmail) speak for many people.
            let address = tables.addresses.get(&masked(remote)).filter(|_| !is_loopback(remote));
            let known = tables.good.contains_key(&(Box::from(user), masked(remote)));
            let user = tables.users.get(user).filter(|_| !known);
            let network = tables.networks.get(&network(remote)).filter(|_| !known);
            address.into_iter().chain(network).chain(user).map(|failures| failures.not_before).max()
        });
        self.delay(until).await
    }

    /// Notes a wrong password, and waits as long as the next attempt would have to.
    pub(crate) async fn failed(
        &self,
        remote: IpAddr,
        user: &str,
        password: &[u8],
    ) -> Result<(), Crowded> {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(user.as_bytes());
        context.update(&[0]);
        context.update(password);
        let mut attempt = [0; 8];
        attempt.copy_from_slice(&context.sign().as_ref()[..8]);
        let (alarm, until) = self.with(|tables| {
            let alarm = tables.is_alarming();
            let of_user = note(&mut tables.users, user.into(), attempt, 1);
            if is_loopback(remote) {
                return (alarm, of_user);
            }
            let of_address = note(&mut tables.addresses, masked(remote), attempt, 1);
            let networks = &mut tables.networks;
            let of_network = note(networks, network(remote), attempt, NETWORK_SHARE);
            (alarm, of_user.max(of_address).max(of_network))
        });
        if alarm {
            tracing::warn!("{ALARM} failed logins within a minute: somebody may be guessing");
        }
        self.delay(Some(self.tick(until))).await
    }

    /// The first tick that is not before `time`.
    fn tick(&self, time: Instant) -> Instant {
        let since = time.saturating_duration_since(self.started).as_nanos();
        let ticks = since.div_ceil(TICK.as_nanos());
        self.started + TICK * u32::try_from(ticks).unwrap_or(u32::MAX)
    }

    /// Notes a right password.
    pub(crate) fn succeeded(&self, remote: IpAddr, user: &str) {
        let now = Instant::now();
        self.with(|tables| {
            tables.users.remove(user);
            if tables.good.len() >= MAX_ENTRIES {
                tables.good.retain(|_, last| now.duration_since(*last) < MEMORY);
            }
            if tables.good.len() < MAX_ENTRIES {
                tables.good.insert((user.into(), masked(remote)), now);
            }
        });
    }

    async fn delay(&self, until: Option<Instant>) -> Result<(), Crowded> {
        let Some(until) = until.filter(|until| *until > Instant::now()) else { return Ok(()) };
        let _held = self.hold()?;
        tokio::time::sleep_until(until).await;
        Ok(())
    }

    fn hold(&self) -> Result<Held<'_>, Crowded> {
        self.with(|tables| {
            if tables.delayed >= MAX_DELAYED {
                return Err(Crowded);
            }
            tables.delayed += 1;
            Ok(Held(self))
        })
    }

    fn with<T>(&self, f: impl FnOnce(&mut Tables) -> T) -> T {
        f(&mut self.tables.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Tables {
    /// Counts a failure of anybody; whether it is the one to tell of, once in a window.
    fn is_alarming(&mut self) -> bool {
        let now = Instant::now();
        let (begun, count) = match self.recent {
            Some((begun, count)) if now.duration_since(begun) < ALARM_WINDOW => (begun, count),
            _ => (now, 0),
        };
        self.recent = Some((begun, count.saturating_add(1)));
        count + 1 == ALARM
    }
}

/// One attempt that waits.
struct Held<'a>(&'a Throttle);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.with(|tables| tables.delayed -= 1);
    }
}

/// Counts a failure and tells when the next attempt may be made; so many failures are one step of
/// the delay.
fn note<K: Hash + Eq + Clone>(
    table: &mut HashMap<K, Failures>,
    key: K,
    attempt: [u8; 8],
    step: usize,
) -> Instant {
    let now = Instant::now();
    if table.len() >= MAX_ENTRIES && !table.contains_key(&key) {
        make_room(table, now);
    }
    let entry = table.entry(key).or_insert(Failures {
        count: 0,
        last: now,
        not_before: now,
        attempt: [0; 8],
    });
    if now.duration_since(entry.last) >= MEMORY {
        entry.count = 0;
    }
    if entry.count == 0 || entry.attempt != attempt {
        entry.count += 1;
    }
    entry.attempt = attempt;
    entry.last = now;
    let steps = (entry.count / step).min(DELAYS.len());
    entry.not_before = now + steps.checked_sub(1).map_or(Duration::ZERO, |last| DELAYS[last]);
    entry.not_before
}

/// Forgets what is old, or else the oldest.
fn make_room<K: Hash + Eq + Clone>(table: &mut HashMap<K, Failures>, now: Instant) {
    table.retain(|_, failures| now.duration_since(failures.last) < MEMORY);
    if table.len() < MAX_ENTRIES {
        return;
    }
    let oldest = table.iter().min_by_key(|(_, failures)| failures.last);
    if let Some(key) = oldest.map(|(key, _)| key.clone()) {
        table.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const AWAY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 1));
    const LOCAL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    async fn seconds(work: impl Future<Output = Result<(), Crowded>>) -> u64 {
        let before = Instant::now();
        work.await.unwrap();
        before.elapsed().as_secs()
    }

    /// Delays grow by guess up to 15 s, and not where one wrong password is repeated.
    #[tokio::test(start_paused = true)]
    async fn guesses_get_slower() {
        let throttle = Throttle::new(&[7; 32]);
        assert_eq!(seconds(throttle.wait(HOME, "ann")).await, 0);
        for (guess, expected) in
            [("a", 1), ("a", 1), ("b", 2), ("c", 4), ("d", 8), ("e", 15), ("f", 15)]
        {
            assert_eq!(seconds(throttle.failed(HOME, "ann", guess.as_bytes())).await, expected);
        }
        assert_eq!(seconds(throttle.wait(AWAY, "ann")).await, 0);
        tokio::time::advance(MEMORY).await;
        assert_eq!(seconds(throttle.failed(HOME, "ann", b"z")).await, 1);
    }

    /// An attempt beside the one that failed waits too: by address for any user, by user from
    /// any address; but a user is not locked out of where he was before.
    #[tokio::test(start_paused = true)]
    async fn others_wait_with_the_guesser() {
        let throttle = Throttle::new(&[7; 32]);
        throttle.succeeded(AWAY, "ann");
        let (_, same_address, same_user, known, local) = tokio::join!(
            throttle.failed(HOME, "ann", b"x"),
            seconds(async {
                tokio::task::yield_now().await;
                throttle.wait(HOME, "bob").await
            }),
            seconds(async {
                tokio::task::yield_now().await;
                throttle.wait(LOCAL, "ann").await
            }),
            seconds(async {
                tokio::task::yield_now().await;
                throttle.wait(AWAY, "ann").await
            }),
            seconds(async {
                tokio::task::yield_now().await;
                throttle.wait(LOCAL, "bob").await
            }),
        );
        assert_eq!((same_address, same_user, known, local), (1, 1, 0, 0));
    }

    /// Guesses from ever new addresses of one network, at ever new users, get slower too: at the
    /// fourth, the eighth and so on. Others of the network wait with them, but not who has been
    /// there before, and other networks do not.
    #[tokio::test(start_paused = true)]
    async fn guesses_from_one_network_get_slower() {
        for (network, away) in [("2001:db8:1:", "2001:db8:2::1"), ("198.51.100.", "192.0.2.1")] {
            let tail = if network.contains(':') { "::1" } else { "" };
            let host = |host: usize| format!("{network}{host}{tail}").parse::<IpAddr>().unwrap();
            let throttle = Throttle::new(&[7; 32]);
            throttle.succeeded(host(99), "ann");
            for guess in 1..=24 {
                let (user, password) = (format!("user{guess}"), format!("guess{guess}"));
                let before = Instant::now();
                let failed = throttle.failed(host(guess), &user, password.as_bytes());
                if guess == 20 {
                    let others = async {
                        tokio::task::yield_now().await;
                        let (new, known, away) = tokio::join!(
                            seconds(throttle.wait(host(50), "bob")),
                            seconds(throttle.wait(host(99), "ann")),
                            seconds(throttle.wait(away.parse().unwrap(), "bob")),
                        );
                        assert_eq!((new, known, away), (15, 0, 0));
                    };
                    tokio::join!(async { failed.await.unwrap() }, others);
                } else {
                    failed.await.unwrap();
                }
                let steps = [1, 1, 2, 4, 8, 15, 15][guess / NETWORK_SHARE];
                assert_eq!(before.elapsed().as_secs(), steps, "{network} {guess}");
            }
        }
    }

    /// T51: what a check took does not show in when its failure is told.
    #[tokio::test(start_paused = true)]
    async fn failures_are_told_at_ticks() {
        let throttle = Throttle::new(&[7; 32]);
        for (guess, took) in [("a", 1), ("b", 20), ("c", 249), ("d", 250), ("e", 251)] {
            tokio::time::advance(Duration::from_millis(took)).await;
            throttle.failed(HOME, "ann", guess.as_bytes()).await.unwrap();
            let since = throttle.started.elapsed().as_millis();
            assert_eq!(since % TICK.as_millis(), 0, "{guess}");
        }
    }

    /// Told once a minute, at the hundredth failure.
    #[tokio::test(start_paused = true)]
    async fn many_failures_are_told_once_a_minute() {
        let mut tables = Tables::default();
        for _ in 0..2 {
            let alarms = (1..=3 * ALARM).filter(|_| tables.is_alarming()).count();
            assert_eq!(alarms, 1);
            tokio::time::advance(ALARM_WINDOW).await;
        }
        assert!(!(1..ALARM).any(|_| tables.is_alarming()));
    }

    /// The tables stay bounded, and those held back as well.
    #[tokio::test(start_paused = true)]
    async fn nothing_grows_without_bound() {
        let mut table = HashMap::new();
        for number in 0..MAX_ENTRIES + 5 {
            note(&mut table, number, [1; 8], 1);
        }
        assert_eq!(table.len(), MAX_ENTRIES);
        let throttle = Throttle::new(&[7; 32]);
        throttle.with(|tables| tables.delayed = MAX_DELAYED);
        assert!(throttle.failed(HOME, "ann", b"x").await.is_err());
    }
}
