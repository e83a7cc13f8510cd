//! `echo`: the peer to try things with, as the one built into the window.

use crate::failure::Failure;
use crate::listen::follow;
use crate::node::Node;
use crate::output::Output;
use p2p_comm_engine::{accept_everyone, answer_calls, answer_everyone};

/// Runs until it fails; a signal drops it.
pub(crate) async fn run(node: Node, out: &mut Output) -> Result<(), Failure> {
    node.announce(out).await?;
    let handle = node.handle.clone();
    tokio::select! {
        accepted = accept_everyone(handle.clone()) => Ok(accepted?),
        answered = answer_everyone(handle.clone()) => Ok(answered?),
        called = answer_calls(handle) => Ok(called?),
        followed = follow(node, out) => followed,
    }
}
