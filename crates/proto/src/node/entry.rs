use crate::chat::Outbox;
use crate::node::{ConnId, DialPhase, Node};
use crate::wire::KeyLife;
use p2p_comm_model::{Code, DeviceKey, Epoch, Host, Name, PeerAddress, PeerId, PeerState, canonical};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// One entry of the peer list.
pub(crate) struct Entry {
    pub(crate) label: Name,
    /// As added; never empty. All are dialled at once.
    pub(crate) addresses: Vec<Listed>,
    /// The built-in peer of this program.
    pub(crate) echo: bool,
    pub(crate) blocked: bool,
    /// The device that it is.
    pub(crate) binding: Option<Binding>,
    /// The connection in use.
    pub(crate) current: Option<ConnId>,
    /// What they call themselves.
    pub(crate) name: Option<Name>,
    /// Other addresses that the bound device gave.
    pub(crate) candidates: Vec<SocketAddr>,
    pub(crate) outbox: Outbox,
    pub(crate) dial: Dial,
    /// It was connected in this session, but is not now.
    pub(crate) lost: bool,
}

/// One address of an entry.
pub(crate) struct Listed {
    pub(crate) address: PeerAddress,
    /// What the host resolved to last; a literal stands for itself.
    pub(crate) resolved: Vec<IpAddr>,
    /// Another entry's device answered there: not tried any more, until the person acts or the next session.
    pub(crate) taken: bool,
}

/// The device that an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    /// Its key.
    pub device: DeviceKey,
    /// How long the key lives.
    pub life: KeyLife,
    /// The person has compared the words with whoever has this key.
    pub verified: bool,
}

impl Binding {
    /// A device with which no words were compared yet.
    pub fn new(device: DeviceKey, life: KeyLife) -> Self {
        Self { device, life, verified: false }
    }
}

/// Where the attempts to reach a peer stand.
#[derive(Debug, Clone)]
pub(crate) struct Dial {
    pub(crate) state: DialState,
    /// Until then attempts follow each other quickly.
    pub(crate) eager_until: Option<Instant>,
    /// The pause before the next attempt after that.
    pub(crate) pause: Duration,
    /// When the newest attempt began.
    pub(crate) began: Option<Instant>,
    /// Failed pairings in a row.
    pub(crate) guesses: u8,
    /// Of the newest attempt.
    pub(crate) number: u32,
}

/// ```text
///            dial timer               proved, or the peer called us
///  Idle ◀──────────────── Running ◀──┐
///   │  connected             │ failed│ timer
///   └──── lost, added ──▶ Scheduled ─┘
///                            │ third failed pairing, own address, duplicate, changed key
///                            ▼
///                         Stopped ── the person acts, or the peer calls us ──▶ Scheduled
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DialState {
    /// Nothing to do.
    Idle,
    /// The next attempt has a time.
    Scheduled { at: Instant, after: Option<Code> },
    /// An attempt is under way.
    Running(DialPhase),
    /// Waiting for the person.
    Stopped(Code),
}

impl Entry {
    pub(crate) fn new(label: Name, addresses: Vec<PeerAddress>, epoch: Epoch) -> Self {
        Self {
            label,
            addresses: addresses.into_iter().map(Listed::new).collect(),
            echo: false,
            blocked: false,
            binding: None,
            current: None,
            name: None,
            candidates: Vec::new(),
            outbox: Outbox::new(epoch),
            dial: Dial::default(),
            lost: false,
        }
    }

    /// Whether somebody who comes from `remote` may be this entry: the same host, and on this computer, where everybody
    /// shares one, the same port.
    pub(crate) fn may_be_at(&self, remote: SocketAddr) -> bool {
        let ip = canonical(remote.ip());
        self.sockets().any(|own| own.ip() == ip && (!ip.is_loopback() || own.port() == remote.port()))
    }

    pub(crate) fn has(&self, address: &PeerAddress) -> bool {
        self.addresses.iter().any(|listed| listed.address == *address)
    }

    /// Where it is, as far as known.
    pub(crate) fn sockets(&self) -> impl Iterator<Item = SocketAddr> {
        self.addresses.iter().flat_map(Listed::sockets)
    }

    /// The addresses to dial.
    pub(crate) fn to_try(&self) -> impl Iterator<Item = &PeerAddress> {
        self.addresses.iter().filter(|listed| !listed.taken).map(|listed| &listed.address)
    }

