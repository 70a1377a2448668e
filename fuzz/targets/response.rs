//! What is read as a response can be written, and read as the same from then on; and where responses
//! end does not depend on how the input is cut.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use peregrine_proto::Response;
use peregrine_proto::response::frame::{ResponseFramer, ResponseLimits};

fuzz_target!(|input: (u8, &[u8])| {
    let (step, octets) = input;
    let whole = responses(octets.chunks(octets.len().max(1)));
    assert_eq!(whole, responses(octets.chunks(usize::from(step).max(1))));
    for octets in whole {
        let Ok(response) = Response::parse(&octets) else { continue };
        // What is tolerated when it is read, such as a control character in a code, is mended when
        // it is first written.
        let mended = again(&response);
        assert_eq!(written(&mended), written(&again(&mended)));
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

fn again(response: &Response) -> Response {
    Response::parse(&Bytes::from(written(response))).expect("what we write, we read")
}

fn written(response: &Response) -> Vec<u8> {
    let mut out = Vec::new();
    response.write(&mut out);
    out
}
