//! Runs the child with a fault, and holds what it said and what is on the disk against a run
//! without faults.

use super::child::{CHANGES, FOLDER, PORT, again, held, open, runtime};
use super::fault::{Fault, SERIES, Series, Size};
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A child that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the child says of a store that it cannot read, instead of what that holds.
const UNREAD: &str = "0";

/// The store that every run begins with, and what it holds after each change without faults.
pub struct Judge {
    template: PathBuf,
    held: Vec<u64>,
}

/// What came of one run.
#[derive(Default)]
pub struct Told {
    lines: Vec<String>,
    /// Calls that were made to fail, as strace shows them.
    injected: Vec<String>,
    violations: Vec<String>,
}

/// What came of all runs.
#[derive(Default)]
pub struct Sum {
    pub runs: usize,
    pub injected: usize,
    /// Runs in which a file could not grow where it had to.
    pub cut: usize,
    pub refused: usize,
    pub stopped: usize,
    pub unopened: usize,
    pub violations: Vec<String>,
}

impl Judge {
    pub fn new(template: &Path) -> Self {
        let mut judge = Self { template: template.to_owned(), held: Vec::new() };
        let folder = judge.folder();
        let told = judge.child(folder.path(), Command::new(this()));
        let done = |line: &String| {
            Some(u64::from_str_radix(line.strip_prefix("done ")?.split_once(' ')?.1, 16).unwrap())
        };
        judge.held = told.lines.iter().filter_map(done).collect();
        assert_eq!(judge.held.len() as u64, CHANGES + 1, "{:?}", told.lines);
        judge
    }

    /// How often each kind of call is made, at most, by one thread; and the sizes of files at which
    /// one write after the other ends in its middle.
    pub fn count(&self) -> (Vec<u32>, Vec<Size>) {
        let folder = self.folder();
        let trace = folder.path().join("trace");
        let calls: Vec<&str> = SERIES.iter().map(|series| series.call).collect();
        let mut tracer = Command::new("strace");
        tracer.args(["-f", "-y", "-qq", "-s", "0", "-e", "signal=none", "-e"]);
        tracer.arg(format!("trace={}", calls.join(","))).arg("-o").arg(&trace).arg(this());
        self.child(folder.path(), tracer);
        let text = std::fs::read_to_string(&trace).unwrap();
        let count = |series: &Series| {
            let mut threads: HashMap<&str, u32> = HashMap::new();
            for line in text.lines() {
                let (thread, call) = line.split_once(' ').unwrap();
                let is_file = series.file.is_none_or(|file| {
                    call.contains(&format!("/{file}>")) || call.contains(&format!("/{file}\""))
                });
                if call.trim_start().starts_with(&format!("{}(", series.call)) && is_file {
                    *threads.entry(thread).or_default() += 1;
                }
            }
            threads.into_values().max().unwrap_or(0)
        };
        (SERIES.iter().map(count).collect(), middles(&text))
    }

    /// One run.
    pub fn run(&self, fault: &Fault) -> Told {
        let folder = self.folder();
        let trace = folder.path().join("trace");
        let mut told = self.child(folder.path(), command(fault, folder.path(), &trace));
        let text = std::fs::read_to_string(&trace).unwrap_or_default();
        let injected = text.lines().filter(|line| line.contains("(INJECTED)"));
        told.injected = injected.map(str::to_owned).collect();
        if told.lines.is_empty() {
            // It failed before the program began: it cannot even be loaded.
            told.injected.clear();
            told.violations.clear();
        } else {
            self.judge(fault, &mut told);
            let stored = runtime().block_on(self.stored(folder.path(), &told));
            told.violations.extend(stored.err());
        }
        told
    }

