//! Who may connect: connections by address, by user and by rate, counted while they last.

use crate::options::{AddressLimits, Limits};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Bits of an IPv6 address that count as one address: what one customer is given at least.
const IPV6_ADDRESS: u32 = 64;

/// Bits of an IPv6 address that count as one network: what one customer is given at most (RFC 6177
/// §2), who so has 65,536 addresses.
const IPV6_NETWORK: u32 = 48;

/// Bits of an IPv4 address that count as one network: the smallest that is routed by itself.
const IPV4_NETWORK: u32 = 24;

/// What a network may have, in the measure of what one address may: a customer with a /48 seldom has
/// mail programs in more than a few of its parts.
pub(crate) const NETWORK_SHARE: usize = 4;

/// The window of the connect rate.
const RATE_WINDOW: Duration = Duration::from_secs(60);

/// Addresses whose rate is remembered, and networks. Beyond it, those without a connection are
/// forgotten.
const MAX_ADDRESSES: usize = 100_000;

/// The doorkeeper of one server.
pub(crate) struct Admission {
    limits: Limits,
    tables: Mutex<Tables>,
}

#[derive(Default)]
struct Tables {
    connections: usize,
    addresses: HashMap<IpAddr, Origin>,
    networks: HashMap<IpAddr, Origin>,
    users: HashMap<Box<str>, usize>,
    users_at: HashMap<(Box<str>, IpAddr), usize>,
}

/// What came from one address or network.
struct Origin {
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
    /// This network has too many connections.
    Network,
    /// This address connects too often.
    Rate,
    /// This network connects too often.
    NetworkRate,
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
            Self::Network => "Too many connections from your network, try again later",
            Self::Rate => "Too many new connections from your address, try again in a minute",
            Self::NetworkRate => {
                "Too many new connections from your network, try again in a minute"
            }
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
    site: IpAddr,
    user: Option<Box<str>>,
}

impl Admission {
    pub(crate) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self { limits, tables: Mutex::default() })
    }

    /// Lets a connection in, or says why not.
    pub(crate) fn connect(self: &Arc<Self>, remote: IpAddr) -> Result<Ticket, Refused> {
        let (address, site) = (masked(remote), site(remote));
        let limits = *self.limits_of(remote);
        let now = Instant::now();
        let mut guard = self.tables();
        let tables = &mut *guard;
        if tables.connections >= self.limits.connections {
            return Err(Refused::Full);
        }
        let narrow = arrival(&mut tables.addresses, address, now);
        // Who is refused for himself costs his neighbours nothing.
        if narrow.arrivals > limits.rate {
            return Err(Refused::Rate);
        }
        let wide = arrival(&mut tables.networks, site, now);
        if wide.arrivals as usize > limits.rate as usize * NETWORK_SHARE {
            return Err(Refused::NetworkRate);
        }
        if narrow.connections >= limits.connections {
            return Err(Refused::Address);
        }
        if wide.connections >= limits.connections * NETWORK_SHARE {
            return Err(Refused::Network);
        }
        narrow.connections += 1;
        wide.connections += 1;
        tables.connections += 1;
        drop(guard);
        Ok(Ticket { admission: Arc::clone(self), address, site, user: None })
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
        departure(&mut tables.addresses, self.address);
        departure(&mut tables.networks, self.site);
    }
}

/// Counts somebody who comes; not yet as a connection.
fn arrival(table: &mut HashMap<IpAddr, Origin>, key: IpAddr, now: Instant) -> &mut Origin {
    if table.len() >= MAX_ADDRESSES {
        table.retain(|_, origin| origin.connections > 0);
    }
    let origin = table.entry(key).or_insert(Origin { connections: 0, window: now, arrivals: 0 });
    if now.duration_since(origin.window) >= RATE_WINDOW {
        origin.window = now;
        origin.arrivals = 0;
    }
    origin.arrivals = origin.arrivals.saturating_add(1);
    origin
}

