//! AUTHENTICATE (RFC 3501 §6.2.2), with an initial response (RFC 4959).

use super::login::{check_privacy, finish};
use super::{Deed, Done, Failure};
use crate::authentication::{Denied, Exchange, Identity, Mechanism, Step, User, identity};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use peregrine_proto::Code;
use peregrine_proto::command::Authenticate;

/// Longest message of a client, in octets of base64; the session's line limit lies above.
const MAX_MESSAGE: usize = 16 * 1024;

pub(super) async fn run(deed: &Deed, command: Authenticate) -> Done {
    let mechanism = Mechanism::ALL.into_iter().find(|it| it.name() == &*command.mechanism);
    let Some(mechanism) = mechanism else {
        return Err(Failure::Refused(
            Code::Cannot,
            "This mechanism is not offered; PLAIN, LOGIN and SCRAM-SHA-256 are",
        ));
    };
    check_privacy(deed, mechanism.name())?;
    let initial = command.initial_response.map(|secret| secret.reveal().to_vec());
    let (identity, checked) = match mechanism {
        Mechanism::ScramSha256 => scram(deed, initial).await?,
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
    let Some(mut exchange) = Exchange::new(mechanism, None) else { return Err(broken()) };
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

/// SCRAM-SHA-256: the password is never sent.
async fn scram(deed: &Deed, initial: Option<Vec<u8>>) -> Result<Checked, Failure> {
    let authenticator = &deed.link.shared.authenticator;
    let remote = deed.link.peer.remote.ip();
    let first = match initial {
        Some(first) => first,
        None => ask(deed, b"").await?,
    };
    let Some(who) = identity(&first) else {
        return Ok((Identity::default(), Err(authenticator.malformed(remote).await)));
    };
    let keys = match authenticator.scram_keys(remote, &who).await {
        Ok(keys) => keys,
        Err(denied) => return Ok((who, Err(denied))),
    };
    let Some(mut exchange) = Exchange::new(Mechanism::ScramSha256, Some(keys)) else {
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
