//! What a server can do, as far as pipelines need it.

/// What pipelines may be made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// All mailboxes' names begin so: a mailbox's name with the separator behind it.
    pub base: String,
    /// Most connections at once; not 0.
    pub connections: usize,
    /// Most commands of a run, from 2 on, besides those that set it up and look at its end.
    pub commands: usize,
    /// UIDPLUS (RFC 4315): UID EXPUNGE.
    pub uid_plus: bool,
    /// MOVE (RFC 6851).
    pub moves: bool,
    /// UNSELECT (RFC 3691).
    pub unselect: bool,
    /// IDLE (RFC 2177).
    pub idle: bool,
    /// LITERAL+ (RFC 7888).
    pub literal_plus: bool,
    /// SEARCH RETURN (RFC 4731).
    pub esearch: bool,
    /// `$` (RFC 5182).
    pub search_res: bool,
    /// SORT (RFC 5256).
    pub sort: bool,
    /// THREAD=ORDEREDSUBJECT (RFC 5256).
    pub thread: bool,
    /// CONDSTORE (RFC 7162).
    pub condstore: bool,
    /// QRESYNC (RFC 7162).
    pub qresync: bool,
    /// Names below names, with `/` between them. Those above are made with them.
    pub nested: bool,
    /// The selected mailbox may be deleted and renamed by its own session: no two servers agree what
    /// comes of it.
    pub removes: bool,
    /// And by others, who are then told BYE, or go on under the new name.
    pub shares: bool,
    /// MULTIAPPEND (RFC 3502).
    pub multi_append: bool,
    /// REPLACE (RFC 8508).
    pub replace: bool,
    /// BINARY (RFC 3516).
    pub binary: bool,
    /// ENABLE IMAP4rev2 (RFC 9051).
    pub rev2: bool,
    /// ENABLE UIDONLY (RFC 9586).
    pub uid_only: bool,
    /// Keywords can be made.
    pub keywords: bool,
    /// A literal of 2 GiB is known to be refused.
    pub oversize: bool,
}

impl Shape {
    /// Everything that can be played: four connections and forty commands.
    #[must_use]
    pub fn whole(base: &str) -> Self {
        Self {
            base: base.into(),
            connections: 4,
            commands: 40,
            uid_plus: true,
            moves: true,
            unselect: true,
            idle: true,
            literal_plus: true,
            esearch: true,
            search_res: true,
            sort: true,
            thread: true,
            condstore: true,
            qresync: true,
            nested: true,
            removes: true,
            shares: true,
            multi_append: true,
            replace: true,
            binary: true,
            rev2: true,
            uid_only: true,
            keywords: true,
            oversize: true,
        }
    }
}