/// Counts a connection that ends, and forgets what nothing is to be known of any more.
fn departure(table: &mut HashMap<IpAddr, Origin>, key: IpAddr) {
    if let Entry::Occupied(mut occupied) = table.entry(key) {
        let origin = occupied.get_mut();
        origin.connections = origin.connections.saturating_sub(1);
        if origin.connections == 0 && origin.window.elapsed() >= RATE_WINDOW {
            occupied.remove();
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

/// What counts as one address: an IPv4 address, or a /64 of IPv6.
pub(crate) fn masked(address: IpAddr) -> IpAddr {
    prefix(address, u32::BITS, IPV6_ADDRESS)
}

/// What counts as one network: a /24 of IPv4, or a /48 of IPv6. This machine is one by itself.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    prefix(address, IPV4_NETWORK, IPV6_NETWORK)
}

/// Whose connections are counted together: a /48 of IPv6. An IPv4 address is counted alone: an office
/// has a /24, and each of its mail programs four or five connections.
fn site(address: IpAddr) -> IpAddr {
    prefix(address, u32::BITS, IPV6_NETWORK)
}

/// So many bits of an address, the others zero.
fn prefix(address: IpAddr, of_v4: u32, of_v6: u32) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            let mask = u128::MAX << (u128::BITS - of_v6);
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
        }
        IpAddr::V4(address) => {
            let mask = u32::MAX << (u32::BITS - of_v4);
            IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & mask))
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

    /// T58: n−1, n and n+1 connections of a network, each from an address of its own, and its rate.
    #[tokio::test(start_paused = true)]
    async fn connections_of_one_network_are_bounded() {
        let remote =
            AddressLimits { connections: 1, per_user: 3, per_user_and_address: 2, rate: 2 };
        let admission = Admission::new(Limits { remote, ..Limits::default() });
        let connect = |subnet| admission.connect(address(&format!("2001:db8:1:{subnet}::1")));
        let mut tickets: Vec<_> = (1..=4).map(|subnet| connect(subnet).unwrap()).collect();
        assert_eq!(connect(5).err(), Some(Refused::Network));
        assert!(admission.connect(address("2001:db8:2::1")).is_ok());
        tickets.pop();
        tickets.push(connect(6).unwrap());
        // Six have come, and eight may in a minute.
        tickets.clear();
        assert!(connect(7).is_ok() && connect(8).is_ok());
        assert_eq!(connect(9).err(), Some(Refused::NetworkRate));
        tokio::time::advance(RATE_WINDOW).await;
        assert!(connect(9).is_ok());
        assert!(admission.tables().networks.len() <= 2);
    }

    /// An office with a /24, or a provider's: each address counts alone, and who floods does not
    /// keep his neighbours out.
    #[tokio::test(start_paused = true)]
    async fn neighbours_are_let_in() {
        for [flooder, neighbour] in [["192.0.2.1", "192.0.2.2"], ["2001:db8::1", "2001:db8:0:1::1"]]
        {
            let admission = small();
            for _ in 0..100 {
                let _ = admission.connect(address(flooder));
            }
            assert!(admission.connect(address(neighbour)).is_ok(), "{neighbour}");
        }
        let remote = AddressLimits { connections: 1, ..Limits::default().remote };
        let admission = Admission::new(Limits { remote, ..Limits::default() });
        let connect = |host| admission.connect(address(&format!("192.0.2.{host}"))).unwrap();
        let _tickets: Vec<_> = (1..255).map(connect).collect();
    }

    /// One customer's /64 counts as one address; IPv4 written as IPv6 as IPv4.
    #[test]
    fn addresses_are_masked() {
        assert_eq!(masked(address("2001:db8::1")), masked(address("2001:db8::ffff:2")));
        assert_ne!(masked(address("2001:db8::1")), masked(address("2001:db8:0:1::1")));
        assert_eq!(masked(address("::ffff:192.0.2.1")), address("192.0.2.1"));
        assert_eq!(network(address("2001:db8:1:2::1")), network(address("2001:db8:1:ffff::2")));
        assert_ne!(network(address("2001:db8:1::1")), network(address("2001:db8:2::1")));
        assert_eq!(network(address("::ffff:192.0.2.1")), address("192.0.2.0"));
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
