//! A server as a side of a migration.

use super::side::{Doing, Folder, Mail, Overview, Side, SideError, Summary, Target};
use super::{levels, message_id};
use crate::call::Call;
use crate::client::Client;
use crate::error::Error;
use crate::mailbox::Mailbox;
use crate::message::Message;
use crate::{Append, Items, Query};
use bytes::Bytes;
use futures_util::future::join_all;
use peregrine_proto::command::status::StatusItem;
use peregrine_proto::response::ListData;
use peregrine_proto::response::list::{ListAttribute, SpecialUse};
use peregrine_proto::{DateTime, Flag, MailboxName, Section, SectionText, Uid, UidValidity};
use std::collections::{HashSet, VecDeque};

/// Messages whose summaries one FETCH asks for.
const SUMMARIES: usize = 500;

/// Such FETCHes on their way at once.
const SUMMARIES_AHEAD: usize = 4;

/// A logged-in connection, to be read from or written to.
pub struct Imap {
    client: Client,
    writable: bool,
    /// Of the user's own namespace (RFC 2342).
    prefix: String,
    separator: Option<char>,
    /// Prefixes of what belongs to others.
    foreign: Vec<String>,
    open: Option<Mailbox>,
}

impl Imap {
    /// A source: its mailboxes are opened by EXAMINE, which changes nothing.
    pub async fn source(client: Client) -> Result<Self, Error> {
        Self::new(client, false).await
    }

    /// A target. UTF8=ACCEPT is enabled where it is offered: without it, messages with 8-bit header
    /// fields would be refused (RFC 6855 §4).
    pub async fn target(client: Client) -> Result<Self, Error> {
        if client.capabilities().has("UTF8=ACCEPT") {
            match client.enable(&["UTF8=ACCEPT"]).await {
                Err(error) if error.is_lost() => return Err(error),
                _ => {}
            }
        }
        Self::new(client, true).await
    }

    async fn new(client: Client, writable: bool) -> Result<Self, Error> {
        let spaces = match client.capabilities().has("NAMESPACE") {
            // One that answers NO has none.
            true => client.namespace().await.unwrap_or_default(),
            false => Default::default(),
        };
        let [own, others, shared] = spaces.map(Option::unwrap_or_default);
        let (prefix, separator) = match own.first() {
            Some(own) => (own.prefix.to_string(), own.separator),
            None => (String::new(), client.separator().await?),
        };
        let foreign = others.iter().chain(&shared).map(|space| space.prefix.to_string());
        let foreign = foreign.filter(|prefix| !prefix.is_empty()).collect();
        Ok(Self { client, writable, prefix, separator, foreign, open: None })
    }

    fn opened(&self) -> Result<&Mailbox, Error> {
        self.open.as_ref().ok_or(Error::Argument("no mailbox is open"))
    }

    async fn list(&self) -> Result<Vec<Folder>, SideError> {
        let (listed, subscribed) = (self.client.list("*"), self.client.lsub("*"));
        let listed = listed.await?;
        // Not every server keeps subscriptions.
        let subscribed = subscribed.await.unwrap_or_default();
        let subscribed: HashSet<_> = subscribed.into_iter().map(|data| data.mailbox).collect();
        let mut folders: Vec<Folder> = listed
            .into_iter()
            .filter(|data| self.is_own(data) && can_be_opened(data))
            .map(|data| self.folder(data, &subscribed))
            .collect();
        folders.sort_by(|a, b| a.path.cmp(&b.path));
        folders.dedup_by(|a, b| a.name == b.name);
        let counts =
            folders.iter().map(|one| self.client.status(&one.name, &[StatusItem::Messages]));
        let counts = join_all(counts.collect::<Vec<_>>()).await;
        for (folder, count) in folders.iter_mut().zip(counts) {
            // It is for the progress alone.
            let items = count.map(|count| count.items).unwrap_or_default();
            let found = items.iter().find(|(item, _)| *item == StatusItem::Messages);
            folder.messages = found.map_or(0, |(_, number)| *number);
        }
        Ok(folders)
    }

