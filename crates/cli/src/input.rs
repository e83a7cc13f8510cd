use p2p_comm_engine::limits;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader, Stdin, stdin};

/// The lines of standard input. A line without end takes no more memory than the longest message.
pub(crate) struct Lines<R = Stdin> {
    reader: BufReader<R>,
    /// What was read of the line under way.
    partial: Vec<u8>,
    /// The line under way is longer than a message may be; the rest of it is thrown away.
    too_long: bool,
    number: u64,
}

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// One line, without its line break.
    Line(String),
    /// A line that is longer than a message may be.
    TooLong,
    /// A line that is not text.
    NotUtf8,
    /// The end, or reading failed.
    End,
}

impl Lines {
    pub(crate) fn new() -> Self {
        Self::from_reader(stdin())
    }
}

impl<R: AsyncRead + Unpin> Lines<R> {
    fn from_reader(reader: R) -> Self {
        Self { reader: BufReader::new(reader), partial: Vec::new(), too_long: false, number: 0 }
    }

    /// The number of the line read last, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The next line. Cancel safe: what was read stays here.
    pub(crate) async fn next(&mut self) -> Read {
        loop {
            let bytes = match self.reader.fill_buf().await {
                Ok(bytes) => bytes,
                Err(error) => {
                    tracing::warn!(%error, "standard input cannot be read");
                    return Read::End;
                }
            };
            if bytes.is_empty() {
                return if self.partial.is_empty() && !self.too_long { Read::End } else { self.line() };
            }
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let part = &bytes[..end.unwrap_or(bytes.len())];
            let used = part.len() + usize::from(end.is_some());
            // A carriage return may follow the longest text.
            if self.partial.len() + part.len() > limits::TEXT + 1 {
                self.too_long = true;
                self.partial.clear();
            } else if !self.too_long {
                self.partial.extend_from_slice(part);
            }
            self.reader.consume(used);
            if end.is_some() {
                return self.line();
            }
        }
    }

    fn line(&mut self) -> Read {
        self.number += 1;
        if std::mem::take(&mut self.too_long) {
            return Read::TooLong;
        }
        if self.partial.ends_with(b"\r") {
            self.partial.pop();
        }
        String::from_utf8(std::mem::take(&mut self.partial)).map_or(Read::NotUtf8, Read::Line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(input: &[u8]) -> Vec<Read> {
        let mut lines = Lines::from_reader(input);
        let mut all = Vec::new();
        loop {
            match lines.next().await {
                Read::End => return all,
                read => all.push(read),
            }
        }
    }

    fn line(text: &str) -> Read {
        Read::Line(text.to_owned())
    }

    #[tokio::test]
    async fn both_kinds_of_line_breaks_are_cut_and_the_last_one_may_be_missing() {
        assert_eq!(read(b"one\ntwo\r\n\nthree").await, [line("one"), line("two"), line(""), line("three")]);
        assert_eq!(read(b"").await, []);
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_or_no_text_spoils_only_itself() {
        let long = vec![b'x'; 3 * limits::TEXT];
        let input = [&long[..], b"\nshort\n\xff\n", &long[..limits::TEXT], b"\r\n", &long[..]].concat();
        let whole = line(&"x".repeat(limits::TEXT));
        assert_eq!(read(&input).await, [Read::TooLong, line("short"), Read::NotUtf8, whole, Read::TooLong]);
    }
}
