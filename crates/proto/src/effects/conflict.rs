//! Why one command waits for another: one sentence for each kind of pair.

/// Why one command must wait for another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Conflict {
    /// A letter for tables; each has another.
    pub letter: char,
    /// The two kinds of thing that meet, and when.
    pub between: &'static str,
    /// The reason, a sentence without its full stop: for traces and for people.
    pub why: &'static str,
}

impl Conflict {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::CONNECTION,
        Self::SELECTION,
        Self::SELECTED_NAME,
        Self::EXISTENCE,
        Self::FLAGS_OF_EXPUNGED,
        Self::FLAGS,
        Self::ARRIVALS,
        Self::SELECTED_MESSAGES,
        Self::SELECTED_FLAGS,
        Self::CONTENTS,
        Self::NAME_IN_USE,
        Self::TREE,
        Self::SUBSCRIPTIONS,
        Self::ENABLED,
        Self::SAVED_RESULT,
    ];

    /// Connection against anything.
    pub const CONNECTION: Self = Self {
        letter: 'C',
        between: "the connection, and anything at all",
        why: "the connection itself changes, so nothing else may be in progress",
    };
    /// Selection against selection, existence or flags.
    pub const SELECTION: Self = Self {
        letter: 'S',
        between: "which mailbox is selected, and the selected mailbox",
        why: "which mailbox is selected changes, and the other command works in the selected one",
    };
    /// A change of names against the selected mailbox or its being left.
    pub const SELECTED_NAME: Self = Self {
        letter: 'R',
        between: "names, and the selected mailbox, where its name is among them",
        why: "the selected mailbox may be created, deleted or renamed, and the other uses it",
    };
    /// Existence against existence.
    pub const EXISTENCE: Self = Self {
        letter: 'E',
        between: "which messages are there, twice, where the sets can meet or numbers are used",
        why: "messages vanish or are renumbered, and the other command names some of them",
    };
    /// Existence against flags.
    pub const FLAGS_OF_EXPUNGED: Self = Self {
        letter: 'V',
        between: "which messages are there, and flags, where the sets can meet or numbers are used",
        why: "messages vanish or are renumbered, and the other command uses flags of some of them",
    };
    /// Flags against flags.
    pub const FLAGS: Self = Self {
        letter: 'F',
        between: "flags, twice, where the sets can meet",
        why: "flags change, and the other command reads or changes flags of the same messages",
    };
    /// Additions by name against existence or flags, where that name is selected.
    pub const ARRIVALS: Self = Self {
        letter: 'A',
        between: "messages that come into the selected mailbox, and a set that can name them",
        why: "messages come into the selected mailbox, and the other command may name them too",
    };
    /// Contents by name against existence or flags, where that name is selected.
    pub const SELECTED_MESSAGES: Self = Self {
        letter: 'M',
        between: "a mailbox by name, and which messages are there or their flags, where it is selected",
        why: "messages change in the selected mailbox, which the other command uses by its name",
    };
    /// Counts by name against flags, where that name is selected.
    pub const SELECTED_FLAGS: Self = Self {
        letter: 'G',
        between: "counts of flags by name, and flags, where that mailbox is selected",
        why: "flags change in the selected mailbox, and the other command counts them by its name",
    };
    /// Contents against contents.
    pub const CONTENTS: Self = Self {
        letter: 'B',
        between: "a mailbox by name, twice, where it is the same",
        why: "messages of one mailbox are changed, and the other command uses the same mailbox",
    };
    /// Contents against a change of names.
    pub const NAME_IN_USE: Self = Self {
        letter: 'U',
        between: "names, and a mailbox by name, where it is among them",
        why: "a mailbox may be created, deleted or renamed, and the other command uses it by name",
    };
    /// Tree against tree.
    pub const TREE: Self = Self {
        letter: 'T',
        between: "names, twice, where one part of the tree lies in the other",
        why: "mailbox names change, and the other command reads or changes the same part of them",
    };
    /// Subscriptions against subscriptions.
    pub const SUBSCRIPTIONS: Self = Self {
        letter: 'L',
        between: "the list of subscriptions, twice",
        why: "subscriptions change, and the other command reads or changes them too",
    };
    /// Enabled against enabled.
    pub const ENABLED: Self = Self {
        letter: 'N',
        between: "what is enabled, twice",
        why: "what is enabled changes, and the other command depends on it or changes it too",
    };
    /// Saved result against saved result.
    pub const SAVED_RESULT: Self = Self {
        letter: 'D',
        between: "what `$` means, twice",
        why: "a search saves its result, and the other command uses or replaces what `$` means",
    };
}

impl std::fmt::Display for Conflict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.why)
    }
}
