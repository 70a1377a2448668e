//! One client of the admin socket: its request, and the answer to it.

use super::{Request, SessionLine};
use crate::admin::trace::record::What;
use crate::authentication::known_as;
use crate::sessions::{Sessions, Watched, Watching};
use futures_util::FutureExt;
use serde::Serialize;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

/// Longest request, in octets: a user's name has some hundred.
pub(super) const LONGEST_REQUEST: u64 = 4096;

/// Time for the request to come, and for a client to take an octet of the answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Time for the request of a client that is refused anyway.
const HURRY: Duration = Duration::from_secs(1);

/// Events are gathered into writes of about so many octets.
const WRITE: usize = 64 * 1024;

#[derive(Serialize)]
struct Refusal<'a> {
    error: &'a str,
}

#[derive(Serialize)]
struct Done {
    done: bool,
}

/// Says no.
pub(super) async fn refuse(stream: UnixStream, error: &str) {
    let (reader, mut writer) = stream.into_split();
    // What is left unread at the end would take the answer away from the client.
    let _ = timeout(HURRY, request(&mut BufReader::new(reader))).await;
    // Who does not listen needs no answer.
    let _ = send(&mut writer, line(&Refusal { error })).await;
}

/// Reads the request and answers it.
pub(super) async fn serve(stream: UnixStream, sessions: &Sessions) {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let answered = match timeout(PATIENCE, request(&mut reader)).await {
        Err(_) => return,
        Ok(Err(error)) => send(&mut writer, line(&Refusal { error: &error })).await,
        Ok(Ok(request)) => answer(request, reader, &mut writer, sessions).await,
    };
    if let Err(error) = answered {
        tracing::debug!(%error, "a client of the admin socket has gone");
    }
}

async fn request(reader: &mut BufReader<OwnedReadHalf>) -> Result<Request, String> {
    let mut line = Vec::new();
    let read = reader.take(LONGEST_REQUEST).read_until(b'\n', &mut line).await;
    read.map_err(|error| error.to_string())?;
    if line.pop() != Some(b'\n') {
        return Err("the request must be one line of JSON".to_owned());
    }
    serde_json::from_slice(&line).map_err(|error| format!("the request is not understood: {error}"))
}

async fn answer(
    request: Request,
    reader: BufReader<OwnedReadHalf>,
    writer: &mut OwnedWriteHalf,
    sessions: &Sessions,
) -> io::Result<()> {
    let of = match request {
        Request::Sessions {} => {
            let lines = sessions.list().into_iter().map(SessionLine::from);
            let all: Vec<u8> = lines.flat_map(|session| line(&session)).collect();
            return send(writer, all).await;
        }
        Request::End { session } => {
            return match sessions.end(&session) {
                Ok(()) => send(writer, line(&Done { done: true })).await,
                Err(error) => send(writer, line(&Refusal { error: &error.to_string() })).await,
            };
        }
        // As it is kept after a login, so that one name has one spelling here too.
        Request::Trace { user: Some(user), session: None } => {
            Watched::User(known_as(&user).unwrap_or(user))
        }
        Request::Trace { user: None, session: Some(id) } => Watched::Session(id),
        Request::Trace { .. } => {
            let error = "trace takes either a user or a session";
            return send(writer, line(&Refusal { error })).await;
        }
    };
    match sessions.watch(of.clone()) {
        Ok(watching) => trace(watching, &of, reader, writer).await,
        Err(error) => send(writer, line(&Refusal { error: &error.to_string() })).await,
    }
}

/// Sends events until the client goes, or the only session that is watched.
async fn trace(
    mut watching: Watching,
    of: &Watched,
    mut reader: BufReader<OwnedReadHalf>,
    writer: &mut OwnedWriteHalf,
) -> io::Result<()> {
    send(writer, line(watching.header())).await?;
    let mut said = [0; 64];
    loop {
        let event = tokio::select! {
            event = watching.next() => event,
            // Nothing more is expected of it but its end.
            read = reader.read(&mut said) => match read? {
                0 => return Ok(()),
                _ => continue,
            },
        };
        let Some(mut event) = event else { return Ok(()) };
        let mut lines = Vec::new();
        loop {
            lines.extend(line(&event));
            if matches!((of, &event.what), (Watched::Session(_), What::Closed)) {
                return send(writer, lines).await;
            }
            match watching.next().now_or_never() {
                Some(Some(next)) if lines.len() < WRITE => event = next,
                Some(Some(next)) => {
                    lines.extend(line(&next));
                    break;
                }
                _ => break,
            }
        }
        send(writer, lines).await?;
    }
}

/// Writes all of it to a client that goes on reading.
async fn send(writer: &mut OwnedWriteHalf, octets: Vec<u8>) -> io::Result<()> {
    let mut rest = &octets[..];
    while !rest.is_empty() {
        let written = timeout(PATIENCE, writer.write(rest)).await??;
        rest = &rest[written..];
    }
    Ok(())
}

fn line(value: &impl Serialize) -> Vec<u8> {
    // Only maps with keys that are no strings fail, and there is none.
    let mut line = serde_json::to_vec(value).unwrap_or_default();
    line.push(b'\n');
    line
}
