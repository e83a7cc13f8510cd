//! Where log lines go: standard error, and a ring in memory that the person can copy.

use p2p_comm_model::limits;
use p2p_comm_net::LOG_TARGETS_WITH_ADDRESSES;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

/// The newest lines, in memory only.
#[derive(Clone, Default)]
struct Ring(Arc<Mutex<VecDeque<String>>>);

static RING: OnceLock<Ring> = OnceLock::new();

/// Sets up logging for the whole process. `RUST_LOG` chooses the level; without it, `default` does for standard error. The
/// ring always takes `info` and above of our own crates. Libraries that log addresses stay off.
pub fn init(default: &str) {
    let ring = RING.get_or_init(Ring::default).clone();
    let stderr = fmt::layer().with_writer(io::stderr).with_filter(quiet(filter(default)));
    let memory = fmt::layer().with_writer(ring).with_ansi(false).with_filter(quiet(filter("info")));
    let _ = tracing_subscriber::registry().with(stderr).with(memory).try_init();
}

/// The newest log lines, oldest first.
pub fn recent() -> Vec<String> {
    let Some(ring) = RING.get() else { return Vec::new() };
    ring.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
}

fn filter(default: &str) -> EnvFilter {
    EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default))
}

fn quiet(mut filter: EnvFilter) -> EnvFilter {
    for target in LOG_TARGETS_WITH_ADDRESSES {
        if let Ok(directive) = format!("{target}=off").parse() {
            filter = filter.add_directive(directive);
        }
    }
    filter
}

impl Write for Ring {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() >= limits::LOG_LINES {
            lines.pop_front();
        }
        lines.push_back(String::from_utf8_lossy(line).trim_end().to_owned());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Ring {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_keeps_the_newest_lines() {
        let mut ring = Ring::default();
        for n in 0..limits::LOG_LINES + 3 {
            ring.write_all(format!("line {n}\n").as_bytes()).unwrap();
        }
        let lines = ring.0.lock().unwrap();
        assert_eq!((lines.len(), lines.front().map(String::as_str)), (limits::LOG_LINES, Some("line 3")));
    }
}
