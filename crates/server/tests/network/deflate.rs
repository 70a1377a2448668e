//! COMPRESS (RFC 4978), and what UNAUTHENTICATE leaves of it (RFC 8437 §4.1).

use super::dialogue::{Dialogue, ann, server};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

/// A client's side of a compressed connection.
struct Packed {
    stream: DuplexStream,
    deflater: Compress,
    inflater: Decompress,
    text: String,
}

impl Packed {
    async fn begin(mut client: Dialogue<DuplexStream>) -> Self {
        assert!(client.reply("z COMPRESS DEFLATE").await.starts_with("z OK "));
        Self {
            stream: client.stream,
            deflater: deflater(),
            inflater: Decompress::new(false),
            text: String::new(),
        }
    }

    fn pack(&mut self, text: impl AsRef<[u8]>) -> Vec<u8> {
        pack(&mut self.deflater, text.as_ref(), FlushCompress::Sync)
    }

    async fn say(&mut self, text: &str) {
        let octets = self.pack(text);
        self.stream.write_all(&octets).await.unwrap();
    }

    /// Reads up to a line that begins so.
    async fn until(&mut self, begin: &str) -> String {
        loop {
            let found = self.text.lines().any(|line| line.starts_with(begin));
            if found && self.text.ends_with("\r\n") {
                return std::mem::take(&mut self.text);
            }
            assert!(self.read().await > 0, "ended before {begin}: {}", self.text);
        }
    }

    async fn read(&mut self) -> usize {
        let mut octets = vec![0; 4096];
        let read = self.stream.read(&mut octets).await.unwrap();
        let mut text = Vec::with_capacity(8 << 20);
        self.inflater.decompress_vec(&octets[..read], &mut text, FlushDecompress::Sync).unwrap();
        self.text.push_str(&String::from_utf8(text).unwrap());
        read
    }

    async fn ask(&mut self, command: &str) -> String {
        self.say(&format!("{command}\r\n")).await;
        self.until(command.split(' ').next().unwrap()).await
    }
}

fn deflater() -> Compress {
    Compress::new(Compression::new(6), false)
}

fn pack(deflater: &mut Compress, text: &[u8], flush: FlushCompress) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 1024);
    deflater.compress_vec(text, &mut out, flush).unwrap();
    out
}

/// Everything behind the OK is compressed, each answer can be read at once, however the input is
/// cut; and a second COMPRESS is refused.
#[tokio::test(start_paused = true)]
async fn both_directions_are_compressed() {
    let server = server(|_| {}).await;
    let mut client = Packed::begin(ann(&server).await).await;
    assert!(client.ask("a COMPRESS DEFLATE").await.starts_with("a NO [COMPRESSIONACTIVE] "));
    assert!(client.ask("b COMPRESS LZW").await.starts_with("b BAD "));
    for _ in 0..3 {
        assert!(client.ask("c CAPABILITY").await.contains(" COMPRESS=DEFLATE"));
        // Longer than the deflater is kept.
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    }
    for octet in client.pack("d NOOP\r\ne SELECT INBOX\r\n") {
        client.stream.write_all(&[octet]).await.unwrap();
    }
    let told = client.until("e OK").await;
    assert!(told.contains("d OK ") && told.contains("* 0 EXISTS"), "{told}");
    let body = "0123456789abcdef".repeat(20_000);
    client.say(&format!("f APPEND INBOX {{{}}}\r\n", body.len())).await;
    client.until("+ ").await;
    client.say(&format!("{body}\r\n")).await;
    client.until("f OK").await;
    assert!(client.ask("g UID FETCH 1 BODY[]").await.contains(&body));
}

/// T30: what a client sends behind COMPRESS without waiting is never read as plain commands.
#[tokio::test(start_paused = true)]
async fn nothing_is_read_plainly_behind_compress() {
    let server = server(|_| {}).await;
    let mut client = ann(&server).await;
    client.send("a COMPRESS DEFLATE\r\nb CREATE x\r\n").await;
    assert!(client.line().await.starts_with("a OK "));
    let rest = client.rest().await;
    assert!(!rest.contains("b "), "{rest:?}");
    assert!(!ann(&server).await.ask("l LIST \"\" *").await.concat().contains('x'));
    // Where it is compressed already, it is read so.
    let mut client = ann(&server).await;
    let mut octets = b"a COMPRESS DEFLATE\r\n".to_vec();
    octets.extend(pack(&mut deflater(), b"b LOGOUT\r\n", FlushCompress::Sync));
    client.send(octets).await;
    assert!(client.line().await.starts_with("a OK "));
    assert!(!client.rest().await.is_empty());
    // Where COMPRESS is refused, all goes on in plain.
    let mut client = ann(&server).await;
    client.send("a COMPRESS LZW\r\nb NOOP\r\n").await;
    assert!(client.until("b").await.last().unwrap().starts_with("b OK "));
}