    /// What the child said while it ran.
    fn judge(&self, fault: &Fault, told: &mut Told) {
        let mut violations = Vec::new();
        for line in &told.lines {
            let words: Vec<&str> = line.splitn(4, ' ').collect();
            let number = || words[1].parse::<usize>().unwrap();
            // A store that keeps a lock for good may refuse to be read too: it serves nothing then,
            // rather than something wrong, and the disk is looked at afterwards.
            let unread = || words[2] == UNREAD && fault.may_last();
            let is = |at: usize| format!("{:x}", self.held[at]) == words[2] || unread();
            match words[0] {
                "done" if !is(number()) => violations.push(format!("holds something else: {line}")),
                "failed" | "left" if !is(number() - 1) => {
                    violations.push(format!("failed, and something has changed: {line}"));
                }
                "goes" => violations.push("a stopped store writes".into()),
                "done" | "failed" | "left" | "begun" | "unopened" | "stopped" | "refused"
                | "end" => {}
                _ => violations.push(format!("the child said {line}")),
            }
        }
        let said = |word: &str| told.lines.iter().any(|line| line.starts_with(word));
        if !said("end") {
            violations.push("it did not come to its end".into());
        }
        let finished = told.lines.iter().any(|line| line.starts_with(&format!("done {CHANGES} ")));
        let sync_failed = told.injected.iter().any(|call| is_lasting_sync(call));
        // Behind the last change nothing more is asked of the store.
        let asked = said("failed ") || !finished;
        if sync_failed && asked && !said("unopened") && !said("stopped") {
            violations.push("a sync failed, and the store goes on".into());
        }
        if !fault.may_last() && said("left") && !said("stopped") {
            violations.push("it fails for good and does not say that it has stopped".into());
        }
        told.violations.extend(violations);
    }

    /// What is on the disk, and whether it can be changed.
    async fn stored(&self, folder: &Path, told: &Told) -> Result<(), String> {
        let done = told.lines.iter().filter(|line| line.starts_with("done ")).count();
        let at = done.saturating_sub(1);
        let store = open(folder).await.map_err(|error| format!("it does not open: {error:?}"))?;
        let is = held(&store, &mut HashMap::new()).await;
        // Of a change whose sync failed nobody knows whether it is there.
        let may_be = at + usize::from(told.lines.iter().any(|line| line.starts_with("stopped ")));
        let found = (at..=may_be).find(|at| self.held.get(*at) == Some(&is));
        let Some(found) = found else {
            return Err(format!("after {at} changes the disk holds something else"));
        };
        if found < CHANGES as usize {
            let next = again(&store, found as u64 + 1).await;
            next.map_err(|error| format!("it cannot be changed: {error:?}"))?;
            if held(&store, &mut HashMap::new()).await != self.held[found + 1] {
                return Err("the next change makes something else of it".into());
            }
        }
        store.close().await;
        Ok(())
    }

    /// A copy of the store.
    fn folder(&self) -> TempDir {
        let folder = tempfile::tempdir_in(self.template.parent().unwrap()).unwrap();
        copy(&self.template, folder.path());
        folder
    }

    fn child(&self, folder: &Path, mut command: Command) -> Told {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        command.env(FOLDER, folder).env(PORT, port.to_string());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut told = Told::default();
        let errors = child.stderr.take().unwrap();
        let heard = std::thread::spawn(move || std::io::read_to_string(errors).unwrap_or_default());
        if let Some(stream) = accept(&listener, &mut child) {
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            told.lines = BufReader::new(stream).lines().map_while(Result::ok).collect();
        }
        // Whoever hangs is ended; strace takes its child with it.
        if told.lines.last().is_some_and(|line| line != "end") {
            let _ = child.kill();
        }
        let status = child.wait().unwrap();
        let errors = heard.join().unwrap();
        if errors.contains("panicked") || !status.success() {
            told.violations.push(format!("{status}: {errors}"));
        }
        told
    }
}

