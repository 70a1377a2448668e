//! What the machine gives without a mail server: a file with group commit, a socket.

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Appends a second of `octets` each by `clients` threads to one growing file, all that wait
/// sharing one write and one fdatasync.
///
/// # Errors
/// As the file system says.
pub fn group_commit(
    folder: &Path,
    clients: usize,
    octets: usize,
    time: Duration,
) -> io::Result<f64> {
    let path = folder.join("bare");
    let file = OpenOptions::new().create(true).truncate(true).write(true).open(&path)?;
    let (sender, receiver) = mpsc::channel::<(Vec<u8>, mpsc::Sender<()>)>();
    let writer = std::thread::spawn(move || -> io::Result<()> {
        let mut end = 0;
        while let Ok(first) = receiver.recv() {
            let group: Vec<_> = std::iter::once(first).chain(receiver.try_iter()).collect();
            let mut together = Vec::with_capacity(group.len() * octets);
            group.iter().for_each(|(data, _)| together.extend_from_slice(data));
            file.write_all_at(&together, end)?;
            end += together.len() as u64;
            file.sync_data()?;
            for (_, done) in group {
                let _ = done.send(());
            }
        }
        Ok(())
    });
    let start = Instant::now();
    let threads: Vec<_> = (0..clients)
        .map(|_| {
            let sender = sender.clone();
            std::thread::spawn(move || {
                let (done, wait) = mpsc::channel();
                let mut count = 0u32;
                while start.elapsed() < time {
                    let sent = sender.send((vec![b'x'; octets], done.clone()));
                    if sent.is_err() || wait.recv().is_err() {
                        break;
                    }
                    count += 1;
                }
                count
            })
        })
        .collect();
    drop(sender);
    let total: u32 = threads.into_iter().filter_map(|thread| thread.join().ok()).sum();
    let elapsed = start.elapsed().as_secs_f64();
    writer.join().map_err(|_| io::Error::other("the writer panicked"))??;
    std::fs::remove_file(path)?;
    Ok(f64::from(total) / elapsed)
}

/// Octets a second over a loopback socket, written in pieces of `piece`.
///
/// # Errors
/// As the socket says.
pub fn socket(total: usize, piece: usize) -> io::Result<f64> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let writer = std::thread::spawn(move || -> io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        let data = vec![b'x'; piece];
        for _ in 0..total / piece {
            stream.write_all(&data)?;
        }
        Ok(())
    });
    let mut stream = TcpStream::connect(address)?;
    let mut buffer = vec![0; 1 << 20];
    let (start, mut got) = (Instant::now(), 0);
    while got < total / piece * piece {
        got += stream.read(&mut buffer)?;
    }
    let rate = got as f64 / start.elapsed().as_secs_f64();
    writer.join().map_err(|_| io::Error::other("the writer panicked"))??;
    Ok(rate)
}
