//! Making the mailboxes on a server, and removing them.

use bytes::Bytes;
use futures_util::future::join_all;
use peregrine_client::proto::Flag;
use peregrine_client::{Client, Query};

use super::{Folder, LARGE, Site};
use crate::bench::letter;
use crate::failure::Failure;

/// APPENDs in flight while mailboxes are filled.
const FILLING: usize = 32;

impl Site {
    /// Makes the mailboxes and fills them.
    pub async fn prepare(&mut self, messages: usize, connections: usize) -> Result<(), Failure> {
        let client = self.access.connect().await?;
        if let Ok([Some(personal), ..]) = client.namespace().await
            && let Some(first) = personal.first()
            && first.prefix.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '&'))
        {
            self.prefix.insert_str(0, &first.prefix);
        }
        self.made = true;
        let fixed = [Folder::Small, Folder::Large, Folder::Empty, Folder::Watched];
        for folder in fixed.into_iter().chain((0..connections).map(Folder::Inbound)) {
            client.create(self.plain_name(folder)).await?;
        }
        self.fill(&client, Folder::Small, messages, letter::small).await?;
        self.fill(&client, Folder::Large, LARGE, letter::large).await?;
        self.fill(&client, Folder::Watched, 1, |_| letter::tiny()).await?;
        let small = client.examine(self.plain_name(Folder::Small)).await?;
        let uids = small.search(Query::all()).await?;
        self.uids = uids.into_iter().map(|uid| uid.0.get()).collect();
        _ = client.logout().await;
        match self.uids.len() {
            0 => Err(Failure::Work("the messages that were appended are not there".into())),
            _ => Ok(()),
        }
    }

    async fn fill(
        &self,
        client: &Client,
        folder: Folder,
        messages: usize,
        message: fn(usize) -> Bytes,
    ) -> Result<(), Failure> {
        let numbers: Vec<usize> = (0..messages).collect();
        for numbers in numbers.chunks(FILLING) {
            let appends = numbers.iter().map(|number| {
                let seen = (number % 2 == 1).then_some(Flag::Seen);
                client.append(self.plain_name(folder), message(*number)).flags(seen).send()
            });
            // All are sent before the first is waited for.
            for result in join_all(appends.collect::<Vec<_>>()).await {
                result?;
            }
        }
        Ok(())
    }

    /// Removes all that was made.
    pub async fn remove(&mut self) -> Result<(), Failure> {
        // A mailbox that is selected somewhere cannot be deleted on every server.
        if let Some((wire, _)) = self.wire.take() {
            _ = wire.leave().await;
        }
        let client = self.access.connect().await?;
        let mut left = None;
        for found in client.list(&format!("{}*", self.prefix)).await? {
            if let Err(error) = client.delete(&found.mailbox).await {
                left = Some(error);
            }
        }
        _ = client.logout().await;
        match left {
            Some(error) => Err(Failure::Mail(error)),
            None => {
                self.made = false;
                Ok(())
            }
        }
    }
}
