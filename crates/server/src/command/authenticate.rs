//! AUTHENTICATE (RFC 3501 §6.2.2), with an initial response (RFC 4959).

use super::login::{check_privacy, finish};
use super::{Deed, Done, Failure};
use crate::authentication::{
    Bearer, Denied, Exchange, Identity, Mechanism, Step, Unfit, User, identity, refusal,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use peregrine_proto::Code;
use peregrine_proto::command::Authenticate;

/// Longest message of a client, in octets of base64; the session's line limit lies above.
const MAX_MESSAGE: usize = 16 * 1024;

pub(super) async fn run(deed: &Deed, command: Authenticate) -> Done {
    let named = Mechanism::ALL.into_iter().find(|it| it.name() == &*command.mechanism);
    let Some(mechanism) = named.filter(|it| it.is_offered(&deed.link)) else {
        let text = "This mechanism is not offered here; SCRAM-SHA-256, PLAIN and LOGIN are";
        return Err(Failure::Refused(Code::Cannot, text));
    };
    check_privacy(deed, mechanism.name())?;
    let initial = command.initial_response.map(|secret| secret.reveal().to_vec());
    let (identity, checked) = match mechanism {
        Mechanism::ScramSha256 | Mechanism::ScramSha256Plus => {
            scram(deed, mechanism, initial).await?
        }
        Mechanism::OAuthBearer | Mechanism::XOAuth2 => bearer(deed, mechanism, initial).await?,
        Mechanism::Plain | Mechanism::Login => password(deed, mechanism, initial).await?,
    };
    finish(deed, mechanism.name(), &identity.user, checked).await
}

/// Whom the client named, and whether he may come in.
type Checked = (Identity, Result<User, Denied>);

/// PLAIN and LOGIN: a name and a password.
async fn password(
    deed: &Deed,
    mechanism: Mechanism,
    initial: Option<Vec<u8>>,
) -> Result<Checked, Failure> {
    let authenticator = &deed.link.shared.authenticator;
    let remote = deed.link.peer.remote.ip();
    let Some(mut exchange) = Exchange::new(mechanism, None, None) else { return Err(broken()) };
    // LOGIN: the server speaks first; an initial response is the answer to its first prompt.
    let mut challenge = Vec::new();
    if mechanism == Mechanism::Login
        && let Step::Challenge(prompt) = exchange.step(None)
    {
        challenge = prompt;
    }
    let mut message = initial;
    loop {
        let answer = match message.take() {
            Some(answer) => answer,
            None => ask(deed, &challenge).await?,
        };
        match exchange.step(Some(&answer)) {
            Step::Challenge(next) => challenge = next,
            Step::Attempt(attempt) => {
                let password = attempt.password.reveal();
                let checked = authenticator.password(remote, &attempt.identity, password).await;
                return Ok((attempt.identity, checked));
            }
            Step::Proved(_) | Step::Failed => {
                let denied = authenticator.malformed(remote).await;
                return Ok((Identity::default(), Err(denied)));
            }
        }
    }
}

/// SCRAM-SHA-256: the password is never sent. With PLUS the proof is good for this TLS connection
/// alone, so that nobody can pass it on.
async fn scram(
    deed: &Deed,
    mechanism: Mechanism,
    initial: Option<Vec<u8>>,
) -> Result<Checked, Failure> {
    let authenticator = &deed.link.shared.authenticator;
    let remote = deed.link.peer.remote.ip();
    let first = match initial {
        Some(first) => first,
        None => ask(deed, b"").await?,
    };
    let binding = deed.link.binding;
    let who = match identity(&first, mechanism, binding) {
        Ok(who) => who,
        Err(Unfit::Binding) => {
            let text = "The channel binding must be tls-exporter (RFC 9266)";
            return Err(Failure::Refused(Code::Cannot, text));
        }
        Err(Unfit::Malformed) => {
            return Ok((Identity::default(), Err(authenticator.malformed(remote).await)));
        }
    };
    let keys = match authenticator.scram_keys(remote, &who).await {
        Ok(keys) => keys,
        Err(denied) => return Ok((who, Err(denied))),
    };
    let Some(mut exchange) = Exchange::new(mechanism, Some(keys), binding) else {
        return Err(broken());
    };
    let Step::Challenge(challenge) = exchange.step(Some(&first)) else {
        return Ok((who, Err(authenticator.malformed(remote).await)));
    };
    let last = ask(deed, &challenge).await?;
    let proved = match exchange.step(Some(&last)) {
        Step::Proved(proof) => Some(proof),
        _ => None,
    };
    let checked = authenticator.scram_end(remote, &who, &last, proved.is_some()).await;
    if let (Ok(_), Some(proof)) = (&checked, proved) {
        // RFC 5802 §3: the client checks that we know the password too. IMAP has no place for it
        // in the tagged reply, so it is one more challenge, answered by an empty line.
        ask(deed, &proof).await?;
    }
    Ok((who, checked))
}

/// OAUTHBEARER and XOAUTH2: an access token.
async fn bearer(
    deed: &Deed,
    mechanism: Mechanism,
    initial: Option<Vec<u8>>,
) -> Result<Checked, Failure> {
    let shared = &deed.link.shared;
    let Some(tokens) = &shared.options.oauth else { return Err(broken()) };
    let remote = deed.link.peer.remote.ip();
    let message = match initial {
        Some(message) => message,
        None => ask(deed, b"").await?,
    };
    let bearer = Bearer::parse(mechanism, &message);
    let checked = match &bearer {
        Some(bearer) => shared.authenticator.token(remote, tokens, bearer).await,
        None => Err(shared.authenticator.malformed(remote).await),
    };
    if checked.is_err() {
        // RFC 7628 §3.2.3: why, as JSON; the client answers with a dummy, whose words don't matter.
        let told = refusal(mechanism, bearer.is_none(), tokens.scope());
        ask(deed, &told).await?;
    }
    let named = checked.as_ref().map(|user| user.name.clone());
    let named = named.unwrap_or_else(|_| bearer.map(|it| it.authorization).unwrap_or_default());
    Ok((Identity { user: named, authorization: String::new() }, checked))
}

/// Sends a challenge and reads the answer, both in base64.
async fn ask(deed: &Deed, challenge: &[u8]) -> Result<Vec<u8>, Failure> {
    let line = deed.slot.prompt(STANDARD.encode(challenge)).await;
    // RFC 3501 §6.2.2: a lone "*" cancels and is answered by BAD.
    if &line[..] == b"*" {
        return Err(Failure::Bad("AUTHENTICATE cancelled"));
    }
    if line.len() > MAX_MESSAGE {
        return Err(Failure::Bad("The message is too long"));
    }
    STANDARD.decode(&line).map_err(|_| Failure::Bad("The message is not base64"))
}

fn broken() -> Failure {
    Failure::State("a SASL mechanism could not be started")
}
