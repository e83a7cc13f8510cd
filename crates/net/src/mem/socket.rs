use super::Network;
use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, UdpPoller};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use tokio::time::{Instant, Sleep, sleep_until};

/// A packet under way. Ordered by arrival, then by sending.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Packet {
    pub(super) at: Instant,
    pub(super) number: u64,
    pub(super) from: SocketAddr,
    pub(super) contents: Box<[u8]>,
}

/// What is on its way to one socket.
#[derive(Default)]
pub(super) struct Inbox {
    state: Mutex<Mail>,
}

#[derive(Default)]
struct Mail {
    packets: BinaryHeap<Reverse<Packet>>,
    /// Set for the first packet's arrival.
    timer: Option<Pin<Box<Sleep>>>,
    reader: Option<Waker>,
    dead: bool,
}

impl Inbox {
    pub(super) fn put(&self, packet: Packet) {
        let mut mail = self.lock();
        if mail.dead {
            return;
        }
        let first = mail.packets.peek().is_none_or(|Reverse(next)| packet < *next);
        mail.packets.push(Reverse(packet));
        if first && let Some(reader) = mail.reader.take() {
            drop(mail);
            reader.wake();
        }
    }

    pub(super) fn kill(&self) {
        *self.lock() = Mail { dead: true, ..Mail::default() };
    }

    fn is_dead(&self) -> bool {
        self.lock().dead
    }

    fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Packet> {
        let mut mail = self.lock();
        loop {
            mail.reader = Some(cx.waker().clone());
            let Some(Reverse(next)) = mail.packets.peek() else { return Poll::Pending };
            let at = next.at;
            if at <= Instant::now() {
                let Some(Reverse(packet)) = mail.packets.pop() else { return Poll::Pending };
                return Poll::Ready(packet);
            }
            match &mut mail.timer {
                Some(timer) if timer.deadline() == at => {}
                Some(timer) => timer.as_mut().reset(at),
                timer => *timer = Some(Box::pin(sleep_until(at))),
            }
            let Some(timer) = &mut mail.timer else { return Poll::Pending };
            ready!(timer.as_mut().poll(cx));
            mail.timer = None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Mail> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A host's end of the network, in the shape of a UDP socket.
pub(super) struct MemorySocket {
    address: SocketAddr,
    inbox: Arc<Inbox>,
    network: Network,
}

impl MemorySocket {
    pub(super) fn new(address: SocketAddr, inbox: Arc<Inbox>, network: Network) -> Self {
        Self { address, inbox, network }
    }
}

impl AsyncUdpSocket for MemorySocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(AlwaysWritable)
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        if !self.inbox.is_dead() {
            self.network.send(self.address, transmit.destination, transmit.contents);
        }
        Ok(())
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let (Some(buffer), Some(meta)) = (buffers.first_mut(), meta.first_mut()) else { return Poll::Ready(Ok(0)) };
        loop {
            let Packet { from, contents, .. } = ready!(self.inbox.poll_next(cx));
            let len = contents.len();
            // A packet that is too long for the receiver is lost, as on a real network.
            if let Some(room) = buffer.get_mut(..len) {
                room.copy_from_slice(&contents);
                *meta = RecvMeta { addr: from, len, stride: len, ..RecvMeta::default() };
                return Poll::Ready(Ok(1));
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }

    fn may_fragment(&self) -> bool {
        false
    }
}

impl Drop for MemorySocket {
    fn drop(&mut self) {
        self.network.release(self.address, &self.inbox);
    }
}

impl fmt::Debug for MemorySocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySocket").finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct AlwaysWritable;

impl UdpPoller for AlwaysWritable {
    fn poll_writable(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
