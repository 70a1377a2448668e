//! What each connection does in a run.

use crate::command::Command;

/// Something that a connection does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Sends a command without waiting for those before it.
    Send(Command),
    /// Waits until everything is answered.
    Settle,
    /// Does nothing for so many milliseconds.
    Pause(u64),
    /// Waits until everything is answered, and until every connection is there.
    Meet,
}

/// A run, all of it from its seed.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where it comes from.
    pub seed: u64,
    /// Mailboxes that are there all the time: full names, and what is put into each first (word,
    /// flags).
    pub mailboxes: Vec<(String, Vec<(String, u16)>)>,
    /// Mailboxes that may come and go: full names.
    pub fleeting: Vec<String>,
    /// What each connection does; not empty.
    pub connections: Vec<Vec<Step>>,
}

impl Plan {
    /// How many connections [`Plan::scripts`] is for: one more than do something, which looks at
    /// the end what there is.
    pub fn width(&self) -> usize {
        self.connections.len() + 1
    }

    /// All that each connection does, with the beginning (the first one makes the mailboxes) and
    /// the end (each hears what is new, the last one looks at everything).
    pub fn scripts(&self) -> Vec<Vec<Step>> {
        let mut scripts = Vec::new();
        for (number, steps) in self.connections.iter().enumerate() {
            let mut script = if number == 0 { self.setup() } else { Vec::new() };
            script.push(Step::Meet);
            script.extend(steps.iter().cloned());
            script.push(Step::Meet);
            let enables =
                |step: &Step| matches!(step, Step::Send(Command::Enable(it)) if it.uid_only);
            if steps.iter().any(enables) {
                // Which UIDs those have that have come.
                let all = Step::Send(Command::all_flags(true));
                script.extend([Step::Send(Command::Noop), Step::Settle, all]);
            }
            script.push(Step::Meet);
            script.push(Step::Send(Command::Noop));
            script.push(Step::Meet);
            scripts.push(script);
        }
        scripts.push(self.look());
        scripts
    }

    fn setup(&self) -> Vec<Step> {
        let mut script = Vec::new();
        for (name, messages) in &self.mailboxes {
            script.push(Step::Send(Command::Create(name.clone())));
            script.push(Step::Settle);
            for (token, flags) in messages {
                let (mailbox, token, flags) = (name.clone(), token.clone(), *flags);
                let (more, binary, waits) = (Vec::new(), false, true);
                let append = Command::Append { mailbox, token, flags, more, binary, waits };
                script.extend([Step::Send(append), Step::Settle]);
            }
        }
        script
    }

    fn look(&self) -> Vec<Step> {
        use crate::command::{STAR, Set, What};
        let mut script = vec![Step::Meet; 4];
        let mut ask = |command| script.extend([Step::Send(command), Step::Settle]);
        for (name, _) in &self.mailboxes {
            ask(Command::Select { name: name.clone(), examine: true });
            let set = Set { uid: true, ranges: vec![(1, STAR)] };
            ask(Command::all_flags(true));
            ask(Command::Fetch { set, what: What::Peek, since: None });
        }
        for name in &self.fleeting {
            ask(Command::Status(name.clone()));
        }
        script
    }

    /// Commands of the pipelines, without beginning and end.
    pub fn commands(&self) -> usize {
        let sends = |step: &&Step| matches!(step, Step::Send(_));
        self.connections.iter().flatten().filter(sends).count()
    }
}
