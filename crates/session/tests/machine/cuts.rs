//! The same transcript for every way of cutting the input into reads.

use crate::client::Client;
use peregrine_proto::CommandBody;
use peregrine_session::{Job, Outcome, Transition};

const PIPELINES: [&str; 7] = [
    // What stands behind STARTTLS is never run.
    "a NOOP\r\nb STARTTLS\r\nc LOGIN fred secret\r\nd NOOP\r\n",
    // iOS: DONE and what follows in one packet.
    "a LOGIN fred secret\r\nb SELECT INBOX\r\nc IDLE\r\nDONE\r\nd UID FETCH 1:* FLAGS\r\n\
     e BOGUS {3+}\r\nx (\r\nf UID SEARCH ALL\r\ng IDLE\r\nDONE\r\nh NOOP\r\n",
    "a LOGIN fred secret\r\nb SELECT INBOX\r\nc FETCH 1:2 FLAGS\r\nd BOGUS (\r\ne SEARCH ALL\r\n\
     f NOOP\r\ng CLOSE\r\nh FETCH 1 FLAGS\r\ni LOGOUT\r\nj NOOP\r\n",
    "a LOGIN {4+}\r\nfred {6+}\r\nsecret\r\nb APPEND INBOX {19+}\r\nx DELETE Archive\r\n\r\n\
     c SELECT INBOX\r\nd IDLE\r\nDONE\r\ne NOOP\r\nf IDLE\r\nNOT\r\ng NOOP\r\n",
    "a AUTHENTICATE PLAIN\r\nAGZyZWQAc2VjcmV0\r\nb LIST \"\" *\r\nc LIST \"\" *\r\n\
     d APPEND INBOX {70000+}\r\ne NOOP\r\n",
    "a LOGIN fred secret\r\nb SELECT INBOX\r\nc UNAUTHENTICATE\r\nd FETCH 1 FLAGS\r\n\
     e LOGIN fred secret\r\nf FETCH 1 FLAGS\r\ng SELECT INBOX\r\nh FETCH 1 FLAGS\r\n",
    "a LOGIN fred wrong\r\nb SELECT INBOX\r\nc NOOP\r\nd LOGIN fred secret\r\ne SELECT INBOX\r\n\
     f STORE 1 +FLAGS (\\Seen)\r\ng EXPUNGE\r\nh FETCH 1 FLAGS\r\ni UID FETCH 1:* FLAGS\r\n",
];

#[test]
fn nothing_behind_starttls_is_run() {
    let transcript = transcript(&[PIPELINES[0].as_bytes()]);
    assert_eq!(transcript, "a OK Done\nb OK Done\n");
}

#[test]
fn every_cut_gives_the_same_transcript() {
    for pipeline in PIPELINES {
        let whole = transcript(&[pipeline.as_bytes()]);
        for at in 1..pipeline.len() {
            let (one, other) = pipeline.as_bytes().split_at(at);
            assert_eq!(transcript(&[one, other]), whole, "cut at {at}");
        }
        let octets: Vec<_> = pipeline.as_bytes().chunks(1).collect();
        assert_eq!(transcript(&octets), whole, "octet by octet");
    }
}

fn transcript(pieces: &[&[u8]]) -> String {
    let mut client = Client::new();
    client.mail.append(3);
    for piece in pieces {
        client.send(piece);
        while work(&mut client) {}
    }
    by_tag(&client.take())
}

/// The replies by tag, each with the untagged lines before it: a reply may overtake others where
/// they had not come yet. `+` lines stand apart.
fn by_tag(transcript: &str) -> String {
    let mut groups = Vec::new();
    let mut group = String::new();
    for line in transcript.lines() {
        group += line;
        group += "\n";
        if !line.starts_with("* ") || line.starts_with("* BYE") {
            groups.push(std::mem::take(&mut group));
        }
    }
    assert_eq!(group, "");
    groups.sort_by_key(|group| group.lines().last().map(|line| line[..2].to_owned()));
    groups.concat()
}

/// Ends every job at once, as a server whose store takes no time.
fn work(client: &mut Client) -> bool {
    if let Some((job, line)) = client.lines.pop() {
        let job = client.jobs.iter().position(|known| known.id == job).unwrap();
        let job = client.jobs.remove(job);
        let outcome = match (&*job.body, &line[..]) {
            (CommandBody::Idle(_), b"DONE") => Outcome::ok("Idled"),
            (CommandBody::Idle(_), _) => Outcome::bad("Only DONE"),
            _ => Outcome::ok("In").with_transition(Transition::Authenticated("fred")),
        };
        client.session.handle_outcome(client.now, job.id, outcome);
        client.pump();
        return true;
    }
    let mut worked = false;
    let ready = client.jobs.iter().position(|job| !is_prompted(job) || !job_waits(client, job));
    if let Some(place) = ready {
        let job = client.jobs.remove(place);
        if is_prompted(&job) {
            let id = job.id;
            client.jobs.push(job);
            client.prompted.push(id);
            client.session.handle_prompt(client.now, id, "go on".into());
        } else {
            finish(client, &job);
        }
        worked = true;
    }
    if worked && client.jobs.iter().all(|job| job_waits(client, job)) {
        client.pump();
    }
    worked
}

fn is_prompted(job: &Job<crate::mail::Fake>) -> bool {
    matches!(*job.body, CommandBody::Idle(_) | CommandBody::Authenticate(_))
}

fn job_waits(client: &Client, job: &Job<crate::mail::Fake>) -> bool {
    client.prompted.contains(&job.id)
}

fn finish(client: &mut Client, job: &Job<crate::mail::Fake>) {
    let mut outcome = Outcome::ok("Done");
    match &*job.body {
        CommandBody::Login(login) if login.password.reveal() == b"wrong" => {
            outcome = Outcome::no(None, "Wrong");
        }
        CommandBody::Login(_) => {
            outcome.transition = Some(Transition::Authenticated("fred").into());
        }
        CommandBody::Select(_) => outcome.transition = Some(client.selection(&[]).into()),
        CommandBody::Close(_) => outcome.transition = Some(Transition::Unselected.into()),
        CommandBody::Unauthenticate(_) => {
            outcome.transition = Some(Transition::Unauthenticated.into())
        }
        CommandBody::Logout(_) => outcome.transition = Some(Transition::LogOut.into()),
        CommandBody::StartTls(_) => outcome.transition = Some(Transition::StartTls.into()),
        CommandBody::Expunge(_) => {
            client.mail.expunge(&[1]);
            client.publish();
        }
        CommandBody::Store(_) => {
            client.mail.flag(1, "\\Seen");
            client.publish();
        }
        CommandBody::Fetch(fetch) => {
            let view = &job.context.selected().unwrap().view;
            let mut data = String::new();
            for run in view.runs(&fetch.messages).unwrap() {
                data += &format!("* {} FETCH (of {})\r\n", run.first, run.indexes.len());
            }
            outcome = outcome.with_data(data);
        }
        CommandBody::Search(_) => outcome = outcome.with_data("* SEARCH 1\r\n"),
        CommandBody::List(_) => outcome = outcome.with_data("* LIST () \"/\" INBOX\r\n"),
        _ => {}
    }
    client.session.handle_outcome(client.now, job.id, outcome);
}