    fn is_own(&self, data: &ListData) -> bool {
        let name = data.mailbox.as_str();
        !self.foreign.iter().any(|prefix| name.starts_with(prefix.as_str()))
    }

    fn folder(&self, data: ListData, subscribed: &HashSet<MailboxName>) -> Folder {
        let name = data.mailbox;
        let path = levels(name.as_str(), &self.prefix, data.separator);
        let special_use = data.attributes.iter().find_map(|attribute| match attribute {
            ListAttribute::Use(special_use) => Some(*special_use),
            _ => None,
        });
        let subscribed = subscribed.contains(&name);
        Folder { name, path, special_use, subscribed, messages: 0 }
    }

    async fn look(&mut self, name: MailboxName) -> Result<Overview, SideError> {
        let opening = match self.writable {
            true => self.client.select(name),
            false => self.client.examine(name),
        };
        let mailbox = opening.await?;
        self.open = Some(mailbox.clone());
        let uids = mailbox.search(Query::all()).await?;
        let items = Items::new().flags().internal_date().size().section(message_id_field());
        let mut messages = Vec::with_capacity(uids.len());
        let mut waiting = uids.chunks(SUMMARIES);
        let mut calls = VecDeque::new();
        loop {
            while calls.len() < SUMMARIES_AHEAD
                && let Some(some) = waiting.next()
            {
                let call = mailbox.fetch(crate::uids(some.iter().copied()), items.clone());
                calls.push_back((some, call));
            }
            let Some((some, call)) = calls.pop_front() else { break };
            match call.await.map_err(SideError::from) {
                Ok(found) => {
                    for message in found {
                        messages.push(summary(message)?);
                    }
                }
                Err(error) if error.is_refusal() => {
                    one_by_one(&mailbox, some, &items, &mut messages).await?;
                }
                Err(error) => return Err(error),
            }
        }
        messages.sort_unstable_by_key(|message: &Summary| message.uid);
        messages.dedup_by_key(|message| message.uid);
        Ok(Overview { uid_validity: mailbox.status().uid_validity, messages })
    }

    /// The flags that the open mailbox takes.
    fn kept(&self, flags: Vec<Flag>) -> Vec<Flag> {
        let Some(status) = self.open.as_ref().map(Mailbox::status) else { return flags };
        let known = status.permanent_flags.as_ref().unwrap_or(&status.flags);
        let takes = |flag: &Flag| match flag {
            Flag::Recent => false,
            Flag::Keyword(_) => status.new_keywords || known.contains(flag),
            Flag::Extension(_) => known.contains(flag),
            _ => true,
        };
        flags.into_iter().filter(takes).collect()
    }
}

impl Side for Imap {
    fn folders(&mut self) -> Doing<'_, Vec<Folder>> {
        Box::pin(self.list())
    }

    fn open(&mut self, name: &MailboxName) -> Doing<'_, Overview> {
        let name = name.clone();
        Box::pin(self.look(name))
    }

    fn read(&mut self, uid: Uid) -> Doing<'static, Option<Bytes>> {
        let call = self.opened().map(|mailbox| mailbox.fetch_one(uid, Items::new().body()));
        Box::pin(async move {
            let message = call?.await?;
            Ok(message.and_then(|message| message.body().cloned()))
        })
    }
}

impl Target for Imap {
    fn name_for(&self, path: &[String]) -> Result<MailboxName, String> {
        let name = match (path, self.separator) {
            ([inbox], _) if inbox == "INBOX" => return Ok(MailboxName::INBOX),
            ([inbox, rest @ ..], Some(separator))
                if inbox == "INBOX" && !self.prefix.is_empty() =>
            {
                joined(rest, separator)
            }
            (path, Some(separator)) => joined(path, separator),
            // Without a separator there is one level.
            (path, None) => path.join("_"),
        };
        MailboxName::new(&format!("{}{name}", self.prefix)).map_err(|error| error.to_string())
    }

