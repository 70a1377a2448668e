//! Plays a plan over streams: sockets, TLS, or pipes in memory.

use crate::chance::Random;
use crate::history::History;
use crate::plan::Plan;
use crate::player::{Next, Player};
use std::cell::RefCell;
use std::pin::pin;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf};
use tokio::sync::Barrier;

/// How a client's octets are cut into writes.
#[derive(Clone, Debug)]
pub enum Cuts {
    /// All that may be sent at once goes in one write.
    Whole,
    /// So many octets a write.
    Every(usize),
    /// One cut, behind so many octets.
    At(usize),
    /// Anyhow, with short pauses now and then.
    Random(Random),
}

/// How long a client waits for the next octet before it gives up, where nothing else is said.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Pause at a single cut, in milliseconds: all that was sent before is done by then.
const LONG_PAUSE: u64 = 1000;

/// Octets that are read at once.
const PIECE: usize = 4096;

/// Plays a plan. There are as many streams as [`Plan::width`] says, each logged in, with nothing
/// left to read. The futures are polled in one task, so that events have one order.
///
/// # Errors
/// Never for what a server does: that is part of the history.
pub async fn play<S>(plan: &Plan, streams: Vec<S>, cuts: &[Cuts], patience: Duration) -> History
where
    S: AsyncRead + AsyncWrite,
{
    let history = RefCell::new(History::new(streams.len()));
    let meeting = Barrier::new(streams.len());
    let scripts = plan.scripts().into_iter().zip(streams).enumerate();
    let players = scripts.map(|(number, (script, stream))| {
        let cuts = cuts.get(number).cloned().unwrap_or(Cuts::Whole);
        let player = Player::new(number, script);
        let history = &history;
        let meeting = &meeting;
        Connection { player, history, meeting, cuts, patience }.play(stream)
    });
    futures_util::future::join_all(players).await;
    history.into_inner()
}

struct Connection<'a> {
    player: Player,
    history: &'a RefCell<History>,
    meeting: &'a Barrier,
    cuts: Cuts,
    patience: Duration,
}

impl Connection<'_> {
    async fn play<S: AsyncRead + AsyncWrite>(mut self, stream: S) {
        let (mut reader, mut writer) = tokio::io::split(stream);
        loop {
            let most = self.cuts.next();
            let next = self.player.next(most, &mut self.history.borrow_mut());
            match next {
                Next::Write(octets) => {
                    // A server that does not read until it is read must not stop this.
                    let writing = async {
                        // A closed connection is seen when reading.
                        let _ = writer.write_all(&octets).await;
                        let _ = writer.flush().await;
                    };
                    self.read_while(&mut reader, writing).await;
                    self.cuts.pause(octets.len()).await;
                }
                Next::Pause(time) => {
                    let pause = tokio::time::sleep(Duration::from_millis(time));
                    self.read_while(&mut reader, pause).await;
                }
                Next::Meet => {
                    let meeting = self.meeting;
                    let meet = async { _ = meeting.wait().await };
                    self.read_while(&mut reader, meet).await;
                }
                Next::Read => {
                    let mut octets = [0; PIECE];
                    match tokio::time::timeout(self.patience, reader.read(&mut octets)).await {
                        Ok(read) => self.take(&octets[..read.unwrap_or(0)]),
                        Err(_) => self.player.give_up(&mut self.history.borrow_mut()),
                    }
                }
                Next::Done => return,
            }
        }
    }

    /// Takes what comes until something else is done.
    async fn read_while<S: AsyncRead>(
        &mut self,
        reader: &mut ReadHalf<S>,
        other: impl Future<Output = ()>,
    ) {
        let mut other = pin!(other);
        let mut octets = [0; PIECE];
        while !self.player.is_closed() {
            tokio::select! {
                biased;
                read = reader.read(&mut octets) => self.take(&octets[..read.unwrap_or(0)]),
                () = &mut other => return,
            }
        }
        other.await;
    }

    fn take(&mut self, octets: &[u8]) {
        self.player.read(octets, &mut self.history.borrow_mut());
    }
}

impl Cuts {
    fn next(&mut self) -> usize {
        match self {
            Self::Whole => usize::MAX,
            Self::Every(octets) => (*octets).max(1),
            Self::At(0) => usize::MAX,
            Self::At(octets) => *octets,
            Self::Random(random) => match random.chance(40) {
                true => usize::MAX,
                false => 1 + random.below(80),
            },
        }
    }

    async fn pause(&mut self, written: usize) {
        if let Self::At(octets) = self
            && *octets > 0
        {
            *octets = octets.saturating_sub(written);
            if *octets == 0 {
                tokio::time::sleep(Duration::from_millis(LONG_PAUSE)).await;
            }
        }
        let Self::Random(random) = self else { return };
        if random.chance(6) {
            tokio::time::sleep(Duration::from_millis(1 + random.below(8) as u64)).await;
        } else if random.chance(30) {
            tokio::task::yield_now().await;
        }
    }
}
