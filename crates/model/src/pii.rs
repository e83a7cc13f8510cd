use std::fmt;

/// Something that names a person (a name, an address), on its way into a log line.
///
/// Prints `<hidden>` unless the build has debug assertions *and* the format is the alternate one (`{:#}`), so a
/// shipped program cannot print it at all. Idea: str0m's `Pii`.
#[derive(Clone, Copy)]
pub struct Pii<T>(pub T);

impl<T: fmt::Display> fmt::Display for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if cfg!(debug_assertions) && f.alternate() { self.0.fmt(f) } else { f.write_str("<hidden>") }
    }
}

impl<T: fmt::Display> fmt::Debug for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_log_line_hides_the_value() {
        assert_eq!(format!("{} {:?}", Pii("alice"), Pii("bob")), "<hidden> <hidden>");
    }
}
