//! `listen`: prints what happens, until ended.

use crate::failure::Failure;
use crate::node::Node;
use crate::output::Output;
use p2p_comm_engine::accept_everyone;
use std::future::pending;

/// Runs until it fails; a signal drops it.
pub(crate) async fn run(node: Node, accept_anyone: bool, out: &mut Output) -> Result<(), Failure> {
    node.announce(out).await?;
    let handle = node.handle.clone();
    let accept = async {
        match accept_anyone {
            true => accept_everyone(handle).await,
            false => pending().await,
        }
    };
    tokio::select! {
        accepted = accept => Ok(accepted?),
        followed = follow(node, out) => followed,
    }
}

/// Prints what happens, for ever.
pub(crate) async fn follow(mut node: Node, out: &mut Output) -> Result<(), Failure> {
    loop {
        let changes = node.feed.changed().await;
        node.feed.show(changes, out).await?;
    }
}
