//! Random pipelines from a seed.

mod shape;

pub use shape::Shape;

use crate::chance::Random;
use crate::command::{Command, Extensions, Form, How, Key, Return, STAR, Set, What};
use crate::flags;
use crate::plan::{Plan, Step};
use std::collections::VecDeque;

/// Messages that a mailbox holds at most in the beginning.
const MESSAGES: usize = 5;

/// The run of a seed.
pub fn generate(seed: u64, shape: &Shape) -> Plan {
    let mut random = Random::new(seed);
    let most = shape.connections.max(1);
    // One connection alone is half of all runs: it is where pipelines matter most.
    let connections = if random.chance(50) { 1 } else { 1 + random.below(most) };
    let commands = match random.below(4) {
        0 => 2 + random.below(5),
        1 | 2 => 2 + random.below(14),
        _ => 2 + random.below(shape.commands.saturating_sub(1)),
    };
    let commands = commands.min(shape.commands);
    // Of its own, so that what is made of the other numbers stays what it was.
    let mut kinds = Random::new(seed ^ 0x006b_696e_6473);
    let fleeting = if shape.nested { &["X", "Y", "X/Z", "Y/Z"][..] } else { &["X", "Y"] };
    let mut maker = Maker {
        shape,
        random,
        lasting: ["A", "B"].map(|name| format!("{}{name}", shape.base)),
        fleeting: fleeting.iter().map(|name| format!("{}{name}", shape.base)).collect(),
        tokens: 0,
        counts: [0; 2],
        selected: None,
        saved: false,
        condstore: false,
        qresync: false,
        uid_only: false,
        forced: VecDeque::new(),
        gone: [false; 2],
        alone: connections == 1,
        shares: shape.shares && connections > 1 && kinds.chance(40),
        refused: false,
        brings: kinds.chance(40),
        kinds,
    };
    let mailboxes = maker.mailboxes();
    let scripts = (0..connections).map(|number| {
        let part = commands / connections + usize::from(number < commands % connections);
        maker.script(part, connections == 1)
    });
    let connections = scripts.collect();
    Plan { seed, mailboxes, fleeting: maker.fleeting.to_vec(), connections }
}

struct Maker<'a> {
    shape: &'a Shape,
    random: Random,
    lasting: [String; 2],
    fleeting: Vec<String>,
    tokens: u32,
    /// Messages that the lasting mailboxes hold at first.
    counts: [usize; 2],
    /// Which of the lasting mailboxes is selected, where all goes well.
    selected: Option<usize>,
    /// A search has saved what it found, and nothing else was selected since.
    saved: bool,
    /// Enabled.
    condstore: bool,
    qresync: bool,
    uid_only: bool,
    /// What comes next in any case.
    forced: VecDeque<Command>,
    /// Which of the lasting mailboxes were deleted or renamed.
    gone: [bool; 2],
    /// No other connection can be hurt.
    alone: bool,
    /// Mailboxes are deleted and renamed that others have selected.
    shares: bool,
    /// Messages come in other ways too: MULTIAPPEND, REPLACE, BINARY.
    brings: bool,
    /// Numbers for what is said in another way.
    kinds: Random,
    /// Literals are refused, rather than lines that are no commands: a server may take the one
    /// behind the other for the refused literal itself, and close.
    refused: bool,
}

