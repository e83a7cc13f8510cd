//! `call`: calls somebody and talks until one of the two hangs up or the time is over.

use crate::args::Call;
use crate::failure::Failure;
use crate::listen::SECOND;
use crate::node::Node;
use crate::output::Output;
use p2p_comm_engine::{CallEnd, CallPhase, Code, Handle};
use std::time::Duration;
use tokio::time::{Instant, interval, sleep_until};

/// Runs until the call is over; a signal drops it, and the goodbye hangs up.
pub(crate) async fn run(mut node: Node, call: &Call, out: &mut Output) -> Result<(), Failure> {
    let peer = node.add(&call.to).await?;
    let number = node.handle.start_call(peer).await?;
    let mut seconds = interval(SECOND);
    let mut hang_up: Option<Instant> = None;
    loop {
        tokio::select! {
            changes = node.feed.changed() => node.feed.show(changes, out).await?,
            _ = seconds.tick() => node.feed.show_voice(out).await?,
            () = at(hang_up) => {
                node.handle.end_call(number).await.or_else(|error| match error.code {
                    Code::NoCall => Ok(()),
                    _ => Err(error),
                })?;
                hang_up = None;
            }
        }
        if let (None, Some(span)) = (hang_up, call.span())
            && connected(&node.handle).await?
        {
            hang_up = Some(Instant::now() + span);
        }
        if let Some(record) = node.feed.ended.take() {
            return match record.seconds {
                Some(_) if record.end == CallEnd::HungUp => Ok(()),
                _ => Err(Failure::Call(record.end)),
            };
        }
    }
}

async fn connected(handle: &Handle) -> Result<bool, Failure> {
    let call = handle.current_call().await?;
    Ok(call.is_some_and(|call| matches!(call.phase, CallPhase::Active | CallPhase::Reconnecting)))
}

async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

impl Call {
    fn span(&self) -> Option<Duration> {
        self.seconds.map(|seconds| Duration::from_secs(seconds.into()))
    }
}
