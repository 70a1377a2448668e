//! Who may connect: connections by address, by user and by rate, counted while they last.

use crate::options::{AddressLimits, Limits};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Bits of an IPv6 address that count as one client: what one customer is given at least.
const IPV6_PREFIX: u32 = 64;

/// The window of the connect rate.
const RATE_WINDOW: Duration = Duration::from_secs(60);

/// Addresses whose rate is remembered. Beyond it, those without a connection are forgotten.
const MAX_ADDRESSES: usize = 100_000;

/// The doorkeeper of one server.
pub(crate) struct Admission {
    limits: Limits,
    tables: Mutex<Tables>,
}

#[derive(Default)]
struct Tables {
    connections: usize,
    addresses: HashMap<IpAddr, Address>,
    users: HashMap<Box<str>, usize>,
    users_at: HashMap<(Box<str>, IpAddr), usize>,
}

struct Address {
    connections: usize,
    window: Instant,
    arrivals: u32,
}

/// Why somebody was not let in; as a sentence for the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The server serves as many as it can.
    Full,
    /// This address has too many connections.
    Address,
    /// This address connects too often.
    Rate,
    /// This user has too many sessions.
    User,
    /// This user has too many sessions from this address.
    UserAtAddress,
}

impl Refused {
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::Full => "The server has no room for another connection, try again later",
            Self::Address => "Too many connections from your address, close some first",
            Self::Rate => "Too many new connections from your address, try again in a minute",
            Self::User => "Too many sessions of this user, close some first",
            Self::UserAtAddress => {
                "Too many sessions of this user from your address, close some first"
            }
        }
    }
}

/// A connection that was let in; counts until it is dropped.
pub(crate) struct Ticket {
    admission: Arc<Admission>,
    address: IpAddr,
    user: Option<Box<str>>,
}

