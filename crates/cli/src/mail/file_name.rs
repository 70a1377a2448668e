//! Names that are safe to write to, whatever a message calls its attachment.

/// Longest name, in octets: file systems take 255, and others add to it.
const LONGEST: usize = 120;

/// The name without folders, control characters, and what some system treats as special; `None`
/// where nothing is left.
pub fn safe(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last
        .chars()
        .filter(|c| !c.is_control() && !is_bidirectional(*c))
        .map(|c| if "<>:\"|?*".contains(c) { '_' } else { c })
        .collect();
    // Leading dots hide a file, trailing ones vanish on some systems; a hyphen looks like an option.
    let kept = kept.trim_start_matches(['.', '-', ' ']).trim_end_matches(['.', ' ']);
    (!kept.is_empty()).then(|| shorten(kept))
}

/// Cut in the middle, so that the ending stays.
fn shorten(name: &str) -> String {
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let dot = name.rfind('.').filter(|dot| name.len() - dot <= 16);
    let ending = dot.map_or("", |dot| &name[dot..]);
    format!("{}{ending}", &name[..name.floor_char_boundary(LONGEST - ending.len())])
}

/// Makes `exe.txt` look like another ending.
fn is_bidirectional(c: char) -> bool {
    matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::safe;

    /// An attachment must not write outside of its folder, nor over what is hidden there.
    #[test]
    fn names_stay_in_their_folder() {
        for (name, wanted) in [
            ("report.pdf", Some("report.pdf")),
            ("../../.ssh/authorized_keys", Some("authorized_keys")),
            ("..\\..\\boot.ini", Some("boot.ini")),
            ("/etc/passwd", Some("passwd")),
            (".bashrc", Some("bashrc")),
            ("..", None),
            ("a/", None),
            ("", None),
            ("-rf", Some("rf")),
            ("a\0b\x1b[2J\n.txt", Some("ab[2J.txt")),
            ("c:x?.txt ", Some("c_x_.txt")),
            ("photo\u{202E}gpj.exe", Some("photogpj.exe")),
        ] {
            assert_eq!(safe(name).as_deref(), wanted, "{name:?}");
        }
        let long = safe(&format!("{}.pdf", "ä".repeat(300))).unwrap();
        assert!(long.len() <= super::LONGEST && long.ends_with(".pdf"), "{long}");
    }
}