    fn create(&mut self, name: &MailboxName, special_use: Option<SpecialUse>) -> Doing<'_, ()> {
        let name = name.clone();
        Box::pin(async move {
            if let Some(special_use) = special_use
                && self.client.capabilities().has("CREATE-SPECIAL-USE")
                && self.client.create_for(&name, special_use).await.is_ok()
            {
                return Ok(());
            }
            Ok(self.client.create(&name).await?)
        })
    }

    fn adopt(&mut self, _: &MailboxName, _: UidValidity) -> Doing<'_, ()> {
        // IMAP has no way to ask for that.
        Box::pin(async { Ok(()) })
    }

    fn subscribe(&mut self, name: &MailboxName) -> Doing<'_, ()> {
        let call = self.client.subscribe(name);
        Box::pin(async { Ok(call.await?) })
    }

    fn append(&mut self, messages: Vec<Mail>) -> Doing<'static, Vec<Result<(), String>>> {
        let name = match self.opened() {
            Ok(mailbox) => mailbox.name().clone(),
            Err(error) => return Box::pin(async { Err(error.into()) }),
        };
        let send = |mail: Mail| {
            let append: Append = self.client.append(&name, mail.body);
            append.flags(self.kept(mail.flags)).date(mail.date).send()
        };
        let calls: Vec<Call<_>> = messages.into_iter().map(send).collect();
        Box::pin(async move {
            let mut results = Vec::with_capacity(calls.len());
            for result in join_all(calls).await {
                results.push(match result {
                    Ok(_) => Ok(()),
                    Err(error @ (Error::Refused(_) | Error::Argument(_))) => Err(error.to_string()),
                    Err(error) => return Err(error.into()),
                });
            }
            Ok(results)
        })
    }

    fn set_flags(&mut self, uids: Vec<Uid>, flags: Vec<Flag>) -> Doing<'_, ()> {
        let flags = self.kept(flags);
        let call = self.opened().map(|open| open.set_flags(crate::uids(uids), &flags));
        Box::pin(async { Ok(call?.await?) })
    }
}

/// Levels as one name. What would look like a separator or a wildcard is replaced.
fn joined(path: &[String], separator: char) -> String {
    let safe = |level: &String| level.replace([separator, '*', '%'], "_");
    path.iter().map(safe).collect::<Vec<_>>().join(&separator.to_string())
}

fn can_be_opened(data: &ListData) -> bool {
    let closed = [ListAttribute::NoSelect, ListAttribute::NonExistent];
    !data.mailbox.as_str().is_empty() && !closed.iter().any(|one| data.attributes.contains(one))
}

fn message_id_field() -> Section {
    let text = SectionText::HeaderFields(["Message-ID".into()].into_iter().collect());
    Section { text, ..Section::default() }
}

/// Where one message keeps all from being told. What cannot be told of it is left out, so that it is
/// found missing later, by its UID.
async fn one_by_one(
    mailbox: &Mailbox,
    uids: &[Uid],
    items: &Items,
    messages: &mut Vec<Summary>,
) -> Result<(), SideError> {
    let plain = Items::new().flags().internal_date().size();
    for uid in uids {
        let mut found = None;
        for items in [items, &plain] {
            match mailbox.fetch_one(*uid, items.clone()).await.map_err(SideError::from) {
                Ok(message) => {
                    found = Some(message.map(summary).transpose()?);
                    break;
                }
                Err(error) if error.is_refusal() => {}
                Err(error) => return Err(error),
            }
        }
        let date = DateTime { unix: 0, offset: 0 };
        let unknown = || Summary { uid: *uid, size: 0, date, flags: Vec::new(), message_id: None };
        messages.extend(found.unwrap_or_else(|| Some(unknown())));
    }
    Ok(())
}

fn summary(message: Message) -> Result<Summary, Error> {
    let missing = |what| Error::Missing { command: "FETCH", what };
    let header = message.text(&message_id_field());
    Ok(Summary {
        uid: message.uid.ok_or(missing("UID"))?,
        size: message.size.ok_or(missing("RFC822.SIZE"))?,
        date: message.internal_date.ok_or(missing("INTERNALDATE"))?,
        message_id: header.and_then(|header| message_id(header)),
        flags: {
            let mut flags = message.flags.unwrap_or_default();
            flags.retain(|flag| *flag != Flag::Recent);
            flags
        },
    })
}
