use super::*;

const GOOD: &str = r#"{"from":"me","sentAt":1,"at":2,"text":"hi"}"#;

fn file(version: u32, lines: &str) -> String {
    format!(r#"{{"format":"p2p-comm conversation","version":{version},"peer":"bob","lines":[{lines}]}}"#)
}

fn scanned(file: impl Read, kept: bool) -> Result<u64, Code> {
    scan(file, i64::MIN, kept).map(|scan| scan.import.lines).map_err(|error| error.code)
}

/// A file of so many lines that nobody has to write.
struct Long {
    left: u64,
    at: usize,
    bytes: Vec<u8>,
}

impl Long {
    fn of(lines: u64) -> Self {
        let begin = file(1, "").trim_end_matches("]}").to_owned();
        Self { left: lines, at: 0, bytes: begin.into_bytes() }
    }
}

impl Read for Long {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.bytes.len() && self.left > 0 {
            self.left -= 1;
            self.at = 0;
            self.bytes = format!("{GOOD}{}", if self.left > 0 { "," } else { "]}" }).into_bytes();
        }
        let count = (&self.bytes[self.at..]).read(buffer)?;
        self.at += count;
        Ok(count)
    }
}

#[test]
fn a_file_that_is_wrong_anywhere_gives_nothing() {
    assert_eq!(scanned(file(1, GOOD).as_bytes(), false), Ok(1));
    assert_eq!(scanned(file(1, "").as_bytes(), false), Ok(0));
    for bad in [
        r#"{"from":"me","sentAt":1,"at":2}"#,
        r#"{"from":"me","sentAt":1,"at":2,"text":" "}"#,
        r#"{"from":"me","sentAt":1,"at":2,"text":"hi","url":"https://e.org"}"#,
        r#"{"from":"me","sentAt":1,"at":2,"url":"file:///etc/passwd"}"#,
        r#"{"from":"app","sentAt":1,"at":2,"text":"hi"}"#,
        r#"{"from":"me","sentAt":"1","at":2,"text":"hi"}"#,
    ] {
        assert_eq!(scanned(file(1, &format!("{GOOD},{bad}")).as_bytes(), true), Err(Code::InvalidExport), "{bad}");
    }
    for bad in
        [file(2, GOOD), file(1, GOOD) + "x", file(1, GOOD).replace("peer", "p"), file(1, GOOD).replace("lines", "l")]
    {
        assert_eq!(scanned(bad.as_bytes(), true), Err(Code::InvalidExport), "{bad}");
    }
    assert_eq!(scanned(file(1, GOOD).replace("bob", "").as_bytes(), true), Ok(1), "of nobody");
    assert_eq!(scanned(&b"[]"[..], false), Err(Code::InvalidExport));
}

#[test]
fn a_file_of_any_length_is_read_and_no_line_of_it_fills_the_memory() {
    let many = limits::LINES as u64 + 1;
    assert_eq!(scanned(Long::of(many), true), Ok(many));
    assert_eq!(scan(Long::of(many), i64::MIN, true).unwrap().tail.len(), TAIL);
    let endless = file(1, "").replace("]}", r#"{"from":"me","sentAt":1,"at":2,"text":""#);
    let endless = std::io::Cursor::new(endless).chain(std::io::repeat(b'x'));
    assert_eq!(scanned(endless, true), Err(Code::InvalidExport));
}

#[test]
fn what_memory_cannot_hold_is_too_large_and_not_damaged() {
    assert_eq!(scanned(Long::of(limits::LINES as u64), false), Ok(limits::LINES as u64));
    // As soon as that is known: the end never comes.
    let mut long = Long::of(u64::MAX);
    assert_eq!(scanned(&mut long, false), Err(Code::ImportTooLarge));
}

#[test]
fn only_what_is_not_too_old_counts() {
    let old = GOOD.replace("\"at\":2", "\"at\":1");
    let Import { lines, too_old, kept, from } =
        scan(file(1, &format!("{old},{GOOD}")).as_bytes(), 1, true).unwrap().import;
    assert_eq!((lines, too_old, kept, from.as_str()), (1, 1, true, "bob"));
}
