//! A bad network between two programs: a UDP relay that loses packets, the same ones for the same seed and order.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// It ends by itself after this long, whatever happens to the test.
const LIFE: Duration = Duration::from_secs(600);
/// How long a thread waits for a packet before it looks whether it shall end.
const TICK: Duration = Duration::from_millis(100);
const CALLERS: usize = 8;
const PACKET: usize = 64 * 1024;

/// Passes packets on from its port to another and back; ends when dropped.
pub(crate) struct Relay {
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    stop: AtomicBool,
    deadline: Instant,
    /// Packets of 100 that are lost, in each direction.
    loss: u64,
    passed: AtomicU64,
    lost: AtomicU64,
}

impl Relay {
    pub(crate) fn start(to: u16, loss: u64, seed: u64) -> Self {
        let socket = socket();
        let port = socket.local_addr().unwrap().port();
        let (stop, passed, lost) = Default::default();
        let shared = Arc::new(Shared { stop, deadline: Instant::now() + LIFE, loss, passed, lost });
        let of_thread = shared.clone();
        std::thread::spawn(move || forward(&Arc::new(socket), to, seed, &of_thread));
        Self { port, shared }
    }

    /// Packets passed on and packets lost, so far.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.shared.passed.load(Ordering::Relaxed), self.shared.lost.load(Ordering::Relaxed))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }
}

impl Shared {
    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed) && Instant::now() < self.deadline
    }

    fn pass(&self, dice: &mut Dice, send: impl FnOnce() -> std::io::Result<usize>) {
        if dice.percent() < self.loss {
            self.lost.fetch_add(1, Ordering::Relaxed);
        } else if send().is_ok() {
            self.passed.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// From the callers to the other side; each caller gets a socket and a thread for the way back.
fn forward(socket: &Arc<UdpSocket>, to: u16, seed: u64, shared: &Arc<Shared>) {
    let to = SocketAddr::from((Ipv4Addr::LOCALHOST, to));
    let mut dice = Dice(seed);
    let mut callers: BTreeMap<SocketAddr, Arc<UdpSocket>> = BTreeMap::new();
    let mut packet = vec![0; PACKET];
    while shared.goes_on() {
        let Ok((length, from)) = socket.recv_from(&mut packet) else { continue };
        if !callers.contains_key(&from) && callers.len() < CALLERS {
            let own = Arc::new(self::socket());
            callers.insert(from, own.clone());
            let (socket, shared, seed) = (socket.clone(), shared.clone(), seed + callers.len() as u64);
            std::thread::spawn(move || back(&own, &socket, from, seed, &shared));
        }
        if let Some(own) = callers.get(&from) {
            shared.pass(&mut dice, || own.send_to(&packet[..length], to));
        }
    }
}

fn back(own: &UdpSocket, socket: &UdpSocket, caller: SocketAddr, seed: u64, shared: &Shared) {
    let mut dice = Dice(seed);
    let mut packet = vec![0; PACKET];
    while shared.goes_on() {
        let Ok((length, _)) = own.recv_from(&mut packet) else { continue };
        shared.pass(&mut dice, || socket.send_to(&packet[..length], caller));
    }
}

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.set_read_timeout(Some(TICK)).unwrap();
    socket
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Dice(u64);

impl Dice {
    fn percent(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % 100
    }
}