impl Admission {
    pub(crate) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self { limits, tables: Mutex::default() })
    }

    /// Lets a connection in, or says why not.
    pub(crate) fn connect(self: &Arc<Self>, remote: IpAddr) -> Result<Ticket, Refused> {
        let address = masked(remote);
        let limits = *self.limits_of(remote);
        let now = Instant::now();
        let mut guard = self.tables();
        let tables = &mut *guard;
        if tables.connections >= self.limits.connections {
            return Err(Refused::Full);
        }
        if tables.addresses.len() >= MAX_ADDRESSES {
            tables.addresses.retain(|_, address| address.connections > 0);
        }
        let entry = tables.addresses.entry(address).or_insert(Address {
            connections: 0,
            window: now,
            arrivals: 0,
        });
        if now.duration_since(entry.window) >= RATE_WINDOW {
            entry.window = now;
            entry.arrivals = 0;
        }
        entry.arrivals = entry.arrivals.saturating_add(1);
        if entry.arrivals > limits.rate {
            return Err(Refused::Rate);
        }
        if entry.connections >= limits.connections {
            return Err(Refused::Address);
        }
        entry.connections += 1;
        tables.connections += 1;
        drop(guard);
        Ok(Ticket { admission: Arc::clone(self), address, user: None })
    }

    fn limits_of(&self, address: IpAddr) -> &AddressLimits {
        if is_loopback(address) { &self.limits.loopback } else { &self.limits.remote }
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        // The tables hold plain counters that no panic leaves half done.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// Counts the connection to a user, once the password was right.
    pub(crate) fn log_in(&mut self, user: &str) -> Result<(), Refused> {
        let limits = *self.admission.limits_of(self.address);
        let mut guard = self.admission.tables();
        let tables = &mut *guard;
        if tables.users.get(user).copied().unwrap_or(0) >= limits.per_user {
            return Err(Refused::User);
        }
        let at = (Box::from(user), self.address);
        if tables.users_at.get(&at).copied().unwrap_or(0) >= limits.per_user_and_address {
            return Err(Refused::UserAtAddress);
        }
        *tables.users.entry(Box::from(user)).or_default() += 1;
        *tables.users_at.entry(at).or_default() += 1;
        drop(guard);
        self.user = Some(Box::from(user));
        Ok(())
    }

    /// The user has left; the connection goes on.
    pub(crate) fn log_out(&mut self) {
        if let Some(user) = self.user.take() {
            let mut tables = self.admission.tables();
            less(tables.users_at.entry((user.clone(), self.address)));
            less(tables.users.entry(user));
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.log_out();
        let mut guard = self.admission.tables();
        let tables = &mut *guard;
        tables.connections = tables.connections.saturating_sub(1);
        if let Some(entry) = tables.addresses.get_mut(&self.address) {
            entry.connections = entry.connections.saturating_sub(1);
            if entry.connections == 0 && entry.window.elapsed() >= RATE_WINDOW {
                tables.addresses.remove(&self.address);
            }
        }
    }
}

/// Counts one down and forgets what is at none.
fn less<K>(entry: Entry<'_, K, usize>) {
    if let Entry::Occupied(mut occupied) = entry {
        *occupied.get_mut() -= 1;
        if *occupied.get() == 0 {
            occupied.remove();
        }
    }
}

/// Whether the address is this machine's own.
pub(crate) fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// What counts as one client: an IPv4 address, or a /64 of IPv6.
pub(crate) fn masked(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << IPV6_PREFIX)))
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Arc<Admission> {
        let remote =
            AddressLimits { connections: 3, per_user: 3, per_user_and_address: 2, rate: 5 };
        Admission::new(Limits { remote, connections: 4, ..Limits::default() })
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// T58: n−1, n and n+1 of each bound, and the place is free again afterwards.
    #[tokio::test(start_paused = true)]
    async fn connections_of_one_address_are_bounded() {
        let admission = small();
        let home = address("192.0.2.1");
        let mut tickets: Vec<_> = (0..3).map(|_| admission.connect(home).unwrap()).collect();
        assert_eq!(admission.connect(home).err(), Some(Refused::Address));
        let other = admission.connect(address("192.0.2.2")).unwrap();
        assert_eq!(admission.connect(address("192.0.2.3")).err(), Some(Refused::Full));
        drop((tickets.pop(), other));
        tickets.push(admission.connect(home).unwrap());
        tickets.clear();
        assert_eq!(admission.connect(home).err(), Some(Refused::Rate));
        tokio::time::advance(RATE_WINDOW).await;
        assert!(admission.connect(home).is_ok());
    }

    /// One customer's /64 counts as one address; IPv4 written as IPv6 as IPv4.
    #[test]
    fn addresses_are_masked() {
        assert_eq!(masked(address("2001:db8::1")), masked(address("2001:db8::ffff:2")));
        assert_ne!(masked(address("2001:db8::1")), masked(address("2001:db8:0:1::1")));
        assert_eq!(masked(address("::ffff:192.0.2.1")), address("192.0.2.1"));
        assert!(is_loopback(address("::ffff:127.0.0.1")) && is_loopback(address("::1")));
    }

    /// T58: sessions of one user, in all and from one address.
    #[tokio::test(start_paused = true)]
    async fn sessions_of_one_user_are_bounded() {
        let admission = small();
        let connect = |text| admission.connect(address(text)).unwrap();
        let mut first = connect("192.0.2.1");
        let mut second = connect("192.0.2.1");
        let mut third = connect("192.0.2.1");
        assert_eq!((first.log_in("ann"), second.log_in("ann")), (Ok(()), Ok(())));
        assert_eq!(third.log_in("ann"), Err(Refused::UserAtAddress));
        assert_eq!(third.log_in("bob"), Ok(()));
        let mut fourth = connect("192.0.2.9");
        assert_eq!(fourth.log_in("ann"), Ok(()));
        drop(third);
        let mut fifth = connect("192.0.2.8");
        assert_eq!(fifth.log_in("ann"), Err(Refused::User));
        drop(first);
        assert_eq!(fifth.log_in("ann"), Ok(()));
    }
}
