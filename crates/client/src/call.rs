//! A call: the future of a command's answer.

use crate::client::Client;
use crate::error::{Error, Result};
use crate::machine::{CommandId, Epoch};
use bytes::Bytes;
use peregrine_proto::Response;
use peregrine_proto::response::ResponseText;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::{mpsc, oneshot};

/// A command on its way. It was sent when the method was called, or will be as soon as nothing
/// before it is in its way; awaiting gives the answer.
///
/// Dropping it is safe at any time: what the server answers is still consumed. A command that has
/// not gone out by then is taken back; one that has gone out may be done by the server.
#[must_use = "the answer is not looked at; a command that still waits is taken back"]
pub struct Call<T>(Inner<T>);

enum Inner<T> {
    Answered(Option<Result<T>>),
    Single { reply: Pending, finish: Option<Finish<T>> },
    Steps(Pin<Box<dyn Future<Output = Result<T>> + Send>>),
}

type Finish<T> = Box<dyn FnOnce(Reply) -> Result<T> + Send>;

/// All that belongs to a command that was answered OK.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) command: &'static str,
    pub(crate) responses: Vec<Response>,
    pub(crate) text: ResponseText,
    pub(crate) epoch: Epoch,
}

/// Where a command's answers go.
#[derive(Debug)]
pub(crate) enum Sink {
    /// All at once, when it has ended.
    Collect(oneshot::Sender<Result<Reply>>),
    /// The server's questions too.
    Converse(mpsc::UnboundedSender<Turn>),
}

/// One step of AUTHENTICATE.
#[derive(Debug)]
pub(crate) enum Turn {
    /// In base64.
    Challenge(Bytes),
    Done(Result<Reply>),
}

/// Waits for a reply. Takes the command back when it is dropped before.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) client: Client,
    pub(crate) command: CommandId,
    pub(crate) name: &'static str,
    pub(crate) reply: Option<oneshot::Receiver<Result<Reply>>>,
}

impl<T> Call<T> {
    pub(crate) fn answered(result: Result<T>) -> Self {
        Self(Inner::Answered(Some(result)))
    }

    pub(crate) fn single(
        reply: Pending,
        finish: impl FnOnce(Reply) -> Result<T> + Send + 'static,
    ) -> Self {
        Self(Inner::Single { reply, finish: Some(Box::new(finish)) })
    }

    pub(crate) fn steps(future: impl Future<Output = Result<T>> + Send + 'static) -> Self {
        Self(Inner::Steps(Box::pin(future)))
    }

    /// The same call with another result.
    pub(crate) fn then<U>(self, change: impl FnOnce(T) -> Result<U> + Send + 'static) -> Call<U>
    where
        T: Send + 'static,
        U: 'static,
    {
        match self.0 {
            Inner::Answered(result) => {
                Call(Inner::Answered(result.map(|result| result.and_then(change))))
            }
            Inner::Single { reply, finish } => {
                let finish = finish.map(|finish| -> Finish<U> {
                    Box::new(move |reply| finish(reply).and_then(change))
                });
                Call(Inner::Single { reply, finish })
            }
            Inner::Steps(future) => Call::steps(async move { future.await.and_then(change) }),
        }
    }
}

impl<T: Unpin> Future for Call<T> {
    type Output = Result<T>;

    /// # Panics
    /// When it is polled again after it was ready.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        match &mut self.0 {
            Inner::Answered(result) => {
                Poll::Ready(result.take().expect("polled after it was ready"))
            }
            Inner::Single { reply, finish } => Pin::new(reply).poll(context).map(|reply| {
                let finish = finish.take().expect("polled after it was ready");
                reply.and_then(finish)
            }),
            Inner::Steps(future) => future.as_mut().poll(context),
        }
    }
}

impl Future for Pending {
    type Output = Result<Reply>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<Reply>> {
        let Some(reply) = &mut self.reply else { return Poll::Pending };
        match Pin::new(reply).poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(result) => {
                self.reply = None;
                Poll::Ready(result.unwrap_or_else(|_| Err(self.client.gone(self.name))))
            }
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if self.reply.take().is_some() {
            self.client.withdraw(self.command);
        }
    }
}

impl<T> std::fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Call(…)")
    }
}

impl Reply {
    /// The only datum of a kind that must have come; the last, where there are several.
    pub(crate) fn last<T>(
        self,
        what: &'static str,
        pick: impl Fn(Response) -> Option<T>,
    ) -> Result<T> {
        let command = self.command;
        let found = self.responses.into_iter().rev().find_map(pick);
        found.ok_or(Error::Missing { command, what })
    }
}
