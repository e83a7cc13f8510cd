//! `send` and `link`: one direction, done when everything is acknowledged.

use crate::args::To;
use crate::courier::{Courier, Draft, Tally};
use crate::failure::Failure;
use crate::input::{Lines, Read};
use crate::node::Node;
use crate::output::Output;
use p2p_comm_engine::Code;

/// Where the messages come from.
pub(crate) enum Source {
    /// The command line; empty once it was sent.
    One(Option<Draft>),
    /// Standard input, line by line.
    Lines(Lines),
}

impl From<Draft> for Source {
    fn from(draft: Draft) -> Self {
        Self::One(Some(draft))
    }
}

impl Source {
    /// The next message; none at the end. Cancel safe.
    async fn next(&mut self) -> Result<Option<Draft>, Failure> {
        let lines = match self {
            Self::One(draft) => return Ok(draft.take()),
            Self::Lines(lines) => lines,
        };
        loop {
            return match lines.next().await {
                Read::Line(line) if line.trim().is_empty() => continue,
                Read::Line(line) => Ok(Some(Draft::Text(line))),
                Read::TooLong => Err(Failure::Line { code: Code::MessageTooLong, number: lines.number() }),
                Read::NotUtf8 => Err(Failure::NotUtf8 { number: lines.number() }),
                Read::End => Ok(None),
            };
        }
    }

    /// Names the line that the engine did not take.
    fn refused(&self, error: p2p_comm_engine::Error) -> Failure {
        match (self, error.code) {
            (Self::Lines(lines), code @ (Code::MessageTooLong | Code::MessageEmpty)) => {
                Failure::Line { code, number: lines.number() }
            }
            _ => error.into(),
        }
    }
}

/// Sends everything and waits until the other side's app has it.
pub(crate) async fn run(
    mut node: Node,
    to: &To,
    mut source: Source,
    tally: &Tally,
    out: &mut Output,
) -> Result<(), Failure> {
    let peer = node.add(to).await?;
    let mut courier = Courier::new(&node.handle, peer, tally, Some(to.timeout()));
    let (mut ended, mut result) = (false, Ok(()));
    while !(ended && courier.is_done()) {
        tokio::select! {
            next = source.next(), if !ended && courier.has_room() => match next {
                Ok(Some(draft)) => {
                    if let Err(error) = courier.send(draft).await {
                        (ended, result) = (true, Err(source.refused(error)));
                    }
                }
                Ok(None) => ended = true,
                // What came before still has to arrive.
                Err(failure) => (ended, result) = (true, Err(failure)),
            },
            progress = courier.progress() => {
                progress?;
                courier.try_held().await?;
                out.put(&courier.delivery());
                flush(out).await?;
            }
            changes = node.feed.changed() => {
                match node.feed.show(changes, out).await {
                    // The work is to deliver, also when nobody watches.
                    Err(Failure::OutputClosed) => {}
                    shown => shown?,
                }
                courier.observe(node.feed.state(peer))?;
            }
        }
    }
    result
}

async fn flush(out: &mut Output) -> Result<(), Failure> {
    match out.flush().await {
        Err(Failure::OutputClosed) => Ok(()),
        flushed => flushed,
    }
}
