//! The text of a YAML file, decoded as kubectl decodes it (go.yaml.in/yaml/v2, `readerc.go`): UTF-8, or UTF-16 with a
//! byte order mark, which is what `>` writes in Windows PowerShell.

use zeroize::Zeroize;

/// Decodes a file. A byte order mark at its start is left out.
///
/// # Errors
/// Where the bytes are not valid in their encoding.
pub(crate) fn decode(bytes: Vec<u8>) -> Result<String, String> {
    match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => utf8(bytes),
    }
}

fn utf8(bytes: Vec<u8>) -> Result<String, String> {
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = memchr::memchr_iter(b'\n', valid).count();
        error.into_bytes().zeroize();
        format!("line {}: not valid UTF-8", line + 1)
    })?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err("not valid UTF-16: it ends in the middle of a character".to_owned());
    }
    // Capacity for the longest text, so that no copy of a key is left behind by growing.
    let mut text = String::with_capacity(bytes.len() / 2 * 3);
    for decoded in char::decode_utf16(pairs.iter().copied().map(unit)) {
        let Ok(c) = decoded else {
            let line = text.matches('\n').count() + 1;
            text.zeroize();
            return Err(format!("line {line}: not valid UTF-16"));
        };
        text.push(c);
    }
    Ok(text)
}

/// Refuses characters that kubectl refuses, and those that it reads as a line break or skips and other programs do not:
/// the content of the file would depend on its reader.
///
/// # Errors
/// The first such character, and in which line it is.
pub(crate) fn check_characters(text: &str) -> Result<(), String> {
    for (number, line) in text.split('\n').enumerate() {
        let Some(c) = line.chars().find(|c| !is_accepted(*c)) else { continue };
        let why = match c {
            '\u{85}' | '\u{2028}' | '\u{2029}' => "is a line break in YAML 1.1 only; write it as an escape in quotes",
            '\u{feff}' => "is a byte order mark and not at the start of the file",
            _ => "is not allowed in YAML",
        };
        return Err(format!("line {}: the character U+{:04X} {why}", number + 1, u32::from(c)));
    }
    Ok(())
}

const fn is_accepted(c: char) -> bool {
    match c {
        '\u{2028}' | '\u{2029}' | '\u{feff}' => false,
        '\t' | '\r' | '\n' | ' '..='~' | '\u{a0}'..='\u{fffd}' => true,
        c => c as u32 >= 0x1_0000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn decodes_utf_8_and_utf_16_with_their_byte_order_marks() {
        let text = "a: 'é花😀'\r\n";
        let marked = format!("\u{feff}{text}");
        for bytes in [
            text.as_bytes().to_vec(),
            marked.as_bytes().to_vec(),
            utf16(&marked, u16::to_le_bytes),
            utf16(&marked, u16::to_be_bytes),
        ] {
            assert_eq!(decode(bytes).unwrap(), text);
        }
        assert_eq!(decode(b"\xff\xfe".to_vec()).unwrap(), "");
    }

    #[test]
    fn an_invalid_encoding_is_named_with_its_line() {
        for (bytes, wanted) in [
            (b"a\nb\xe9\n".to_vec(), "line 2: not valid UTF-8"),
            (b"\xff\xfea\0\n\0\x00\xd8b\0".to_vec(), "line 2: not valid UTF-16"),
            (b"\xff\xfea".to_vec(), "not valid UTF-16: it ends in the middle of a character"),
        ] {
            assert_eq!(decode(bytes).unwrap_err(), wanted);
        }
    }

    #[test]
    fn characters_whose_meaning_depends_on_the_reader_are_refused_with_their_line() {
        for (text, wanted) in [
            ("a\nb\0", "line 2: the character U+0000 is not allowed"),
            ("\u{7f}", "line 1: the character U+007F is not allowed"),
            ("\u{ffff}", "U+FFFF is not allowed"),
            ("# \u{2028}x", "U+2028 is a line break in YAML 1.1 only"),
            ("\u{85}", "U+0085 is a line break"),
            ("a\u{feff}", "U+FEFF is a byte order mark"),
        ] {
            let error = check_characters(text).unwrap_err();
            assert!(error.contains(wanted), "{error}");
        }
        check_characters("\t\r\n é\u{a0}\u{fffd}\u{10ffff}").unwrap();
    }
}
