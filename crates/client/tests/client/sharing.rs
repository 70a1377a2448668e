//! Many tasks on one connection, calls that are dropped, and what a slow link costs.

use crate::house::House;
use crate::own_server::{MAIL, uid};
use crate::played::plain;
use crate::tap::{Tap, tapped};
use peregrine_client::proto::Flag;
use peregrine_client::proto::command::status::StatusItem;
use peregrine_client::{Items, Ordering, Query, all};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};

/// A link on which each octet takes so long, in each direction, however much is under way.
pub fn delayed(far: DuplexStream, delay: Duration) -> DuplexStream {
    let (near, ours) = tokio::io::duplex(1 << 20);
    let (far_read, far_write) = tokio::io::split(far);
    let (our_read, our_write) = tokio::io::split(ours);
    tokio::spawn(carry(far_read, our_write, delay));
    tokio::spawn(carry(our_read, far_write, delay));
    near
}

async fn carry<R, W>(mut from: R, mut to: W, delay: Duration)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some((due, octets)) = receiver.recv().await {
            tokio::time::sleep_until(due).await;
            let octets: Vec<u8> = octets;
            if to.write_all(&octets).await.is_err() {
                return;
            }
        }
        _ = to.shutdown().await;
    });
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let due = tokio::time::Instant::now() + delay;
        if sender.send((due, buffer[..read].to_vec())).is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn a_thousand_tasks_share_one_connection() {
    /// Messages that are read and changed.
    const MESSAGES: u32 = 50;
    const TASKS: u32 = 1000;
    let (house, tap) = (House::new().await, Tap::new(Ordering::Cautious));
    let stream = tapped(house.stream(), &tap);
    let client = crate::played::connect(&crate::played::plain(), stream).await.unwrap();
    client.login("ann", "secret").await.unwrap();
    client.create("other").await.unwrap();
    for call in (0..MESSAGES).map(|_| client.append("INBOX", MAIL).send()).collect::<Vec<_>>() {
        call.await.unwrap();
    }
    let inbox = client.select("INBOX").await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..TASKS {
        let (client, inbox) = (client.clone(), inbox.clone());
        let message = uid(number % MESSAGES + 1);
        tasks.spawn(async move {
            match number % 6 {
                0 => inbox.add_flags(message, &[Flag::Flagged]).await.unwrap(),
                1 => _ = client.append("other", MAIL).await.unwrap().unwrap(),
                2 => assert_eq!(inbox.search(Query::all().uids(message)).await.unwrap(), [message]),
                3 => {
                    let status = client.status("other", &[StatusItem::Messages]).await.unwrap();
                    assert!(status.items[0].1 <= u64::from(TASKS));
                }
                4 => _ = inbox.copy(message, "other").await.unwrap().unwrap(),
                _ => {
                    let found = inbox.fetch_one(message, Items::new().flags().body()).await;
                    let found = found.unwrap().unwrap();
                    assert_eq!((found.uid, found.body().unwrap()), (Some(message), &MAIL.into()));
                }
            }
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    let other = client.status("other", &[StatusItem::Messages]).await.unwrap();
    assert_eq!(other.items[0].1, u64::from(TASKS / 6 + 1 + TASKS / 6));
    let flagged = inbox
        .search(Query::all().flag(peregrine_client::proto::command::search::SearchFlag::Flagged));
    assert_eq!(flagged.await.unwrap().len(), 25);
    let tap = tap.lock().unwrap();
    assert!(tap.commands > TASKS as usize && tap.most > 1, "{} at once", tap.most);
}

#[tokio::test]
async fn dropped_calls_disturb_nobody() {
    let client = House::new().await.client().await;
    client.append("INBOX", MAIL).await.unwrap();
    let inbox = client.select("INBOX").await.unwrap();
    for _ in 0..100 {
        // Dropped at once, after it was polled, and while it still waits.
        drop(inbox.fetch(all(), Items::new().body()));
        let polled = inbox.search(Query::all());
        _ = tokio::time::timeout(Duration::ZERO, polled).await;
        let large = client.append("INBOX", MAIL.repeat(1000)).send();
        drop(inbox.fetch(all(), Items::new().flags()));
        drop(large);
        let found = inbox.fetch_one(uid(1), Items::new().body()).await.unwrap().unwrap();
        assert_eq!(found.body().unwrap(), MAIL);
    }
    assert!(client.lost().is_none());
}

/// 1,000 small messages, one call each, over a link of 100 ms (50 ms in each direction): how long
/// from 50 tasks, and how long one after another. The clock is stopped, so the figures are exact
/// up to what the runtime's timer rounds to (1 ms).
#[tokio::test(start_paused = true)]
async fn fifty_tasks_wait_for_each_other_no_more_than_a_link_makes_them() {
    const MESSAGES: u32 = 1000;
    const TASKS: u32 = 50;
    let house = House::new().await;
    let filler = house.client().await;
    for call in (0..MESSAGES).map(|_| filler.append("INBOX", MAIL).send()).collect::<Vec<_>>() {
        call.await.unwrap();
    }
    let stream = delayed(house.stream(), Duration::from_millis(50));
    let client = crate::played::connect(&crate::played::plain(), stream).await.unwrap();
    client.login("ann", "secret").await.unwrap();
    let inbox = client.select("INBOX").await.unwrap();

    let begin = tokio::time::Instant::now();
    for number in 1..=MESSAGES {
        inbox.fetch_one(uid(number), Items::new().body()).await.unwrap().unwrap();
    }
    let one_by_one = begin.elapsed();

    let begin = tokio::time::Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..TASKS {
        let inbox = inbox.clone();
        tasks.spawn(async move {
            for number in (1..=MESSAGES).filter(|number| number % TASKS == task) {
                inbox.fetch_one(uid(number), Items::new().body()).await.unwrap().unwrap();
            }
        });
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    let together = begin.elapsed();
    println!("one by one {one_by_one:?}, {TASKS} tasks {together:?}");
    assert!(one_by_one >= Duration::from_secs(100), "{one_by_one:?}");
    assert!(together * 20 <= one_by_one, "{together:?} against {one_by_one:?}");
}

/// A server that always has more to say, until it is asked something.
struct Flood {
    greeted: bool,
    written: Vec<u8>,
}

impl tokio::io::AsyncRead for Flood {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        // As sockets do, so that others on this thread have their turn.
        ready!(tokio::task::coop::poll_proceed(context)).made_progress();
        let text = String::from_utf8_lossy(&self.written);
        let asked = text.lines().find_map(|line| line.strip_suffix(" NOOP"));
        if let Some(tag) = asked {
            buffer.put_slice(format!("{tag} OK done\r\n").as_bytes());
            self.written.clear();
        } else if !std::mem::replace(&mut self.greeted, true) {
            buffer.put_slice(b"* PREAUTH [CAPABILITY IMAP4rev1] in\r\n");
        } else {
            while buffer.remaining() > 100 {
                buffer.put_slice(b"* OK and so on\r\n");
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl tokio::io::AsyncWrite for Flood {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.written.extend_from_slice(octets);
        Poll::Ready(Ok(octets.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Guards: reading, which comes first, does not keep commands from being sent for ever; break
/// `READS` to see it.
#[tokio::test]
async fn who_speaks_without_end_is_asked_all_the_same() {
    let flood = Flood { greeted: false, written: Vec::new() };
    let (client, connection) = plain().connect_over(flood, true).await.unwrap();
    tokio::spawn(connection);
    for _ in 0..3 {
        client.noop().await.unwrap();
    }
}
