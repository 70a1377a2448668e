//! What was stored comes back in replies that follow the grammar, whatever it holds.

use super::ground::{Ground, Stage};

/// T31: each of these octets, raw, in every place of a header that a reply is made of.
#[tokio::test(start_paused = true)]
async fn t31_headers_that_hold_anything() {
    let ground = Ground::new().await;
    let mut client = ground.client(Stage::LoggedIn).await;
    client.ok("c CREATE Odd").await;
    client.ok("s SELECT Odd").await;
    let odd: [&[u8]; 14] = [
        b"\0",
        b"\r",
        b"\n",
        b"\"",
        b"\\",
        b"\x80",
        b"\xff\xfe",
        b"{3}",
        b"{3+}\r\n",
        b")",
        b"\x1b[2J",
        b"=?utf-8?q?=00=0D=0A=22?=",
        b"%s",
        b"\r\n* 1 EXPUNGE\r\n",
    ];
    for octets in odd {
        for message in messages(octets) {
            client.send(format!("a APPEND Odd {{{}}}\r\n", message.len())).await;
            assert!(client.response().await.starts_with("+ "));
            client.send([&message[..], b"\r\n"].concat()).await;
            let reply = client.until("a").await.pop().unwrap();
            assert!(reply.starts_with("a OK [APPENDUID "), "{}: {reply}", octets.escape_ascii());
            for items in [
                "(ENVELOPE BODY BODYSTRUCTURE RFC822.SIZE)",
                "(BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[TEXT] BODY.PEEK[1] BODY.PEEK[1.MIME])",
                "(BODY.PEEK[HEADER.FIELDS (SUBJECT FROM X)] BODY.PEEK[HEADER.FIELDS.NOT (TO)])",
                "(RFC822.HEADER BODY.PEEK[1]<0.3> BODY.PEEK[2.1.HEADER])",
            ] {
                // Each response is read by the grammar, or the test fails there.
                let told = client.ok(&format!("f FETCH * {items}")).await;
                let fetched = told.iter().filter(|line| line.contains(" FETCH (")).count();
                assert_eq!(fetched, 1, "{}: {told:?}", octets.escape_ascii());
            }
            let told = client.ok("n NOOP").await;
            assert!(!told.iter().any(|line| line.ends_with("EXPUNGE")), "{told:?}");
        }
    }
    client.close().await;
    ground.end().await;
}

fn messages(octets: &[u8]) -> [Vec<u8>; 3] {
    let fill = |text: &str| {
        let mut out = Vec::new();
        for (index, part) in text.split('@').enumerate() {
            if index > 0 {
                out.extend_from_slice(octets);
            }
            out.extend_from_slice(part.as_bytes());
        }
        out
    };
    [
        fill(
            "Subject: a@b\r\nFrom: \"x@y\" <u@v>\r\nTo: g@h: a, b;\r\nMessage-ID: <@>\r\n\
             In-Reply-To: @\r\nDate: @\r\n\r\nx@y\r\n",
        ),
        fill(
            "Content-Type: text/p@l; charset=\"u@f\"; name*=utf-8''@%00%0D%0A%22\r\n\
             Content-ID: <@>\r\nContent-Description: @\r\nContent-Transfer-Encoding: @\r\n\
             Content-MD5: @\r\nContent-Disposition: attach@; filename=\"@\"\r\n\
             Content-Language: @, en\r\nContent-Location: @\r\n\r\n@",
        ),
        fill(
            "Content-Type: multipart/mi@xed; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: @\r\n\r\n\
             1\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: @\r\nFrom: @\r\n\r\n@\r\n\
             --b@--\r\n@",
        ),
    ]
}
