//! Small pictures and documents for the sample mail, real enough for a viewer to show them.

use super::Random;

/// Pixels on each side of a picture.
const SIDE: usize = 24;

/// A PNG picture (ISO/IEC 15948): a field of two colours that run into each other.
pub(super) fn png(random: &mut Random) -> Vec<u8> {
    let (first, second) = (random.colour(), random.colour());
    let mut rows = Vec::with_capacity(SIDE * (1 + 3 * SIDE));
    for y in 0..SIDE {
        rows.push(0); // filter type "none"
        for x in 0..SIDE {
            let share = (x + y) * 255 / (2 * SIDE);
            for (a, b) in first.iter().zip(second) {
                let mixed = (usize::from(*a) * (255 - share) + usize::from(b) * share) / 255;
                rows.push(u8::try_from(mixed).unwrap_or(u8::MAX));
            }
        }
    }
    let side = u32::try_from(SIDE).unwrap_or_default().to_be_bytes();
    let mut header = [side, side].concat();
    header.extend([8, 2, 0, 0, 0]); // 8 bits, RGB, no interlacing
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut file, b"IHDR", &header);
    chunk(&mut file, b"IDAT", &zlib_stored(&rows));
    chunk(&mut file, b"IEND", &[]);
    file
}

/// A PDF document of one page with a line of text.
pub(super) fn pdf(line: &str) -> Vec<u8> {
    let line: String = line.chars().filter(|c| c.is_ascii_alphanumeric() || *c == ' ').collect();
    let drawing = format!("BT /F1 18 Tf 72 720 Td ({line}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{drawing}\nendstream", drawing.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut file = String::from("%PDF-1.4\n");
    let mut table = String::from("0000000000 65535 f \n");
    for (number, object) in objects.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n \n", file.len()));
        file.push_str(&format!("{} 0 obj\n{object}\nendobj\n", number + 1));
    }
    let start = file.len();
    let size = objects.len() + 1;
    file.push_str(&format!(
        "xref\n0 {size}\n{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    ));
    file.into_bytes()
}

fn chunk(file: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    file.extend(u32::try_from(data.len()).unwrap_or_default().to_be_bytes());
    file.extend(kind);
    file.extend(data);
    file.extend(crc32(kind.iter().chain(data)).to_be_bytes());
}

/// A zlib stream (RFC 1950) of one stored block (RFC 1951 §3.2.4): at most 65,535 octets.
fn zlib_stored(data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap_or(u16::MAX);
    let mut stream = vec![0x78, 0x01, 0x01];
    stream.extend(length.to_le_bytes());
    stream.extend((!length).to_le_bytes());
    stream.extend(data);
    let (mut a, mut b) = (1u32, 0u32);
    for octet in data {
        a = (a + u32::from(*octet)) % 65_521;
        b = (b + a) % 65_521;
    }
    stream.extend((b << 16 | a).to_be_bytes());
    stream
}

fn crc32<'a>(data: impl Iterator<Item = &'a u8>) -> u32 {
    !data.fold(u32::MAX, |crc, octet| {
        (0..8).fold(crc ^ u32::from(*octet), |crc, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_the_known_ones() {
        assert_eq!(crc32(b"123456789".iter()), 0xCBF4_3926);
        assert!(zlib_stored(b"Wikipedia").ends_with(&[0x11, 0xE6, 0x03, 0x98]));
    }

    #[test]
    fn files_begin_and_end_as_their_kind_does() {
        let picture = png(&mut Random::new(1));
        assert!(picture.starts_with(b"\x89PNG") && picture.ends_with(b"IEND\xAE\x42\x60\x82"));
        let document = pdf("Hello (there)");
        assert!(document.starts_with(b"%PDF") && document.ends_with(b"%%EOF\n"));
    }
}
