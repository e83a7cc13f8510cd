use crate::baseline::Echo;
use crate::people::{Bob, LOOPBACK, bob, connect, runtime, until_connected};
use crate::{Figure, Result, percentile};
use p2p_comm_engine::{Code, Engine, Handle, Options, PeerId};
use std::time::Instant;

const ROUND_TRIPS: usize = 10_000;
/// Ours and the baseline take turns in blocks, so that both see the same noise.
const BLOCK: usize = 500;
const MESSAGES: usize = 200_000;
const TEXT: &str =
    "A message of about a hundred bytes, which is what people write to each other when they chat online.";

/// From sending until the peer's app has acknowledged, against a raw QUIC echo.
pub(crate) fn round_trip() -> Result<Vec<Figure>> {
    runtime()?.block_on(async {
        let (alice, peer, _bob) = alice_and_bob().await?;
        let mut echo = Echo::start().await?;
        for _ in 0..BLOCK {
            message(&alice, peer).await?;
            echo.round_trip().await?;
        }
        let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUND_TRIPS / BLOCK {
            let (mut block, mut baseline) = (Vec::new(), Vec::new());
            for _ in 0..BLOCK {
                block.push(message(&alice, peer).await?);
            }
            for _ in 0..BLOCK {
                baseline.push(echo.round_trip().await?.as_secs_f64() * 1e6);
            }
            ratios.push(percentile(&mut block, 0.5) / percentile(&mut baseline, 0.5));
            ours.append(&mut block);
            theirs.append(&mut baseline);
        }
        let n = ours.len();
        Ok(vec![
            Figure { name: "message_rtt_p50_us", value: percentile(&mut ours, 0.5), unit: "us", n },
            Figure { name: "message_rtt_p99_us", value: percentile(&mut ours, 0.99), unit: "us", n },
            Figure { name: "quic_rtt_p50_us", value: percentile(&mut theirs, 0.5), unit: "us", n },
            Figure {
                name: "message_rtt_ratio_to_quic",
                value: percentile(&mut ratios, 0.5),
                unit: "ratio",
                n: ROUND_TRIPS / BLOCK,
            },
        ])
    })
}

/// One way, as fast as it goes, until the last one is acknowledged.
pub(crate) fn one_way() -> Result<Vec<Figure>> {
    runtime()?.block_on(async {
        let (alice, peer, _bob) = alice_and_bob().await?;
        let began = Instant::now();
        let mut last = None;
        for _ in 0..MESSAGES {
            last = Some(send(&alice, peer, last).await?);
        }
        if let Some(receipt) = last {
            receipt.delivered().await?;
        }
        let value = MESSAGES as f64 / began.elapsed().as_secs_f64();
        Ok(vec![Figure { name: "messages_per_s", value, unit: "1/s", n: MESSAGES }])
    })
}

/// Sends; if too much waits already, waits for what was sent last.
async fn send(
    alice: &Handle,
    peer: PeerId,
    last: Option<p2p_comm_engine::Receipt>,
) -> Result<p2p_comm_engine::Receipt> {
    match alice.send_text(peer, TEXT).await {
        Err(error) if error.code == Code::QueueFull => {
            if let Some(last) = last {
                last.delivered().await?;
            }
            Ok(alice.send_text(peer, TEXT).await?)
        }
        sent => Ok(sent?),
    }
}

async fn message(alice: &Handle, peer: PeerId) -> Result<f64> {
    let began = Instant::now();
    alice.send_text(peer, TEXT).await?.delivered().await?;
    Ok(began.elapsed().as_secs_f64() * 1e6)
}

async fn alice_and_bob() -> Result<(Handle, PeerId, Bob)> {
    let (bob, address) = bob().await?;
    let alice = Engine::spawn(Options::default());
    connect(&alice, "alice", LOOPBACK).await?;
    let peer = alice.add_peer("bob", vec![address]).await?;
    until_connected(&alice, peer).await?;
    Ok((alice, peer, bob))
}