/// RFC 4978 §5: a `command-auth`.
#[tokio::test(start_paused = true)]
async fn only_after_login() {
    let server = server(|_| {}).await;
    let mut client = super::dialogue::connect(&server, super::dialogue::local()).await;
    assert!(!client.ask("a CAPABILITY").await.concat().contains("COMPRESS"));
    assert!(client.reply("b COMPRESS DEFLATE").await.starts_with("b BAD "));
    assert!(client.reply("c LOGIN ann secret").await.contains(" COMPRESS=DEFLATE"));
}

/// T30: a bomb is bounded by what bounds its octets when they are sent plainly.
#[tokio::test(start_paused = true)]
async fn bombs_meet_the_framers_limits() {
    let server = server(|_| {}).await;
    let mut client = Packed::begin(ann(&server).await).await;
    // 64 MiB without an end of line, from some 64 KiB.
    client.say("a ").await;
    let megabyte = vec![b'x'; 1 << 20];
    for _ in 0..64 {
        let octets = client.pack(&megabyte);
        assert!(octets.len() < 2048);
        client.stream.write_all(&octets).await.unwrap();
    }
    client.say("\r\n").await;
    let told = client.until("a BAD").await;
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(client.ask("b NOOP").await.starts_with("b OK "));
}

/// What is no DEFLATE ends the connection, with a word.
#[tokio::test(start_paused = true)]
async fn damage_ends_the_connection() {
    let server = server(|_| {}).await;
    for damage in [&b"\xff\xff\xff\xff"[..], b"a NOOP\r\n"] {
        let mut client = Packed::begin(ann(&server).await).await;
        assert!(client.ask("a NOOP").await.starts_with("a OK "));
        client.stream.write_all(damage).await.unwrap();
        client.until("* BYE [CLIENTBUG] ").await;
        assert_eq!(client.read().await, 0);
    }
    // Nor may it go on where the client has ended it.
    let mut client = Packed::begin(ann(&server).await).await;
    let end = pack(&mut client.deflater, b"a NOOP\r\n", FlushCompress::Finish);
    client.stream.write_all(&end).await.unwrap();
    client.until("a OK").await;
    client.stream.write_all(b"b NOOP\r\n").await.unwrap();
    client.until("* BYE [CLIENTBUG] ").await;
}

/// RFC 8437 §4.1: the client's compression ends behind UNAUTHENTICATE, the server's behind its OK;
/// the client may go on without waiting, in clear, and however it was cut.
#[tokio::test(start_paused = true)]
async fn unauthenticate_ends_compression() {
    let server = server(|_| {}).await;
    for (cut, finish) in [(1, false), (7, false), (usize::MAX, false), (usize::MAX, true)] {
        let mut client = Packed::begin(ann(&server).await).await;
        client.ask("a SELECT INBOX").await;
        let flush = if finish { FlushCompress::Finish } else { FlushCompress::Sync };
        let mut octets = pack(&mut client.deflater, b"b UNAUTHENTICATE\r\n", flush);
        octets.extend(b"c LOGIN bob secret\r\nd NOOP\r\n");
        for piece in octets.chunks(cut.min(octets.len())) {
            client.stream.write_all(piece).await.unwrap();
            tokio::task::yield_now().await;
        }
        let mut octets = Vec::new();
        while !octets.windows(5).any(|five| five == b"d OK ") {
            assert!(client.stream.read_buf(&mut octets).await.unwrap() > 0);
        }
        let mut text = Vec::with_capacity(4096);
        let read = client.inflater.total_in();
        let _ = client.inflater.decompress_vec(&octets, &mut text, FlushDecompress::Sync);
        assert!(text.starts_with(b"b OK "), "{:?}", String::from_utf8_lossy(&text));
        // What stands behind the flush is plain.
        let plain = octets.windows(4).position(|four| four == [0, 0, 0xff, 0xff]).unwrap() + 4;
        assert!(client.inflater.total_in() - read >= plain as u64 - 4);
        assert!(octets[plain..].starts_with(b"c OK [CAPABILITY "), "{octets:?}");
        let mut client = Dialogue::new(client.stream);
        // It can begin again.
        assert!(client.reply("e COMPRESS DEFLATE").await.starts_with("e OK "));
    }
}
