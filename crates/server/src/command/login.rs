//! LOGIN (RFC 3501 §6.2.3).

use super::{Deed, Done, Failure, wire};
use crate::authentication::{Denied, Identity, User};
use crate::capability;
use crate::host::{Outcome, Transition};
use peregrine_proto::command::Login;
use peregrine_proto::response::ResponseText;
use peregrine_proto::{Code, Response, Status};

const METHOD: &str = "LOGIN";

pub(super) async fn run(deed: &Deed, command: Login) -> Done {
    check_privacy(deed, METHOD)?;
    // A name that is no UTF-8 is nobody's.
    let user = std::str::from_utf8(&command.user).unwrap_or_default();
    let identity = Identity { user: user.to_owned(), authorization: String::new() };
    let remote = deed.link.peer.remote.ip();
    let authenticator = &deed.link.shared.authenticator;
    let checked = authenticator.password(remote, &identity, command.password.reveal()).await;
    finish(deed, METHOD, &identity.user, checked).await
}

/// Refuses passwords on an open line, right or wrong (RFC 3501 §6.2.3, T44).
pub(super) fn check_privacy(deed: &Deed, method: &str) -> Result<(), Failure> {
    if deed.link.passwords_allowed() {
        return Ok(());
    }
    deed.link.peer.login_failed("", method, deed.link.tls, "no TLS");
    let text = if deed.link.starttls {
        "The line is not encrypted: say STARTTLS first. Change the password if it was sent"
    } else {
        "The line is not encrypted: use the port for TLS. Change the password if it was sent"
    };
    Err(Failure::Refused(Code::PrivacyRequired, text))
}

/// Ends LOGIN and AUTHENTICATE: counts the session, opens the account, tells what can be done now
/// (trap-44: in the tagged reply, where every client looks).
pub(super) async fn finish(
    deed: &Deed,
    method: &str,
    named: &str,
    checked: Result<User, Denied>,
) -> Done {
    let link = &deed.link;
    let user = match checked {
        Ok(user) => user,
        Err(denied) => {
            link.peer.login_failed(named, method, link.tls, &denied.why());
            return Err(denied.into());
        }
    };
    let account = link.shared.store.account(user.account).await?;
    if let Err(refused) = link.log_in(&user.name, method) {
        link.peer.login_failed(&user.name, method, link.tls, "too many sessions");
        return Err(Failure::Refused(Code::Limit, refused.sentence()));
    }
    let mut outcome = Outcome::ok("Logged in").with_transition(Transition::Authenticated(account));
    outcome.text.code = Some(Code::Capability(capability::list(link, true)));
    if let Some(alert) = &link.shared.options.alert {
        let text = ResponseText { code: Some(Code::Alert), text: alert.as_str().into() };
        outcome.data = wire(&Response::Condition { status: Status::Ok, text }).into();
    }
    Ok(outcome)
}
