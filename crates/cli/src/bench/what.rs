//! The measurements, by the names that `--only` takes.

/// A measurement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// Connect, log in, log out.
    Login,
    /// The same over several connections.
    LoginMany,
    /// One message after the other.
    Append,
    /// Over several connections, each into a mailbox of its own.
    AppendMany,
    /// Selecting a mailbox.
    Select,
    /// All flags of a mailbox.
    Flags,
    /// All that a list of messages shows.
    Envelopes,
    /// Small messages as a whole.
    Bodies,
    /// Large messages as a whole.
    Large,
    /// By a flag.
    SearchFlag,
    /// By a header field.
    SearchHeader,
    /// By a word in the body.
    SearchBody,
    /// A flag of one message.
    Store,
    /// A flag of all messages.
    StoreAll,
    /// From sending APPEND to the EXISTS that another connection is told.
    IdleAppend,
    /// From sending STORE to the FETCH that another connection is told.
    IdleFlag,
    /// Commands that do nothing, one at a time.
    Noop,
    /// A hundred in one write.
    NoopMany,
    /// Flags of one message, one command at a time.
    FetchOne,
    /// A hundred in one write.
    FetchMany,
    /// A small FETCH right behind a SEARCH of all bodies.
    FetchBehindSearch,
    /// STATUS of another mailbox behind the same.
    StatusBehindSearch,
    /// A small FETCH right behind one of all large messages.
    FetchBehindFetch,
    /// STATUS of another mailbox behind the same.
    StatusBehindFetch,
}

/// How a figure is made, and which is the better one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Things a second; more is better.
    PerSecond(&'static str),
    /// Octets a second, told in 10^6; more is better.
    Megabytes,
    /// Of one, told in milliseconds; less is better.
    Time,
}

impl Unit {
    /// As it stands beside a figure.
    pub fn word(self) -> String {
        match self {
            Self::PerSecond(things) => format!("{things}/s"),
            Self::Megabytes => "MB/s".to_owned(),
            Self::Time => "ms".to_owned(),
        }
    }

    /// Whether less is better.
    pub fn is_time(self) -> bool {
        self == Self::Time
    }
}

impl What {
    /// All, in the order in which they are measured.
    pub const ALL: [Self; 24] = [
        Self::Login,
        Self::LoginMany,
        Self::Append,
        Self::AppendMany,
        Self::Select,
        Self::Flags,
        Self::Envelopes,
        Self::Bodies,
        Self::Large,
        Self::SearchFlag,
        Self::SearchHeader,
        Self::SearchBody,
        Self::Store,
        Self::StoreAll,
        Self::IdleAppend,
        Self::IdleFlag,
        Self::Noop,
        Self::NoopMany,
        Self::FetchOne,
        Self::FetchMany,
        Self::FetchBehindSearch,
        Self::StatusBehindSearch,
        Self::FetchBehindFetch,
        Self::StatusBehindFetch,
    ];

    /// Its name, what it is in words, and the unit.
    fn row(self) -> (&'static str, &'static str, Unit) {
        use Unit::{Megabytes, PerSecond, Time};
        match self {
            Self::Login => ("login", "connect, log in, log out", PerSecond("logins")),
            Self::LoginMany => ("login-many", "the same, {n} at once", PerSecond("logins")),
            Self::Append => ("append", "APPEND of 8 KiB", PerSecond("messages")),
            Self::AppendMany => ("append-many", "the same, {n} at once", PerSecond("messages")),
            Self::Select => ("select", "SELECT of {m} messages", Time),
            Self::Flags => ("flags", "FETCH of flags", PerSecond("messages")),
            Self::Envelopes => ("envelopes", "FETCH of envelopes", PerSecond("messages")),
            Self::Bodies => ("bodies", "FETCH of 8 KiB bodies", Megabytes),
            Self::Large => ("large", "FETCH of 1 MiB bodies", Megabytes),
            Self::SearchFlag => ("search-flag", "SEARCH UNSEEN", Time),
            Self::SearchHeader => ("search-header", "SEARCH SUBJECT", Time),
            Self::SearchBody => ("search-body", "SEARCH BODY", Time),
            Self::Store => ("store", "STORE of one message", PerSecond("commands")),
            Self::StoreAll => ("store-all", "STORE of all", PerSecond("messages")),
            Self::IdleAppend => ("idle-append", "IDLE is told of APPEND", Time),
            Self::IdleFlag => ("idle-flag", "IDLE is told of STORE", Time),
            Self::Noop => ("noop", "NOOP, one at a time", PerSecond("commands")),
            Self::NoopMany => ("noop-many", "NOOP, 100 in one write", PerSecond("commands")),
            Self::FetchOne => ("fetch-one", "FETCH, one at a time", PerSecond("commands")),
            Self::FetchMany => ("fetch-many", "FETCH, 100 in one write", PerSecond("commands")),
            Self::FetchBehindSearch => {
                ("fetch-behind-search", "small FETCH behind SEARCH BODY", Time)
            }
            Self::StatusBehindSearch => ("status-behind-search", "STATUS behind SEARCH BODY", Time),
            Self::FetchBehindFetch => {
                ("fetch-behind-fetch", "small FETCH behind a large one", Time)
            }
            Self::StatusBehindFetch => ("status-behind-fetch", "STATUS behind a large FETCH", Time),
        }
    }

    /// What `--only` takes.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// For a person; with these numbers of connections and messages.
    pub fn title(self, connections: usize, messages: usize) -> String {
        let title = self.row().1.replace("{n}", &connections.to_string());
        title.replace("{m}", &crate::output::number(messages as u64))
    }

    /// Of its figures.
    pub fn unit(self) -> Unit {
        self.row().2
    }

    /// The one of this name.
    pub fn named(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|what| what.name() == name);
        found.ok_or_else(|| {
            let names = Self::ALL.map(Self::name);
            let help = peregrine_server::config::did_you_mean(name, &names);
            help.unwrap_or_else(|| format!("there are: {}", names.join(", ")))
        })
    }
}
