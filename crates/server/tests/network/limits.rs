//! Limits by address and user, as clients see them.

use super::dialogue::{Dialogue, ann, connect, local, open, peer, server};
use peregrine_server::TlsMode;
use peregrine_server::options::AddressLimits;

const FEW: AddressLimits =
    AddressLimits { connections: 3, per_user: 3, per_user_and_address: 2, rate: 100 };

/// T58: one too many gets a sentence and the end; others are served, and places become free.
#[tokio::test(start_paused = true)]
async fn connections_from_one_address() {
    let server = server(|options| options.limits.remote = FEW).await;
    let home = peer("192.0.2.1");
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(connect(&server, home).await);
    }
    let mut refused = Dialogue::new(open(&server, home, TlsMode::Off));
    let told = refused.rest().await;
    assert!(told.starts_with("* BYE [UNAVAILABLE] Too many connections"), "{told}");
    connect(&server, peer("192.0.2.2")).await;
    for client in &mut clients {
        client.ask("a LOGOUT").await;
        client.rest().await;
    }
    connect(&server, home).await;
}

/// T58: sessions of one user; the connection stays and can be used by another.
#[tokio::test(start_paused = true)]
async fn sessions_of_one_user() {
    let server = server(|options| options.limits.loopback = FEW).await;
    let _first = ann(&server).await;
    let _second = ann(&server).await;
    let mut third = connect(&server, local()).await;
    // Another case of letters is the same user.
    for user in ["ann", "ANN"] {
        let reply = third.reply(&format!("a LOGIN {user} secret")).await;
        assert!(reply.starts_with("a NO [LIMIT] Too many sessions"), "{reply}");
    }
    assert!(third.reply("b LOGIN bob secret").await.starts_with("b OK "));
}

/// Whoever does not log in is sent away (T15), and loses its place.
#[tokio::test(start_paused = true)]
async fn silence_before_login_ends() {
    let server =
        server(|options| options.limits.remote = AddressLimits { connections: 1, ..FEW }).await;
    let mut client = connect(&server, peer("192.0.2.1")).await;
    assert!(client.rest().await.starts_with("* BYE "));
    drop(client);
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    connect(&server, peer("192.0.2.1")).await;
}

/// T17: a browser that was led here gets no echo of its words.
#[tokio::test(start_paused = true)]
async fn a_browser_is_sent_away() {
    let server = server(|_| {}).await;
    let mut client = connect(&server, local()).await;
    client.send("GET /secret HTTP/1.1\r\nHost: example\r\n\r\n").await;
    let told = client.rest().await;
    assert!(told.starts_with("* BYE ") && !told.contains("secret"), "{told}");
}