/// The middle of each write that strace saw, as an offset in its file. Two writes of one place are
/// cut by one size: the first of them.
fn middles(trace: &str) -> Vec<Size> {
    let mut ends: HashMap<&str, u64> = HashMap::new();
    let mut found = BTreeSet::new();
    for line in trace.lines() {
        let Some((name, arguments)) = line.split_once('(') else { continue };
        let arguments = arguments.split_once(" <unfinished").map_or(arguments, |it| it.0);
        let arguments = arguments.split_once(") =").map_or(arguments, |it| it.0);
        let words: Vec<&str> = arguments.split(", ").collect();
        let number = |at: usize| words.get(at)?.trim_end_matches(')').parse::<u64>().ok();
        let (Some(length), file) = (number(2), words[0]) else { continue };
        let start = match name.rsplit(' ').next() {
            Some("pwrite64") => number(3).unwrap_or(0),
            // Files that are not written by place are written from the beginning on.
            Some("write") => *ends.get(file).unwrap_or(&0),
            _ => continue,
        };
        // A socket has no size.
        if file.contains("</") && length > 1 {
            ends.insert(file, start + length);
            found.insert(start + length / 2);
        }
    }
    found.into_iter().map(|octets| Size { octets }).collect()
}

fn this() -> PathBuf {
    std::env::current_exe().unwrap()
}

/// The child's connection, if it comes to that.
fn accept(listener: &TcpListener, child: &mut Child) -> Option<std::net::TcpStream> {
    listener.set_nonblocking(true).unwrap();
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false).unwrap();
                return Some(stream);
            }
            Err(_) if child.try_wait().unwrap().is_some() => return None,
            Err(_) => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let from = entry.unwrap().path();
        let to = to.join(from.file_name().unwrap());
        if from.is_dir() {
            std::fs::create_dir(&to).unwrap();
            copy(&from, &to);
        } else {
            std::fs::copy(from, to).unwrap();
        }
    }
}

fn command(fault: &Fault, folder: &Path, trace: &Path) -> Command {
    match fault {
        Fault::Call { series, error, when } => {
            let mut tracer = Command::new("strace");
            tracer.args(["-f", "--seccomp-bpf", "-y", "-qq", "-s", "0", "-e", "signal=none"]);
            if let Some(file) = series.file {
                tracer.arg("-P").arg(folder.join(file));
            }
            let call = series.call;
            tracer.arg("-e").arg(format!("trace={call}"));
            tracer.arg("-e").arg(format!("inject={call}:{error}:when={when}"));
            tracer.arg("-o").arg(trace).arg(this());
            tracer
        }
        Fault::Size(Size { octets }) => {
            let mut shell = Command::new("bash");
            shell.arg("-c").arg("trap '' XFSZ; exec prlimit --fsize=$1 \"$2\"").arg("bash");
            shell.arg(octets.to_string()).arg(this());
            shell
        }
    }
}

impl Fault {
    /// Whether what fails once may fail for good: a file may not grow, or SQLite cannot give back
    /// a lock, and refuses everything until the store is opened again.
    fn may_last(&self) -> bool {
        matches!(self, Self::Size(_) | Self::Call { series: Series { call: "fcntl", .. }, .. })
    }
}

/// Whether a call syncs what is there for good. What is still under `temp` is thrown away.
fn is_lasting_sync(call: &str) -> bool {
    call.contains(" fdatasync(") || call.contains(" fsync(") && call.contains("/objects")
}

impl Sum {
    pub fn add(&mut self, fault: &Fault, told: &Told) {
        let count = |word: &str| told.lines.iter().filter(|line| line.starts_with(word)).count();
        self.runs += usize::from(!told.lines.is_empty());
        self.injected += told.injected.len();
        let failed = count("failed ") + count("unopened ") > 0;
        self.cut += usize::from(matches!(fault, Fault::Size(_)) && failed);
        self.refused += count("failed ") + count("refused ");
        self.stopped += count("stopped ").min(1);
        self.unopened += count("unopened ");
        for violation in &told.violations {
            eprintln!("{fault}: {violation}\n  {:?}\n  {:?}", told.injected, told.lines);
            self.violations.push(fault.to_string());
        }
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { runs, injected, cut, refused, stopped, unopened, violations } = self;
        write!(
            f,
            "{runs} played, {injected} calls failed, {cut} times a write was cut, {refused} changes refused, {stopped} stores \
             stopped, {unopened} not opened, {} violations",
            violations.len()
        )
    }
}
