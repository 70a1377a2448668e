//! What SOURCE and TARGET may be.

use std::path::PathBuf;

use peregrine_client::{Connector, Security};

/// An end of a migration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// `imap[s]://user@host[:port]`
    Server(Server),
    /// A folder with `peregrine.toml`.
    Served(PathBuf),
    /// A Maildir, an mbox or a folder of them.
    Files(PathBuf),
}

/// A server and a user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Server {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// `imaps` is TLS from the beginning; `imap` is STARTTLS, but for this machine itself.
    pub security: Security,
    /// Who.
    pub user: String,
}

impl Place {
    /// What a word means.
    pub fn parse(word: &str) -> Result<Self, String> {
        if let Some((scheme, rest)) = word.split_once("://") {
            return Server::parse(scheme, rest).map(Self::Server);
        }
        let path = PathBuf::from(word);
        match path.join("peregrine.toml").is_file() {
            true => Ok(Self::Served(path)),
            false => Ok(Self::Files(path)),
        }
    }
}

impl Server {
    /// RFC 5092, as far as it names a server and a user.
    fn parse(scheme: &str, rest: &str) -> Result<Self, String> {
        let wrong =
            |what: &str| format!("{what}: write imaps://USER@HOST or imaps://USER@HOST:PORT");
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (user, place) = rest.rsplit_once('@').ok_or_else(|| wrong("a URL without a user"))?;
        if user.contains(':') {
            return Err("a password on the command line can be read by every process of this \
                        machine: leave it out, it is asked for (a `:` in a name is written %3A)"
                .into());
        }
        let (host, port) = match place.strip_prefix('[') {
            Some(rest) => rest.split_once(']').ok_or_else(|| wrong("a `[` without `]`"))?,
            None => place.split_at(place.find(':').unwrap_or(place.len())),
        };
        let here = host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        let (security, standard) = match scheme {
            "imaps" => (Security::Tls, 993),
            "imap" if here || host == "localhost" => (Security::None, 143),
            "imap" => (Security::StartTls, 143),
            _ => return Err(wrong("a URL that is not of IMAP")),
        };
        let port = match port.strip_prefix(':') {
            Some(port) => port.parse().map_err(|_| wrong("a port that is no number"))?,
            None if port.is_empty() => standard,
            None => return Err(wrong("something behind the host")),
        };
        if host.is_empty() || user.is_empty() || host.contains(['/', '?', ' ']) {
            return Err(wrong("no user, or no host"));
        }
        let user = decoded(user).ok_or_else(|| wrong("a `%` without two digits"))?;
        Ok(Self { host: host.into(), port, security, user })
    }

    /// How to connect.
    pub fn connector(&self) -> Connector {
        Connector::new(self.host.clone(), self.port, self.security)
    }
}

/// `%40` is `@` (RFC 3986 §2.1).
fn decoded(text: &str) -> Option<String> {
    let mut octets = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        octets.push(match first {
            b'%' => {
                let (digits, after) = rest.split_at_checked(2)?;
                rest = after;
                u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?
            }
            other => *other,
        });
    }
    String::from_utf8(octets).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_server_and_user() {
        let cases = [
            ("imaps://ann@example.org", ("ann", "example.org", 993, Security::Tls)),
            ("imap://ann%40x@example.org:144/", ("ann@x", "example.org", 144, Security::StartTls)),
            ("imap://ann@[::1]:9", ("ann", "::1", 9, Security::None)),
            ("imap://ann@127.0.0.1", ("ann", "127.0.0.1", 143, Security::None)),
        ];
        for (url, (user, host, port, security)) in cases {
            let (user, host) = (user.to_owned(), host.to_owned());
            assert_eq!(Place::parse(url), Ok(Place::Server(Server { host, port, security, user })));
        }
        let wrong =
            ["imap://example.org", "http://a@b", "imap://a@b:x", "imap://a@", "imap://a%4@b"];
        for url in wrong {
            assert!(Place::parse(url).is_err(), "{url}");
        }
    }

    /// A password in a URL would stand in the process list, and must not be told back.
    #[test]
    fn passwords_are_refused() {
        let error = Place::parse("imaps://ann:secret@example.org").unwrap_err();
        assert!(!error.contains("secret"));
    }
}