impl Maker<'_> {
    fn mailboxes(&mut self) -> Vec<(String, Vec<(String, u16)>)> {
        let mut mailboxes = Vec::new();
        for place in 0..self.lasting.len() {
            // The second one is often empty, which costs less.
            let most = if place == 0 { MESSAGES } else { 2 };
            let count = self.random.below(most + 1).max(usize::from(place == 0));
            self.counts[place] = count;
            let messages = (0..count).map(|_| (self.token(), self.some_flags())).collect();
            mailboxes.push((self.lasting[place].clone(), messages));
        }
        mailboxes
    }

    fn token(&mut self) -> String {
        self.tokens += 1;
        format!("token{}x", self.tokens)
    }

    fn some_flags(&mut self) -> u16 {
        let all = if self.shape.keywords { flags::ALL } else { flags::SYSTEM };
        let flags = match self.random.below(5) {
            0 => flags::DELETED,
            1 => flags::SEEN,
            2 => 1 << self.random.below(8),
            3 => 0,
            _ => self.random.number() as u16 & self.random.number() as u16,
        };
        flags & all
    }

    /// What one connection does.
    fn script(&mut self, commands: usize, alone: bool) -> Vec<Step> {
        (self.selected, self.saved) = (None, false);
        self.refused = self.shape.oversize && self.random.chance(50);
        self.condstore = self.shape.condstore && self.random.chance(30);
        self.qresync = self.condstore && self.shape.qresync && self.random.chance(60);
        let rev2 = self.shape.rev2 && self.kinds.chance(20);
        self.uid_only = self.shape.uid_only && self.kinds.chance(12);
        let (condstore, qresync, uid_only) = (self.condstore, self.qresync, self.uid_only);
        let extensions = Extensions { condstore, qresync, rev2, uid_only };
        let any = extensions != Extensions::default();
        self.forced = any.then_some(Command::Enable(extensions)).into_iter().collect();
        let mut script = Vec::new();
        let mut idle = false;
        for place in 0..commands {
            if idle {
                script.push(Step::Pause(1 + self.random.below(30) as u64));
            } else if self.random.chance(8) {
                script.push(Step::Settle);
            } else if self.random.chance(4) {
                script.push(Step::Pause(1 + self.random.below(20) as u64));
            }
            let last = place + 1 == commands;
            let command = match last && alone && self.random.chance(4) {
                true => Command::Logout,
                false => self.command(),
            };
            idle = command == Command::Idle;
            script.push(Step::Send(command));
        }
        script
    }

    fn command(&mut self) -> Command {
        if let Some(forced) = self.forced.pop_front() {
            return forced;
        }
        let before = self.selected;
        let next = match (self.selected, self.random.below(100)) {
            (None, 0..=59) => self.select(),
            (None, 60..=62) => self.in_selected(0),
            (Some(place), 0..=74) => self.in_selected(place),
            (Some(_), 75..=82) => match self.random.below(6) {
                0 => self.leave(Command::Close),
                1 if self.shape.unselect => self.leave(Command::Unselect),
                _ => self.select(),
            },
            _ => self.anywhere(),
        };
        // What has come is told with no UID.
        if self.uid_only && before.is_some() && next.selects() {
            self.forced.push_front(next);
            return Command::all_flags(true);
        }
        next
    }

    fn leave(&mut self, command: Command) -> Command {
        self.selected = None;
        command
    }

    fn select(&mut self) -> Command {
        let place = usize::from(self.random.chance(25));
        // A client that goes on where nothing is selected is soon cut off.
        (self.selected, self.saved) = ((!self.gone[place]).then_some(place), false);
        // VANISHED says which messages are gone by UID, so clients ask for UIDs.
        let asks = self.qresync || self.uid_only;
        let fetch = self.selected.filter(|_| asks).map(|_| Command::all_flags(self.uid_only));
        self.forced.extend(fetch);
        Command::Select { name: self.lasting[place].clone(), examine: self.random.chance(12) }
    }

    /// A mailbox, mostly one of those that are there.
    fn mailbox(&mut self) -> String {
        let lasting = self.random.chance(85);
        let place = self.random.below(2);
        if lasting { self.lasting[place].clone() } else { self.fleeting() }
    }

    fn fleeting(&mut self) -> String {
        self.random.pick(&self.fleeting).clone()
    }

    fn goes(&mut self, name: &str, gone: bool) {
        if let Some(place) = self.lasting.iter().position(|lasting| lasting == name) {
            self.gone[place] = gone;
        }
    }

    /// A mailbox whose name is changed.
    fn victim(&mut self) -> String {
        let lasting = match self.alone {
            true => self.shape.removes && self.random.chance(30),
            false => self.shares && self.random.chance(25),
        };
        if lasting { self.random.pick(&self.lasting).clone() } else { self.fleeting() }
    }

    fn anywhere(&mut self) -> Command {
        let all = format!("{}*", self.shape.base);
        match self.random.below(40) {
            0..=9 => {
                let (mailbox, token, flags) = (self.mailbox(), self.token(), self.some_flags());
                let waits = !self.shape.literal_plus || self.random.chance(20);
                let (more, binary) = (self.more(), self.binary());
                Command::Append { mailbox, token, flags, more, binary, waits }
            }
            10..=17 => Command::Status(self.mailbox()),
            18..=20 => Command::Noop,
            21..=22 => Command::List(if self.random.chance(50) { all } else { self.fleeting() }),
            23..=25 => {
                let name = self.victim();
                self.goes(&name, false);
                Command::Create(name)
            }
            26..=27 => {
                let name = self.victim();
                if self.selected.is_some_and(|place| self.lasting[place] == name) {
                    self.selected = None;
                }
                self.goes(&name, true);
                Command::Delete(name)
            }
            28..=29 => {
                let (from, to) = (self.victim(), self.victim());
                let other = self.fleeting.iter().find(|name| **name != from).cloned();
                self.goes(&from, true);
                Command::Rename(
                    from.clone(),
                    if to == from { other.unwrap_or_default() } else { to },
                )
            }
            30..=31 => {
                let place = self.random.below(2);
                Command::Subscribe(self.lasting[place].clone())
            }
            32 => {
                let place = self.random.below(2);
                Command::Unsubscribe(self.lasting[place].clone())
            }
            33..=34 => Command::Lsub(all),
            35 => Command::Capability,
            36 | 37 if self.refused => Command::Oversize(self.mailbox()),
            36 | 37 => Command::Nonsense,
            _ if self.shape.idle => Command::Idle,
            _ => Command::Noop,
        }
    }

    fn in_selected(&mut self, place: usize) -> Command {
        match self.random.below(34) {
            0..=9 => Command::Store {
                set: self.set(place),
                how: *self.random.pick(&[How::Add, How::Add, How::Remove, How::Replace]),
                flags: self.some_flags(),
                silent: self.random.chance(30),
                unchanged: self.limit(),
            },
            10..=18 => {
                let what = [What::Flags, What::Flags, What::Flags, What::Peek];
                let what = [&what[..], &[What::Body, What::BodyAndFlags]].concat();
                let (set, what) = (self.set(place), *self.random.pick(&what));
                let since = self.limit().filter(|_| !what.sets_seen());
                let what = match what {
                    What::Peek if self.binary() => {
                        *self.kinds.pick(&[What::BinaryPeek, What::BinarySize])
                    }
                    What::Body if self.binary() => What::Binary,
                    what => what,
                };
                Command::Fetch { set, what, since }
            }
            19..=23 => self.search(),
            24..=25 => Command::Copy { set: self.set(place), to: self.mailbox() },
            26..=27 if self.shape.moves => {
                // Into the mailbox itself is something that few servers agree about.
                let to = match self.random.chance(80) {
                    true => self.lasting[1 - place].clone(),
                    false => self.fleeting(),
                };
                Command::Move { set: self.set(place), to }
            }
            28..=30 if self.replaces() => self.replace(place),
            28..=30 => Command::Expunge,
            31 if self.shape.uid_plus => match self.saved && self.random.chance(30) {
                true => Command::UidExpunge(Set::saved(true)),
                false => Command::UidExpunge(self.by_uid(place)),
            },
            32 => Command::Check,
            _ => Command::Noop,
        }
    }

    /// Further messages of an APPEND.
    fn more(&mut self) -> Vec<(String, u16)> {
        if !self.brings || !self.shape.multi_append || !self.kinds.chance(40) {
            return Vec::new();
        }
        let count = 1 + self.kinds.below(2);
        let flags = [0, flags::SEEN, flags::DELETED, 2];
        (0..count).map(|_| (self.token(), *self.kinds.pick(&flags))).collect()
    }

    fn binary(&mut self) -> bool {
        self.brings && self.shape.binary && self.kinds.chance(50)
    }

    fn replaces(&mut self) -> bool {
        self.brings && self.shape.replace && self.kinds.chance(50)
    }

    fn replace(&mut self, place: usize) -> Command {
        let number = 1 + self.kinds.below(self.counts[place] + 1) as u32;
        let by_uid = self.kinds.chance(60) || self.keeps_to_uids();
        let set = Set::one(by_uid, number);
        let mailbox = match self.kinds.below(4) {
            0 => self.lasting[1 - place].clone(),
            1 => self.kinds.pick(&self.fleeting).clone(),
            _ => self.lasting[place].clone(),
        };
        let flags = *self.kinds.pick(&[0, flags::SEEN, flags::DELETED, 2]);
        let waits = !self.shape.literal_plus || self.kinds.chance(20);
        Command::Replace { set, mailbox, token: self.token(), flags, waits }
    }

    /// Now and then a MODSEQ that some messages have reached, and others not.
    fn limit(&mut self) -> Option<u64> {
        (self.condstore && self.random.chance(30)).then(|| 1 + self.random.below(16) as u64)
    }

    fn search(&mut self) -> Command {
        if let Some(from) = self.limit() {
            let all = Return { all: true, ..Return::default() };
            let extended = self.shape.esearch && self.random.chance(30);
            let form = if extended { Form::Return(all) } else { Form::Plain };
            let uid = self.searches_by_uid();
            return Command::Search { uid, key: Key::ModSeq(from), form };
        }
        let key = match self.random.below(5) {
            0 if self.saved && self.random.chance(50) => Key::Saved,
            0 => Key::All,
            1 => Key::Subject(format!("token{}x", 1 + self.random.below(8))),
            _ => {
                let bits = [flags::SEEN, flags::SEEN, flags::DELETED, 2, 4];
                Key::Flag(*self.random.pick(&bits), self.random.chance(60))
            }
        };
        let uid = self.searches_by_uid();
        let form = match self.random.below(10) {
            0..=3 if self.shape.esearch => Form::Return(self.options()),
            4 if self.shape.sort => Form::Sort,
            5 if self.shape.thread => Form::Thread,
            _ => Form::Plain,
        };
        Command::Search { uid, key, form }
    }

    fn options(&mut self) -> Return {
        let [all, min, max, count] = [50, 25, 25, 25].map(|percent| self.random.chance(percent));
        let save = self.shape.search_res && self.random.chance(60);
        self.saved |= save;
        Return { all: all || !(min || max || count || save), min, max, count, save }
    }

    fn searches_by_uid(&mut self) -> bool {
        self.random.chance(50) || self.keeps_to_uids()
    }

    /// A client that has enabled UIDONLY seldom goes by numbers: it is refused.
    fn keeps_to_uids(&mut self) -> bool {
        self.uid_only && !self.kinds.chance(8)
    }

    fn set(&mut self, place: usize) -> Set {
        let mut set = self.any_set(place);
        set.uid |= self.keeps_to_uids();
        set
    }

    fn any_set(&mut self, place: usize) -> Set {
        if self.saved && self.random.chance(30) {
            return Set::saved(self.random.chance(60));
        }
        let count = self.counts[place] as u32;
        if count == 0 || self.random.chance(60) {
            return self.by_uid(place);
        }
        Set { uid: false, ranges: self.ranges(count) }
    }

    fn by_uid(&mut self, place: usize) -> Set {
        // One or two that come only now, or never.
        let count = self.counts[place] as u32 + self.random.below(3) as u32;
        Set { uid: true, ranges: self.ranges(count.max(1)) }
    }

    fn ranges(&mut self, count: u32) -> Vec<(u32, u32)> {
        let mut number = || 1 + self.random.below(count as usize) as u32;
        let (a, b, c) = (number(), number(), number());
        match self.random.below(12) {
            0 | 1 => vec![(1, STAR)],
            2 => vec![(a, STAR)],
            3 => vec![(STAR, STAR)],
            4 | 5 => vec![(a, b)],
            6 => vec![(a, a), (b, c)],
            _ => vec![(a, a)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Shape, generate};

    #[test]
    fn the_same_seed_gives_the_same_run_within_the_bounds() {
        let shape = Shape::whole("check/");
        for seed in 0..500 {
            let plan = generate(seed, &shape);
            assert_eq!(plan.connections, generate(seed, &shape).connections);
            assert!((2..=40).contains(&plan.commands()), "{}", plan.commands());
            assert!((1..=4).contains(&plan.connections.len()));
        }
    }
}
