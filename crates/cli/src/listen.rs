//! `listen`: prints what happens, until ended.

use crate::args::Listen;
use crate::failure::Failure;
use crate::node::Node;
use crate::output::Output;
use p2p_comm_engine::{accept_everyone, answer_calls};
use std::future::pending;
use std::time::Duration;
use tokio::time::interval;

/// How often the measurements of a call are printed.
pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// Runs until it fails; a signal drops it.
pub(crate) async fn run(node: Node, listen: &Listen, out: &mut Output) -> Result<(), Failure> {
    node.announce(out).await?;
    let handle = node.handle.clone();
    let accept = async {
        match listen.accept_anyone {
            true => accept_everyone(handle.clone()).await,
            false => pending().await,
        }
    };
    let answer = async {
        match listen.auto_answer {
            true => answer_calls(handle.clone()).await,
            false => pending().await,
        }
    };
    tokio::select! {
        accepted = accept => Ok(accepted?),
        answered = answer => Ok(answered?),
        followed = follow(node, out) => followed,
    }
}

/// Prints what happens, for ever.
pub(crate) async fn follow(mut node: Node, out: &mut Output) -> Result<(), Failure> {
    let mut seconds = interval(SECOND);
    loop {
        tokio::select! {
            changes = node.feed.changed() => node.feed.show(changes, out).await?,
            _ = seconds.tick() => node.feed.show_voice(out).await?,
        }
    }
}
