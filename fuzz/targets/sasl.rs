//! Any octets at each step of AUTHENTICATE, in clear and under TLS: never a panic, one tagged reply,
//! few prompts, and whoever comes in has proved the password or token of the user that he then is.
//!
//! An input is a first octet (odd: under TLS) and exchanges with [`NEXT`] between them. An exchange is
//! an octet for the mechanism (and whether its first message is an initial response) and messages with
//! [`MESSAGE`] between them, in which some octets stand for what chance would never find: see
//! `sasl/message.rs`. What is proved is told by `sasl/proof.rs`, which shares no code with the server.

#![no_main]

#[path = "sasl/client.rs"]
mod client;
#[path = "sasl/message.rs"]
mod message;
#[path = "sasl/proof.rs"]
mod proof;

use client::{Client, Site};
use libfuzzer_sys::fuzz_target;
use message::{MESSAGE, NEXT, Writer};
use proof::Exchange;
use tokio::runtime::Runtime;

/// The mechanisms, by the exchange's first octet; the last one nobody has.
const MECHANISMS: [&str; 7] =
    ["PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "OAUTHBEARER", "XOAUTH2", "X"];
/// This bit of it: the first message is sent with the command (RFC 4959).
const INITIAL: u8 = 0x10;
/// A server asks no more than this in one exchange.
const MOST_PROMPTS: usize = 3;
/// Exchanges that are played: after three failures the server closes the connection.
const MOST_EXCHANGES: usize = 4;

thread_local! {
    /// With its threads, which take long to begin. Nothing of a server is left behind in it.
    static RUNTIME: Runtime = {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_time().start_paused(true).build().expect("a runtime")
    };
}

fuzz_target!(|input: &[u8]| {
    let Some((mode, rest)) = input.split_first() else { return };
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            let site = Site::new().await;
            let mut client = site.connect(mode % 2 == 1).await;
            for exchange in rest.split(|octet| *octet == NEXT).take(MOST_EXCHANGES) {
                let Some((choice, messages)) = exchange.split_first() else { continue };
                if !play(&mut client, *choice, messages).await {
                    break;
                }
            }
            drop(client);
            site.end().await;
        })
    });
});

/// Plays one exchange; whether another one can follow.
async fn play(client: &mut Client, choice: u8, messages: &[u8]) -> bool {
    let mechanism = MECHANISMS[usize::from(choice & !INITIAL) % MECHANISMS.len()];
    let mut exchange = Exchange::new(mechanism, client.binding);
    let mut messages = messages.split(|octet| *octet == MESSAGE);
    let mut command = format!("a AUTHENTICATE {mechanism}").into_bytes();
    if choice & INITIAL != 0
        && let Some(first) = messages.next()
    {
        let line = Writer::new(&exchange).initial(first);
        exchange.sent(&line);
        command.push(b' ');
        // RFC 4959 §3: an empty initial response is written as "=".
        command.extend_from_slice(if line.is_empty() { b"=" } else { &line });
    }
    client.send(&command).await;
    let mut prompts = 0;
    loop {
        let Some(line) = client.line().await else { return false };
        if let Some(challenge) = line.strip_prefix(b"+ ") {
            prompts += 1;
            assert!(prompts <= MOST_PROMPTS, "it asks and asks");
            exchange.challenged(challenge);
            let answer = messages.next().map(|message| Writer::new(&exchange).answer(message));
            let answer = answer.unwrap_or_else(|| b"*".to_vec());
            exchange.sent(&answer);
            client.send(&answer).await;
        } else if let Some(reply) = line.strip_prefix(b"a ") {
            let proved = exchange.proved();
            let came_in = reply.starts_with(b"OK ");
            if came_in {
                let user = proved.expect("nobody has proved anything");
                assert_eq!(client.who().await, user);
            } else {
                assert_eq!(proved, None, "the right proof was refused");
            }
            return !came_in;
        } else {
            assert!(line.starts_with(b"* BYE "), "{:?}", String::from_utf8_lossy(&line));
        }
    }
}
