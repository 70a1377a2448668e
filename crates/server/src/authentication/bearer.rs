//! OAUTHBEARER (RFC 7628) and XOAUTH2, which came before it: what the client's message says, and what
//! it is told when its token is refused.

use super::Mechanism;
use peregrine_proto::Secret;
use serde_json::json;

/// A token, and as whom its bearer wants to act.
pub(crate) struct Bearer {
    /// Empty where that is left to the token.
    pub(crate) authorization: String,
    pub(crate) token: Secret,
}

/// What divides the parts of the message.
const SEPARATOR: char = '\u{1}';

impl Bearer {
    /// Reads the client's first message; `None` where it is none.
    pub(crate) fn parse(mechanism: Mechanism, message: &[u8]) -> Option<Self> {
        let message = std::str::from_utf8(message).ok()?;
        // It ends with an empty pair: its own separator, and the last pair's.
        let body = message.strip_suffix("\u{1}\u{1}")?;
        let (authorization, pairs) = match mechanism {
            Mechanism::OAuthBearer => oauthbearer(body)?,
            _ => xoauth2(body)?,
        };
        let mut tokens = pairs.split(SEPARATOR).filter_map(|pair| pair.strip_prefix("auth="));
        let (Some(auth), None) = (tokens.next(), tokens.next()) else { return None };
        let (scheme, token) = auth.split_once(' ')?;
        // RFC 6750 §2.1: `b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`
        let allowed = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~+/=".contains(&octet);
        let fits = scheme.eq_ignore_ascii_case("Bearer")
            && !token.is_empty()
            && token.bytes().all(allowed);
        let token = Secret::new(bytes::Bytes::copy_from_slice(token.as_bytes()));
        fits.then_some(Self { authorization, token })
    }
}

/// ```abnf
/// client-resp = (gs2-header kvsep *kvpair kvsep) / kvsep
/// kvpair      = key "=" value kvsep
/// ```
fn oauthbearer(body: &str) -> Option<(String, &str)> {
    let (header, pairs) = body.split_once(SEPARATOR)?;
    let mut parts = header.split(',');
    // There is no channel binding in it (RFC 7628 §3.1).
    let (Some("n" | "y"), Some(name), Some(""), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let name = match name {
        "" => String::new(),
        name => super::sasl::unescape(name.strip_prefix("a=")?)?,
    };
    Some((name, pairs))
}

fn xoauth2(body: &str) -> Option<(String, &str)> {
    let (user, pairs) = body.strip_prefix("user=")?.split_once(SEPARATOR)?;
    Some((user.to_owned(), pairs))
}

/// What the client is told of a refused token (RFC 7628 §3.2.2), before the NO: the same for every
/// reason but a message that is none.
pub(crate) fn refusal(mechanism: Mechanism, malformed: bool, scope: Option<&str>) -> Vec<u8> {
    let mut told = match mechanism {
        Mechanism::XOAuth2 => json!({"status": "401", "schemes": "bearer"}),
        _ if malformed => json!({"status": "invalid_request"}),
        _ => json!({"status": "invalid_token"}),
    };
    if let (Some(scope), Some(told)) = (scope, told.as_object_mut()) {
        told.insert("scope".to_owned(), scope.into());
    }
    told.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages() {
        use Mechanism::{OAuthBearer, XOAuth2};
        for (mechanism, message, expected) in [
            // RFC 7628 §4.1.
            (
                OAuthBearer,
                "n,a=user@example.com,\u{1}host=server.example.com\u{1}port=143\u{1}\
                 auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\u{1}\u{1}",
                Some(("user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==")),
            ),
            (OAuthBearer, "n,,\u{1}auth=bearer x\u{1}\u{1}", Some(("", "x"))),
            (OAuthBearer, "y,a=a=2Cb,\u{1}auth=Bearer x\u{1}\u{1}", Some(("a,b", "x"))),
            (OAuthBearer, "p=tls-exporter,,\u{1}auth=Bearer x\u{1}\u{1}", None),
            (OAuthBearer, "n,,\u{1}auth=Bearer x\u{1}auth=Bearer y\u{1}\u{1}", None),
            (OAuthBearer, "n,,\u{1}auth=Basic x\u{1}\u{1}", None),
            (OAuthBearer, "n,,\u{1}auth=Bearer \u{1}\u{1}", None),
            (OAuthBearer, "n,,\u{1}auth=Bearer a b\u{1}\u{1}", None),
            (OAuthBearer, "n,,\u{1}auth=\u{1}\u{1}", None),
            (OAuthBearer, "n,,\u{1}\u{1}", None),
            (OAuthBearer, "n,a=a=b,\u{1}auth=Bearer x\u{1}\u{1}", None),
            (OAuthBearer, "n,,x\u{1}auth=Bearer x\u{1}\u{1}", None),
            (OAuthBearer, "\u{1}", None),
            (OAuthBearer, "", None),
            (XOAuth2, "user=ann\u{1}auth=Bearer x\u{1}\u{1}", Some(("ann", "x"))),
            (XOAuth2, "user=ann\u{1}auth=Bearer x\u{1}", None),
            (XOAuth2, "n,a=ann,\u{1}auth=Bearer x\u{1}\u{1}", None),
        ] {
            let found = Bearer::parse(mechanism, message.as_bytes());
            let found = found.as_ref().map(|it| (it.authorization.as_str(), it.token.reveal()));
            let expected = expected.map(|(name, token)| (name, token.as_bytes()));
            assert_eq!(found, expected, "{message:?}");
        }
    }
}
