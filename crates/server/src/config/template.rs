//! The commented file that `init` writes.

use super::limits::{Kind, LIMITS, Limit};
use super::quantity::{write_size, write_time};
use super::{Listeners, Store, Tls};

/// There is no default of it.
const OAUTH: &str = "\
# Access tokens in place of passwords (OAUTHBEARER, XOAUTH2): JWTs of an authority outside. There is
# no default; an example:
# [oauth]
# issuer = \"https://login.example.org\"  # the token's iss
# audience = \"imap\"                     # its aud
# keys = \"oauth-keys.json\"              # the authority's JWK set; SIGHUP makes us read it again
# claim = \"email\"                       # what names the user; this one if nothing is said
# domain = \"example.org\"                # if users are known here without it
# scope = \"mail\"                        # what clients are told to ask for

";

/// The text of a new `peregrine.toml`: every setting with its default.
pub fn template() -> String {
    let mut text = format!(
        r#"# Peregrine, an IMAP server. Paths are relative to this file's folder.
# A line with # shows a default: remove the # to change it.
# Check your changes with: peregrine check-config DIR

[server]
# Before it serves, the process gives up what it does not need. "required" refuses to serve where
# the system cannot do all of it; "off" is for finding out whether that is in your way.
#sandbox = "on"
# What everybody is shown after login, such as: alert = "Closed tonight from 22:00 to 22:30"

[listeners]
# IP address and port. 127.0.0.1 is this machine only; 0.0.0.0 and [::] are every address.
# imap begins in clear and offers STARTTLS; imaps is TLS from the first byte (usual port 993).
imap = ["127.0.0.1:{imap}"]
imaps = ["127.0.0.1:{imaps}"]

[tls]
# PEM files. SIGHUP makes a running server read them again.
certificate = "{certificate}"
key = "{key}"

[store]
path = "{store}"

[auth]
# true lets passwords cross the network unencrypted. From this machine they always may.
#cleartext_login = false
# Whether a connection may go on as another user (UNAUTHENTICATE). Forbid it behind a proxy that
# looks at the first login only.
#unauthenticate = true

{OAUTH}[append]
# true lets programs that know nothing of UTF-8 in IMAP add messages with 8-bit header fields, as old
# mail in Russian or Chinese has them. The standard (RFC 9755) wants them refused.
#eight_bit_headers = false

[log]
#format = "text"  # or "json"
#level = "info"   # error, warn, info, debug, trace

[limits]
"#,
        imap = Listeners::DEFAULT_IMAP_PORT,
        imaps = Listeners::DEFAULT_IMAPS_PORT,
        certificate = Tls::DEFAULT_CERTIFICATE,
        key = Tls::DEFAULT_KEY,
        store = Store::DEFAULT_PATH,
    );
    for limit in LIMITS {
        text.push_str(&line(limit));
    }
    text
}

fn line(limit: &Limit) -> String {
    let value = match limit.kind {
        Kind::Count { default, .. } => default.to_string(),
        Kind::Time { default, .. } => format!("\"{}\"", write_time(default)),
        Kind::Size { default, .. } => format!("\"{}\"", write_size(default)),
        // No default, so no line to be freed of its `#`.
        Kind::Optional { least, .. } => {
            return format!("# {}: {}; at least {least}\n", limit.key, limit.comment);
        }
    };
    format!("#{} = {value}  # {}\n", limit.key, limit.comment)
}
