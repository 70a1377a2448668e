//! What a process can still do within the sandbox, and what it cannot. Landlock and seccomp bind
//! the thread that asks for them and those that it starts: each case has a thread of its own.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use peregrine_server::config::{Config, Sandbox};
use peregrine_server::sandbox::{self, Reached, SandboxError};
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::Path;
use std::process::Command;

/// Does the work in a thread that has entered the sandbox of a server in `folder`.
fn within<T: Send + 'static>(
    folder: &Path,
    work: impl FnOnce(&Config, &Reached) -> T + Send + 'static,
) -> T {
    let config = Config::defaults(folder);
    let thread = std::thread::spawn(move || {
        let reached = sandbox::enter(&config).unwrap();
        work(&config, &reached)
    });
    thread.join().unwrap()
}

/// Says so where this kernel has no Landlock, and the case proves nothing.
fn no_landlock(reached: &Reached) -> bool {
    if reached.files.is_none() {
        eprintln!("skipped: {reached}");
    }
    reached.files.is_none()
}

fn denied<T>(result: std::io::Result<T>) -> bool {
    matches!(result, Err(error) if error.kind() == ErrorKind::PermissionDenied)
}

/// The store is written, the folder of the configuration and the system's few files are read,
/// nothing else; links out of the store lead nowhere.
#[test]
fn files() {
    let (home, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(home.path().join("certificate.pem"), "one").unwrap();
    fs::write(outside.path().join("secret"), "secret").unwrap();
    let elsewhere = outside.path().to_owned();
    within(home.path(), move |config, reached| {
        if no_landlock(reached) {
            return;
        }
        let store = &config.store.path;
        fs::create_dir(store.join("objects")).unwrap();
        fs::write(store.join("new"), "mail").unwrap();
        fs::rename(store.join("new"), store.join("objects/kept")).unwrap();
        File::options().write(true).truncate(true).open(store.join("objects/kept")).unwrap();
        fs::remove_file(store.join("objects/kept")).unwrap();
        fs::read_dir(store).unwrap();
        tempfile::tempfile_in(store).unwrap().write_all(b"large message").unwrap();
        // As SIGHUP reads it, though it was replaced.
        assert_eq!(fs::read(config.folder.join("certificate.pem")).unwrap(), b"one");
        File::open("/dev/urandom").unwrap().read_exact(&mut [0; 8]).unwrap();

        assert!(denied(fs::write(config.folder.join("peregrine.toml"), "")), "our own settings");
        assert!(denied(fs::remove_file(config.folder.join("certificate.pem"))));
        assert!(denied(fs::read(elsewhere.join("secret"))));
        assert!(denied(fs::write(elsewhere.join("new"), "")));
        assert!(denied(fs::read("/etc/passwd")));
        assert!(denied(fs::read_dir("/")));
        assert!(denied(std::os::unix::fs::symlink(elsewhere.join("secret"), store.join("link"))));
        assert!(denied(fs::rename(elsewhere.join("secret"), store.join("stolen"))));
    });
}

/// A certificate that is a link into another folder can be replaced there and read again.
#[test]
fn linked_certificate() {
    let (home, archive) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(archive.path().join("1.pem"), "one").unwrap();
    let link = home.path().join("certificate.pem");
    std::os::unix::fs::symlink(archive.path().join("1.pem"), &link).unwrap();
    let (ask, asked) = std::sync::mpsc::channel();
    let (renewed, go_on) = std::sync::mpsc::channel();
    let server = std::thread::spawn({
        let config = Config::defaults(home.path());
        move || {
            sandbox::enter(&config).unwrap();
            ask.send(fs::read(&config.tls.certificate).unwrap()).unwrap();
            go_on.recv().unwrap();
            fs::read(&config.tls.certificate).unwrap()
        }
    });
    assert_eq!(asked.recv().unwrap(), b"one");
    fs::write(archive.path().join("2.pem"), "two").unwrap();
    fs::rename(archive.path().join("2.pem"), archive.path().join("1.pem")).unwrap();
    renewed.send(()).unwrap();
    assert_eq!(server.join().unwrap(), b"two");
}

/// No other program, no socket but Unix ones, no second listener, no other user, no memory that is
/// written and then run.
#[test]
fn calls() {
    let home = tempfile::tempdir().unwrap();
    let open = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = open.local_addr().unwrap();
    let notified = home.path().join("notify");
    let manager = UnixDatagram::bind(&notified).unwrap();
    within(home.path(), move |config, reached| {
        assert!(reached.calls, "{reached}");
        assert!(denied(Command::new("/bin/true").status()), "another program");
        assert!(denied(TcpStream::connect(address)), "a connection");
        assert!(denied(TcpListener::bind("127.0.0.1:0")), "a listener");
        assert!(denied(std::net::UdpSocket::bind("127.0.0.1:0")), "a name server");
        // The admin socket, and sd_notify(3).
        UnixListener::bind(config.folder.join("run/admin.socket")).unwrap();
        UnixDatagram::unbound().unwrap().send_to(b"READY=1", &notified).unwrap();
        // Threads are begun by clone, since clone3 is not there any more.
        std::thread::spawn(|| ()).join().unwrap();
    });
    manager.recv(&mut [0; 16]).unwrap();
}

/// "off" leaves files and calls alone; "required" is content where all was reached.
#[test]
fn settings() {
    let home = tempfile::tempdir().unwrap();
    let enter = |wish| {
        let mut config = Config::defaults(home.path());
        config.server.sandbox = wish;
        std::thread::spawn(move || (sandbox::enter(&config), fs::read("/etc/passwd").is_ok()))
            .join()
            .unwrap()
    };
    let (off, read) = enter(Sandbox::Off);
    assert!(read && !off.unwrap().calls);
    match enter(Sandbox::Required) {
        (Ok(reached), read) => assert!(reached.files.is_some() && reached.calls && !read),
        (Err(error), _) => assert!(matches!(error, SandboxError::Required(_)), "{error}"),
    }
}

/// Root serves no network: what belongs to root is refused there.
#[test]
fn root_serves_no_network() {
    let home = tempfile::tempdir().unwrap();
    let mut config = Config::defaults(home.path());
    config.listeners.imaps.push("192.0.2.1:993".parse().unwrap());
    let root = std::os::unix::fs::MetadataExt::uid(&fs::metadata(home.path()).unwrap()) == 0;
    let entered = std::thread::spawn(move || sandbox::enter(&config)).join().unwrap();
    assert_eq!(matches!(entered, Err(SandboxError::Root { .. })), root, "{entered:?}");
}
