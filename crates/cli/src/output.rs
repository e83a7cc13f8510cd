use crate::event::Event;
use crate::failure::Failure;
use std::io::Write as _;
use std::time::Instant;
use tokio::io::{AsyncWriteExt as _, Stdout, stdout};

/// Everything that this program prints: events on standard output, as JSON or in words, the reason of a failure on
/// standard error. Log lines go their own way.
pub(crate) struct Output {
    json: bool,
    started: Instant,
    /// Lines that were not handed to the system yet.
    pending: Vec<u8>,
    stdout: Stdout,
}

impl Output {
    pub(crate) fn new(json: bool, started: Instant) -> Self {
        Self { json, started, pending: Vec::new(), stdout: stdout() }
    }

    /// Adds an event; [`Output::flush`] puts it out.
    pub(crate) fn put(&mut self, event: &Event<'_>) {
        let line = if self.json {
            let at = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
            Some(event.json(at))
        } else {
            event.words()
        };
        if let Some(line) = line {
            // Writing to memory does not fail.
            let _ = writeln!(self.pending, "{line}");
        }
    }

    /// Waits until the system has taken everything. Never blocks the thread, however slow the reader is.
    pub(crate) async fn flush(&mut self) -> Result<(), Failure> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let written = match self.stdout.write_all(&self.pending).await {
            Ok(()) => self.stdout.flush().await,
            error => error,
        };
        self.pending.clear();
        written.map_err(|_| Failure::OutputClosed)
    }

    /// Says why the run failed, on both ways.
    pub(crate) async fn fail(&mut self, failure: &Failure) {
        // Standard error may be gone, too; the exit code still tells.
        let _ = writeln!(std::io::stderr(), "error: {}: {failure}", failure.code());
        self.put(&Event::Failed(failure));
        let _ = self.flush().await;
    }
}
