//! What is read as a response can be written, and read as the same from then on; and where responses
//! end does not depend on how the input is cut.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use peregrine_proto::response::frame::{ResponseFramer, ResponseLimits};
use peregrine_proto::{Encoding, Response};

fuzz_target!(|input: (u8, &[u8])| {
    let (step, octets) = input;
    let whole = responses(octets.chunks(octets.len().max(1)));
    assert_eq!(whole, responses(octets.chunks(usize::from(step).max(1))));
    for octets in whole {
        for encoding in [Encoding::SevenBit, Encoding::Utf8] {
            let Ok(response) = Response::parse_in(&octets, encoding) else { continue };
            for encoding in [Encoding::SevenBit, Encoding::Utf8] {
                // What is tolerated when it is read, such as a control character in a code, is mended
                // when it is first written.
                let mended = again(&response, encoding);
                let kept = again(&mended, encoding);
                assert_eq!(mended, kept);
                assert_eq!(written(&mended, encoding), written(&kept, encoding));
            }
        }
    }
});

fn responses<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Bytes> {
    let mut framer = ResponseFramer::new(ResponseLimits::default());
    let mut responses = Vec::new();
    for piece in pieces {
        framer.push(piece);
        while let Ok(Some(response)) = framer.next_response() {
            responses.push(response);
        }
    }
    responses
}

/// As it comes out of a framer, of which it must be one response.
fn again(response: &Response, encoding: Encoding) -> Response {
    let written = written(response, encoding);
    let [octets] = &responses([&written[..]].into_iter())[..] else { panic!("not one response") };
    Response::parse_in(octets, encoding).expect("what we write, we read")
}

fn written(response: &Response, encoding: Encoding) -> Vec<u8> {
    let mut out = Vec::new();
    response.write_in(&mut out, encoding);
    out
}
