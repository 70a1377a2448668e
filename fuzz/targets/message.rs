//! Any octets are a message: every part lies inside it, every section is found there, and the
//! stored form of its structure is read as the same again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use peregrine_mime::{SectionText, Structure, decode_header, header_fields, parse, sent_date};

fuzz_target!(|message: &[u8]| {
    let structure = parse(message);
    assert_eq!(Structure::from_bytes(&structure.to_bytes()), Some(structure.clone()));
    let _ = Structure::from_bytes(message);
    for part in 0..structure.parts.len() as u32 {
        let _ = (structure.content(message, part), structure.envelope(message, part));
        let _ = structure.decode_text(message, part);
    }
    let names: [&[u8]; 2] = [b"Subject", b"X"];
    let texts = [
        SectionText::Whole,
        SectionText::Header,
        SectionText::HeaderFields(&names),
        SectionText::HeaderFieldsNot(&names),
        SectionText::Text,
        SectionText::Mime,
    ];
    for path in [&[][..], &[1], &[2], &[1, 1], &[1, 2], &[2, 1, 1]] {
        for text in texts {
            if let Some(octets) = structure.section(message, path, text) {
                assert!(octets.len() <= message.len());
            }
        }
    }
    for field in header_fields(message) {
        let _ = decode_header(field.value);
    }
    let _ = sent_date(message);
});
