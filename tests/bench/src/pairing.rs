use crate::people::{bob, connect, runtime, until_connected};
use crate::{Figure, Result, percentile};
use p2p_comm_engine::{Engine, Options};
use std::time::Instant;

const PAIRINGS: u8 = 30;

/// From adding a peer until both have added each other: QUIC, key derivation, pairing, consent.
pub(crate) fn pairing() -> Result<Vec<Figure>> {
    runtime()?.block_on(async {
        let (_bob, address) = bob().await?;
        let mut times = Vec::new();
        for n in 1..=PAIRINGS {
            // A new alice at a new address each time: she has derived nothing for bob's salt yet, and he does not take
            // her for one who came back.
            let alice = Engine::spawn(Options::default());
            connect(&alice, "alice", [127, 0, 2, n].into()).await?;
            let began = Instant::now();
            let peer = alice.add_peer("bob", vec![address.clone()]).await?;
            until_connected(&alice, peer).await?;
            times.push(began.elapsed().as_secs_f64() * 1e3);
            alice.disconnect().await?;
        }
        Ok(vec![Figure { name: "pairing_ms", value: percentile(&mut times, 0.5), unit: "ms", n: PAIRINGS.into() }])
    })
}
