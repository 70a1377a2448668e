//! The admin socket: who may use it, what it says, and what a bad client costs.

use super::dialogue::{ann, server};
use peregrine_server::Server;
use peregrine_server::admin::AdminError;
use peregrine_server::admin::socket::{self, client};
use peregrine_server::admin::trace::record::What;
use peregrine_server::sessions::Watched;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

fn open(folder: &Path, server: &Server) -> Result<socket::AdminSocket, AdminError> {
    socket::open(folder, server.sessions().clone())
}

/// What the socket answers to these octets, until it closes.
async fn say(folder: &Path, octets: &[u8]) -> String {
    let mut stream = UnixStream::connect(socket::path(folder)).await.unwrap();
    stream.write_all(octets).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Private from the start, gone at the end, and what a killed server left is no hindrance.
#[tokio::test]
async fn only_the_owner_may_connect() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let server = server(|_| {}).await;
    let path = socket::path(folder.path());
    let private = path.parent().unwrap();
    fs::create_dir(private).unwrap();
    fs::set_permissions(private, fs::Permissions::from_mode(0o777)).unwrap();
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let admin = open(folder.path(), &server).unwrap();
    assert_eq!((mode(private), mode(&path)), (0o700, 0o600));
    // Another server on the same folder does not take it away.
    let second = open(folder.path(), &server).err().unwrap();
    assert!(second.to_string().contains("another server"), "{second}");
    drop(admin);
    assert!(!path.exists());
    let nobody = client::sessions(folder.path()).await.err().unwrap();
    assert!(matches!(nobody, AdminError::NoServer(_)), "{nobody}");
}

/// What is no socket is not removed, and a link leads nowhere.
#[tokio::test]
async fn what_is_not_ours_is_left_alone() {
    let server = server(|_| {}).await;
    let folder = tempfile::tempdir().unwrap();
    let path = socket::path(folder.path());
    fs::create_dir(path.parent().unwrap()).unwrap();
    fs::write(&path, "precious").unwrap();
    assert!(open(folder.path(), &server).is_err());
    assert_eq!(fs::read(&path).unwrap(), b"precious");

    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::set_permissions(other.path(), fs::Permissions::from_mode(0o755)).unwrap();
    symlink(other.path(), socket::path(folder.path()).parent().unwrap()).unwrap();
    assert!(open(folder.path(), &server).is_err());
    assert_eq!((mode(other.path()), fs::read_dir(other.path()).unwrap().count()), (0o755, 0));
}

/// A path that is too long for a socket is an error, which the server outlives.
#[tokio::test]
async fn a_long_path_is_refused() {
    let server = server(|_| {}).await;
    let folder = tempfile::tempdir().unwrap();
    let long = folder.path().join("x".repeat(100));
    fs::create_dir(&long).unwrap();
    let refused = open(&long, &server).err().unwrap();
    assert!(matches!(refused, AdminError::File { what: "cannot listen on", .. }), "{refused}");
}

#[tokio::test]
async fn requests_and_answers() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(|_| {}).await;
    let _admin = open(folder.path(), &server).unwrap();
    for (request, wanted) in [
        ("nonsense\n", "not understood"),
        ("{\"do\":\"sing\"}\n", "not understood"),
        ("{\"do\":\"end\",\"session\":\"1\",\"more\":1}\n", "not understood"),
        ("{\"do\":\"trace\"}\n", "either a user or a session"),
        ("{\"do\":\"trace\",\"user\":\"a\",\"session\":\"b\"}\n", "either a user or a session"),
        ("{\"do\":\"trace\",\"session\":\"1\"}\n", "no such session"),
        ("{\"do\":\"end\",\"session\":\"1\"}\n", "no such session"),
        (&"x".repeat(5000), "one line of JSON"),
    ] {
        let answer = say(folder.path(), request.as_bytes()).await;
        assert!(answer.starts_with("{\"error\":\"") && answer.contains(wanted), "{answer}");
        assert_eq!(answer.lines().count(), 1);
    }
    assert_eq!(say(folder.path(), b"{\"do\":\"sessions\"}\n").await, "");
    let mut dialogue = ann(&server).await;
    let [session] = client::sessions(folder.path()).await.unwrap().try_into().unwrap();
    assert_eq!((session.user.as_deref(), session.tls), (Some("ann"), false));
    client::end(folder.path(), &session.session).await.unwrap();
    assert!(dialogue.rest().await.starts_with("* BYE "));
    let refused = client::end(folder.path(), &session.session).await;
    assert!(matches!(refused, Err(AdminError::Refused(_)) | Ok(())));
}

/// One session is told up to its end, and then the socket closes.
#[tokio::test]
async fn a_trace_ends_with_its_session() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(|_| {}).await;
    let _admin = open(folder.path(), &server).unwrap();
    let mut dialogue = ann(&server).await;
    let id = server.sessions().list()[0].id.clone();
    let mut live = client::trace(folder.path(), Watched::Session(id.clone())).await.unwrap();
    assert_eq!(live.header().of, format!("session {id}"));
    dialogue.ask("a SELECT INBOX").await;
    dialogue.ask("b LOGOUT").await;
    let mut events = Vec::new();
    while let Some(event) = live.next().await.unwrap() {
        events.push(event.what);
    }
    assert_eq!(events.last(), Some(&What::Closed));
    let done = events.iter().filter(|what| matches!(what, What::Done { .. })).count();
    assert_eq!(done, 2);
}

/// Clients that say nothing fill the places, and no more: mail goes on, and when they go others
/// are heard.
#[tokio::test]
async fn clients_are_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(|_| {}).await;
    let _admin = open(folder.path(), &server).unwrap();
    let path = socket::path(folder.path());
    let mut silent = Vec::new();
    for _ in 0..16 {
        silent.push(UnixStream::connect(&path).await.unwrap());
    }
    let answer = say(folder.path(), b"{\"do\":\"sessions\"}\n").await;
    assert!(answer.contains("too many clients"), "{answer}");
    assert!(ann(&server).await.reply("a NOOP").await.starts_with("a OK"));
    drop(silent);
    while client::sessions(folder.path()).await.is_err() {
        tokio::task::yield_now().await;
    }
}

/// A client that asks for a trace and does not read it costs nobody anything.
#[tokio::test]
async fn a_trace_that_is_not_read_slows_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(|_| {}).await;
    let _admin = open(folder.path(), &server).unwrap();
    let mut stream = UnixStream::connect(socket::path(folder.path())).await.unwrap();
    stream.write_all(b"{\"do\":\"trace\",\"user\":\"ann\"}\n").await.unwrap();
    let mut first = [0; 20];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first[..18], b"{\"peregrine-trace\"");
    let mut dialogue = ann(&server).await;
    for number in 0..3000 {
        let reply = dialogue.reply(&format!("t{number} NOOP")).await;
        assert!(reply.starts_with(&format!("t{number} OK")), "{reply}");
    }
}