    /// What the attempt under way tries.
    fn trying(&self) -> Vec<PeerAddress> {
        if !matches!(self.dial.state, DialState::Running(_)) {
            return Vec::new();
        }
        let candidates = self.candidates.iter().map(|candidate| PeerAddress::from(*candidate));
        let mut trying: Vec<_> = self.to_try().cloned().collect();
        trying.extend(candidates.filter(|candidate| !self.has(candidate)));
        trying
    }

    /// Somebody else proved to be at `remote`: it is not tried any more. Says whether another address is left.
    pub(crate) fn is_taken(&mut self, remote: SocketAddr) -> bool {
        let remote = SocketAddr::new(canonical(remote.ip()), remote.port());
        let candidates = self.candidates.len();
        self.candidates.retain(|candidate| *candidate != remote);
        let mut found = self.candidates.len() != candidates;
        for listed in &mut self.addresses {
            let here = listed.sockets().any(|socket| socket == remote);
            listed.taken |= here;
            found |= here;
        }
        found && self.addresses.iter().any(|listed| !listed.taken)
    }
}

impl Listed {
    fn new(address: PeerAddress) -> Self {
        let resolved = match address.host {
            Host::Ip(ip) => vec![ip],
            Host::Name(_) => Vec::new(),
        };
        Self { address, resolved, taken: false }
    }

    fn sockets(&self) -> impl Iterator<Item = SocketAddr> {
        self.resolved.iter().map(|ip| SocketAddr::new(*ip, self.address.port))
    }
}

impl Default for Dial {
    fn default() -> Self {
        Self { state: DialState::Idle, eager_until: None, pause: Duration::ZERO, began: None, guesses: 0, number: 0 }
    }
}

/// One entry as the person sees it.
pub struct PeerView<'a> {
    /// The entry.
    pub id: PeerId,
    /// What I call them.
    pub label: &'a Name,
    /// What they call themselves.
    pub name: Option<&'a Name>,
    /// As added; of several the first.
    pub address: &'a PeerAddress,
    /// Everything that the attempt under way tries.
    pub trying: Vec<PeerAddress>,
    /// How it stands.
    pub state: PeerState,
    /// The bound device.
    pub device: Option<DeviceKey>,
    /// The words were compared with that device.
    pub verified: bool,
    /// The built-in peer of this program.
    pub echo: bool,
}

impl Node {
    /// The peer list in the order of adding. `wall` is the clock that goes with `now`, ms since 1970.
    pub fn peers(&self, now: Instant, wall: i64) -> impl Iterator<Item = PeerView<'_>> {
        self.entries.iter().filter_map(move |(id, entry)| {
            Some(PeerView {
                id: *id,
                label: &entry.label,
                name: entry.name.as_ref(),
                address: &entry.addresses.first()?.address,
                trying: entry.trying(),
                state: self.state(entry, now, wall),
                device: entry.binding.map(|binding| binding.device),
                verified: entry.binding.is_some_and(|binding| binding.verified),
                echo: entry.echo,
            })
        })
    }

    /// How it stands with one peer.
    pub fn peer_state(&self, peer: PeerId, now: Instant, wall: i64) -> Option<PeerState> {
        self.entries.get(&peer).map(|entry| self.state(entry, now, wall))
    }

    fn state(&self, entry: &Entry, now: Instant, wall: i64) -> PeerState {
        if entry.blocked {
            return PeerState::Blocked;
        }
        if self.session.is_none() {
            return PeerState::Offline;
        }
        if let Some(session) = entry.current.and_then(|conn| self.sessions.get(&conn)) {
            return match (session.stale, session.profile.is_some()) {
                (true, _) => match entry.dial.state {
                    DialState::Stopped(code) => PeerState::Stopped { code },
                    _ => PeerState::Unreachable,
                },
                (false, true) => PeerState::Connected,
                (false, false) => PeerState::Waiting,
            };
        }
        match entry.dial.state {
            DialState::Stopped(code) => PeerState::Stopped { code },
            DialState::Scheduled { at, after: Some(code) } if !entry.lost || code == Code::WrongPassword => {
                PeerState::Failed { code, retry_at: wall.saturating_add(millis(at.saturating_duration_since(now))) }
            }
            _ if entry.lost => PeerState::Unreachable,
            DialState::Running(DialPhase::Reaching) => PeerState::Reaching,
            DialState::Running(DialPhase::Proving) => PeerState::Proving,
            DialState::Idle | DialState::Scheduled { .. } | DialState::Running(DialPhase::Resolving) => {
                PeerState::Resolving
            }
        }
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
