use crate::people::{LOOPBACK, connect, until_connected};
use crate::{Figure, Result, percentile};
use p2p_comm_engine::media;
use p2p_comm_engine::{
    AudioSettings, CallPhase, Code, Engine, Handle, Hearing, Options, PeerAddress, PeerId, accept_everyone,
    answer_calls,
};
use p2p_comm_net::Config;
use p2p_comm_net::mem::{Link, Network};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How long a call is measured.
const SPAN: Duration = Duration::from_secs(20);
const DEADLINE: Duration = Duration::from_secs(60);
/// Messages a second beside the call.
const MESSAGES: u32 = 20_000;
const TEXT: &str =
    "A message of about a hundred bytes, which is what people write to each other when they chat online.";
const SEEDS: u64 = 5;
/// One way.
const PATH: Duration = Duration::from_millis(150);
/// Sound in a packet.
const PTIME: Duration = Duration::from_millis(10);
/// Bytes of a sealed packet with 10 ms of Opus at 32 kbit/s and three copies.
const PACKET: usize = 380;

/// From the voice thread to QUIC, while as many messages as nobody writes go the same way.
pub(crate) fn to_wire() -> Result<Vec<Figure>> {
    crate::people::runtime()?.block_on(async {
        let bob = Engine::spawn_thread(Options::default().with_sound(media::device::echo()))?;
        let address = connect(&bob, "bob", LOOPBACK).await?;
        let alice = Engine::spawn_thread(Options::default().with_sound(media::device::echo()))?;
        connect(&alice, "alice", LOOPBACK).await?;
        let (peer, _tasks) = call(&alice, &bob, address).await?;
        let began = Instant::now();
        let mut sent = 0u32;
        while began.elapsed() < SPAN {
            while f64::from(sent) < began.elapsed().as_secs_f64() * f64::from(MESSAGES) {
                sent += 1;
                match alice.send_text(peer, TEXT).await {
                    Err(error) if error.code != Code::QueueFull => return Err(error.into()),
                    _ => {}
                }
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let value = alice.voice_wait_us(0.99).await?.ok_or("no packet was sent")?;
        Ok(vec![Figure { name: "voice_thread_to_wire_p99_us", value, unit: "us", n: packets() }])
    })
}

/// How long a packet waits in QUIC at 30 % loss and a round trip of 300 ms: the time beyond that of the path.
pub(crate) fn send_wait() -> Result<Vec<Figure>> {
    let (mut medians, mut n) = (Vec::new(), 0);
    for seed in 1..=SEEDS {
        let mut waits = crate::people::runtime()?.block_on(waits(seed))?;
        n += waits.len();
        medians.push(percentile(&mut waits, 0.99));
    }
    Ok(vec![Figure { name: "voice_send_wait_p99_ms", value: percentile(&mut medians, 0.5), unit: "ms", n }])
}

/// The wait of each packet of [`SPAN`] that arrived, ms.
async fn waits(seed: u64) -> Result<Vec<f64>> {
    let network = Network::new(seed);
    let host = |n| IpAddr::from(Ipv4Addr::new(10, 0, 0, n));
    let (alice, bob) = (network.endpoint(host(1), Config::default())?, network.endpoint(host(2), Config::default())?);
    let accept = async { bob.accept().await.ok_or("closed")?.accept().await.map_err(|_| "no connection") };
    let to_bob = SocketAddr::new(host(2), bob.local_port());
    let (alice, bob) = tokio::join!(alice.connect(to_bob), accept);
    let (alice, bob) = (alice?, bob?);
    alice.proven();
    bob.proven();
    network.set_both(host(1), host(2), Link { delay: PATH, loss: 0.3, ..Link::default() });
    let start = Instant::now();
    let talk = async {
        let mut ticks = tokio::time::interval(PTIME);
        while start.elapsed() < SPAN {
            ticks.tick().await;
            alice.balance(true);
            let mut datagram = vec![0; PACKET];
            datagram[..8].copy_from_slice(&(start.elapsed().as_micros() as u64).to_be_bytes());
            alice.send_datagram(datagram.into())?;
        }
        Ok::<_, Box<dyn std::error::Error>>(())
    };
    let mut waits = Vec::new();
    let listen = async {
        while let Ok(datagram) = bob.read_datagram().await {
            let came = start.elapsed();
            if let Some(sent) = datagram.first_chunk() {
                let path = Duration::from_micros(u64::from_be_bytes(*sent)) + PATH;
                waits.push(came.saturating_sub(path).as_secs_f64() * 1000.0);
            }
        }
    };
    tokio::select! {
        talked = talk => talked?,
        () = listen => return Err("the connection ended".into()),
    }
    Ok(waits)
}

/// Alice calls bob, who accepts; both hear each other.
async fn call(alice: &Handle, bob: &Handle, address: PeerAddress) -> Result<(PeerId, JoinSet<()>)> {
    let mut tasks = JoinSet::new();
    for handle in [alice, bob] {
        handle.set_audio_settings(AudioSettings::unprocessed()).await?;
    }
    let (accepting, answering) = (bob.clone(), bob.clone());
    tasks.spawn(async move { drop(accept_everyone(accepting).await) });
    tasks.spawn(async move { drop(answer_calls(answering).await) });
    let peer = alice.add_peer("bob", vec![address]).await?;
    until_connected(alice, peer).await?;
    alice.start_call(peer).await?;
    let heard = async {
        loop {
            let call = alice.current_call().await?;
            if call.is_some_and(|call| call.phase == CallPhase::Active && call.hearing == Hearing::Heard) {
                return Ok::<_, p2p_comm_engine::Error>(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(DEADLINE, heard).await??;
    Ok((peer, tasks))
}

/// In [`SPAN`].
fn packets() -> usize {
    SPAN.as_millis() as usize / 10
}
