//! `imap[s]://user@host[:port]` (RFC 5092, as far as it names a server and a user).

use super::{Account, Method};
use peregrine_client::Security;

/// The account that a URL means.
///
/// `imaps` is TLS from the beginning. `imap` is STARTTLS, but for this machine itself, where
/// nobody listens and test servers have no certificate.
pub(super) fn parse(url: &str) -> Result<Account, String> {
    let wrong = |what: &str| format!("{what}: write imaps://USER@HOST or imap://USER@HOST:PORT");
    let (scheme, rest) = url.split_once("://").ok_or_else(|| wrong("this is no URL"))?;
    let place = rest.strip_suffix('/').unwrap_or(rest);
    // From here on no message quotes the URL: a password may stand in it.
    let (user, place) =
        place.rsplit_once('@').ok_or_else(|| wrong("the URL does not say which user"))?;
    if user.contains(':') {
        return Err("a password in a URL can be seen by every process of this machine: leave it \
                    out, it is asked for (a user's `:` is written %3A)"
            .to_owned());
    }
    if place.contains(['/', '?', '#', ' ']) {
        return Err(wrong("the URL names more than a server"));
    }
    let (host, port) = split_port(place).ok_or_else(|| wrong("the port is no number"))?;
    if host.is_empty() || user.is_empty() {
        return Err(wrong("user or host is empty"));
    }
    let security = match scheme.to_ascii_lowercase().as_str() {
        "imaps" => Security::Tls,
        "imap" if is_local(host) => Security::None,
        "imap" => Security::StartTls,
        _ => return Err(wrong("the URL is not of IMAP")),
    };
    Ok(Account {
        host: host.to_owned(),
        port: port.unwrap_or(Account::default_port(security)),
        security,
        user: decode(user).ok_or_else(|| wrong("a `%` in the URL makes no sense"))?,
        mechanism: Method::Auto,
        password_command: None,
        certificate: None,
    })
}

/// Host and port; `None` where the port is no number.
fn split_port(place: &str) -> Option<(&str, Option<u16>)> {
    if let Some(rest) = place.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, Some(port.parse().ok()?))),
            None if rest.is_empty() => Some((host, None)),
            None => None,
        };
    }
    match place.split_once(':') {
        Some((host, port)) => Some((host, Some(port.parse().ok().filter(|port| *port > 0)?))),
        None => Some((place, None)),
    }
}

fn is_local(host: &str) -> bool {
    let loopback = |address: std::net::IpAddr| address.is_loopback();
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(loopback)
}

/// Percent signs resolved (RFC 3986 §2.1).
fn decode(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        octets.extend_from_slice(before.as_bytes());
        octets.push(u8::from_str_radix(after.get(..2)?, 16).ok()?);
        rest = &after[2..];
    }
    octets.extend_from_slice(rest.as_bytes());
    String::from_utf8(octets).ok().filter(|text| !text.contains(char::is_control))
}

#[cfg(test)]
mod tests {
    use super::parse;
    use peregrine_client::Security;

    #[test]
    fn urls_are_read() {
        for (url, host, port, security, user) in [
            ("imaps://ann@example.org", "example.org", 993, Security::Tls, "ann"),
            ("IMAPS://a%40b.c@example.org:1993/", "example.org", 1993, Security::Tls, "a@b.c"),
            ("imap://a@b.c@example.org", "example.org", 143, Security::StartTls, "a@b.c"),
            ("imap://ann@127.0.0.1:1143", "127.0.0.1", 1143, Security::None, "ann"),
            ("imap://ann@[::1]:1143", "::1", 1143, Security::None, "ann"),
            ("imaps://ann@[2001:db8::1]", "2001:db8::1", 993, Security::Tls, "ann"),
        ] {
            let account = parse(url).unwrap();
            let found = (account.host.as_str(), account.port, account.security);
            assert_eq!((found, account.user.as_str()), ((host, port, security), user), "{url}");
        }
    }

    /// A message that quoted the URL would show the password on the screen and in logs.
    #[test]
    fn passwords_are_refused_and_not_repeated() {
        for url in ["imaps://ann:sesame@host", "imap://ann:sesame@host:x", "http://ann:sesame@h"] {
            let error = parse(url).unwrap_err();
            assert!(!error.contains("sesame"), "{error}");
        }
        for url in ["imaps://host", "imaps://ann@", "imaps://ann@h:0", "imaps://a%zz@h", "x://a@h"]
        {
            assert!(parse(url).is_err(), "{url}");
        }
    }
}
