//! The folder in which pipelines are played: made new, and removed with all that is in it.

use super::server;
use crate::ask::Asker;
use crate::generate::Shape;
use crate::model::Server;
use crate::plan::Plan;
use peregrine_proto::response::Code;
use peregrine_proto::{Response, Status};
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncRead, AsyncWrite};

/// How the folder's name begins. Nothing outside of it is touched.
const NAME: &str = "peregrine-check-";

/// Octets that [`crate::command::Command::Oversize`] is longer than, so that it must be refused.
const LARGE: u64 = 0x7fff_ffff;

pub(super) struct Folder<S> {
    asker: Asker<S>,
    /// Its name.
    pub name: String,
    separator: Option<char>,
    /// Pipelines so far.
    count: u64,
    pub shape: Shape,
    pub server: Server,
    pub left_out: Vec<String>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Folder<S> {
    pub async fn make(mut asker: Asker<S>) -> io::Result<Self> {
        let capabilities = asker.capabilities().await?;
        let (prefix, separator) = root(&mut asker, &capabilities).await?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let name = format!("{prefix}{NAME}{:08x}", now.as_micros() as u32);
        let made = asker.ask(&format!("CREATE \"{name}\"")).await?;
        if made.status != Status::Ok {
            let text = format!("the folder {name} cannot be made: {}", made.text.text);
            return Err(io::Error::other(text));
        }
        let (shape, mut left_out) = shape(&capabilities);
        let mut folder = Self {
            asker,
            name,
            separator,
            count: 0,
            shape,
            server: server(&capabilities),
            left_out: Vec::new(),
        };
        folder.shape.keywords = folder.takes_keywords().await?;
        if !folder.shape.keywords {
            left_out.push("keywords: they cannot be made here".to_owned());
        }
        folder.left_out = left_out;
        Ok(folder)
    }

    /// How the names of the next pipeline's mailboxes begin.
    pub fn base(&mut self) -> String {
        self.count += 1;
        match self.separator {
            Some(separator) => format!("{}{separator}{}-", self.name, self.count),
            // Without a hierarchy they stand beside it.
            None => format!("{}-{}-", self.name, self.count),
        }
    }

    async fn takes_keywords(&mut self) -> io::Result<bool> {
        let probe = self.base();
        self.asker.ask(&format!("CREATE \"{probe}\"")).await?;
        let answer = self.asker.ask(&format!("SELECT \"{probe}\"")).await?;
        let takes = answer.data.iter().any(|response| match response {
            Response::Condition { text, .. } => {
                matches!(text.code, Some(Code::PermanentFlags { new_keywords: true, .. }))
            }
            _ => false,
        });
        if answer.status == Status::Ok {
            self.asker.ask("CLOSE").await?;
        }
        self.asker.ask(&format!("DELETE \"{probe}\"")).await?;
        Ok(takes)
    }

    /// Removes the mailboxes of a pipeline; those that are not there any more do not matter.
    pub async fn clear(&mut self, plan: &Plan) -> io::Result<()> {
        for (name, _) in &plan.mailboxes {
            self.asker.ask(&format!("UNSUBSCRIBE \"{name}\"")).await?;
            self.asker.ask(&format!("DELETE \"{name}\"")).await?;
        }
        for name in &plan.fleeting {
            self.asker.ask(&format!("DELETE \"{name}\"")).await?;
        }
        Ok(())
    }

    /// Removes the folder; what could not be removed.
    pub async fn remove(mut self) -> io::Result<Vec<String>> {
        let pattern = format!("{}*", self.name);
        let mut names = self.list(&pattern).await?;
        // What lies deepest first.
        names.sort_unstable_by_key(|name| std::cmp::Reverse(name.len()));
        for name in &names {
            self.asker.ask(&format!("DELETE \"{name}\"")).await?;
        }
        let left = self.list(&pattern).await?;
        self.asker.ask("LOGOUT").await?;
        Ok(left)
    }

    async fn list(&mut self, pattern: &str) -> io::Result<Vec<String>> {
        let answer = self.asker.ask(&format!("LIST \"\" \"{pattern}\"")).await?;
        let names = answer.data.into_iter().filter_map(|response| match response {
            Response::List(list) => Some(list.mailbox.as_str().to_owned()),
            _ => None,
        });
        Ok(names.filter(|name| name.starts_with(&self.name)).collect())
    }
}

/// How the names of the user's own mailboxes begin, and the separator.
async fn root<S: AsyncRead + AsyncWrite + Unpin>(
    asker: &mut Asker<S>,
    capabilities: &[String],
) -> io::Result<(String, Option<char>)> {
    if capabilities.iter().any(|name| name == "NAMESPACE") {
        let answer = asker.ask("NAMESPACE").await?;
        let personal = answer.data.into_iter().find_map(|response| match response {
            Response::Namespace([Some(personal), ..]) => personal.into_iter().next(),
            _ => None,
        });
        if let Some(space) = personal {
            return Ok((space.prefix.to_string(), space.separator));
        }
    }
    let answer = asker.ask("LIST \"\" \"\"").await?;
    let separator = answer.data.into_iter().find_map(|response| match response {
        Response::List(list) => list.separator,
        _ => None,
    });
    Ok((String::new(), separator))
}

/// What the server offers, and what is left out for it.
fn shape(capabilities: &[String]) -> (Shape, Vec<String>) {
    let offers = |name: &str| capabilities.iter().any(|offered| offered == name);
    let limit = capabilities.iter().find_map(|name| name.strip_prefix("APPENDLIMIT="));
    let limit = limit.and_then(|limit| limit.parse::<u64>().ok());
    let shape = Shape {
        base: String::new(),
        connections: 1,
        commands: 2,
        uid_plus: offers("UIDPLUS"),
        moves: offers("MOVE"),
        unselect: offers("UNSELECT"),
        idle: offers("IDLE"),
        literal_plus: offers("LITERAL+") || offers("LITERAL-"),
        esearch: offers("ESEARCH"),
        search_res: offers("ESEARCH") && offers("SEARCHRES"),
        sort: offers("SORT"),
        thread: offers("THREAD=ORDEREDSUBJECT"),
        condstore: offers("ENABLE") && (offers("CONDSTORE") || offers("QRESYNC")),
        qresync: offers("ENABLE") && offers("QRESYNC"),
        nested: false,
        removes: false,
        shares: false,
        multi_append: offers("MULTIAPPEND"),
        replace: offers("REPLACE"),
        binary: offers("BINARY"),
        rev2: offers("ENABLE") && offers("IMAP4REV2"),
        uid_only: offers("ENABLE") && offers("UIDONLY"),
        keywords: true,
        oversize: limit.is_some_and(|limit| limit < LARGE),
    };
    let mut left_out = Vec::new();
    let wanted = [
        (shape.uid_plus, "UID EXPUNGE, APPENDUID and COPYUID: UIDPLUS is not offered"),
        (shape.moves, "MOVE: it is not offered"),
        (shape.unselect, "UNSELECT: it is not offered"),
        (shape.idle, "IDLE: it is not offered"),
        (shape.literal_plus, "literals without waiting: LITERAL+ is not offered"),
        (shape.esearch, "SEARCH RETURN: ESEARCH is not offered"),
        (shape.search_res, "`$`: SEARCHRES is not offered"),
        (shape.sort, "SORT: it is not offered"),
        (shape.thread, "THREAD: THREAD=ORDEREDSUBJECT is not offered"),
        (shape.condstore, "CHANGEDSINCE, UNCHANGEDSINCE and MODSEQ: CONDSTORE is not offered"),
        (shape.qresync, "VANISHED: QRESYNC is not offered"),
        (shape.multi_append, "several messages in one APPEND: MULTIAPPEND is not offered"),
        (shape.replace, "REPLACE: it is not offered"),
        (shape.binary, "FETCH BINARY and literal8: BINARY is not offered"),
        (shape.rev2, "ENABLE IMAP4rev2: it is not offered"),
        (shape.uid_only, "UIDFETCH: UIDONLY is not offered"),
        (shape.oversize, "a literal that is refused: no APPENDLIMIT is told"),
    ];
    left_out.extend(wanted.iter().filter(|(on, _)| !on).map(|(_, why)| (*why).to_owned()));
    (shape, left_out)
}
