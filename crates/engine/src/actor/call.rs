//! The call: what the node decides about it on one side, the voice thread and its network task on the other.

use crate::actor::Actor;
use crate::voice::{self, Traffic, VoicePath, VoicePaths};
use p2p_comm_media::{Moment, Rehearsal, Voice, packets};
use p2p_comm_model::{
    AudioSettings, CallEnd, CallId, CallNumber, CallPhase, CallSnapshot, Code, MicTest, Notice, PeerId, VoiceStats,
};
use p2p_comm_proto::{CallView, ConnId};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};

/// Everything about sound that the actor keeps.
#[derive(Default)]
pub(crate) struct Audio {
    settings: AudioSettings,
    /// How much louder somebody is played, dB.
    gains: BTreeMap<PeerId, f32>,
    call: Option<LiveCall>,
    rehearsal: Option<Rehearsal>,
}

/// A call and its voice thread.
struct LiveCall {
    number: CallNumber,
    peer: PeerId,
    voice: Voice,
    /// Its ring tone plays.
    rings: bool,
    muted: bool,
    deafened: bool,
    wire: Option<Wire>,
}

/// The network task of an accepted call.
struct Wire {
    paths: watch::Sender<VoicePaths>,
    /// The connections in `paths`.
    conns: Vec<ConnId>,
    traffic: Arc<Traffic>,
    /// Bytes sent at the last look and when it was: for the rate.
    seen: (Instant, u64),
    kbit: f32,
}

/// The rate is measured over at least this long.
const RATE_SPAN: Duration = Duration::from_millis(500);

impl Actor {
    /// The node's call began, changed, or is gone.
    pub(super) fn call_changed(&mut self) {
        self.changes.call();
        let Some(view) = self.node.call() else { return };
        if self.audio.call.as_ref().is_none_or(|call| call.number != view.number) {
            self.begin_voice(&view);
        }
        let accepted = matches!(view.phase, CallPhase::Active | CallPhase::Reconnecting);
        let silent = self.is_silent(&view);
        let mailbox = self.mailbox();
        let Some(call) = &mut self.audio.call else { return };
        if accepted && call.wire.is_none() {
            call.wire = Some(connect(&call.voice, view.id, mailbox));
        }
        if !silent {
            call.voice.phase(view.phase);
            call.rings = view.phase == CallPhase::Incoming;
        }
        self.route(view.conn);
    }

    /// What decides whether a call may ring has changed.
    pub(super) fn ring_or_hush(&mut self) {
        let Some(view) = self.node.call().filter(|view| view.phase == CallPhase::Incoming) else { return };
        if self.is_silent(&view)
            && let Some(ringing) = self.audio.call.take_if(|call| call.rings)
        {
            // A thread that was told of no phase opens no device and plays nothing; the old one ends here.
            self.begin_voice(&view);
            if let Some(call) = &mut self.audio.call {
                (call.muted, call.deafened) = (ringing.muted, ringing.deafened);
                call.voice.set_muted(call.muted);
                call.voice.set_deafened(call.deafened);
            }
        }
        self.call_changed();
    }

    /// It comes in, and is shown without a sound.
    fn is_silent(&self, view: &CallView) -> bool {
        view.phase == CallPhase::Incoming && !self.may_ring(view.peer)
    }

    fn begin_voice(&mut self, view: &CallView) {
        self.audio.rehearsal = None;
        let mailbox = self.mailbox();
        let gain_db = self.audio.gains.get(&view.peer).copied().unwrap_or_default();
        let voice =
            Voice::start(self.options.sound.clone(), &self.audio.settings, gain_db, move || mailbox.voice_changed());
        match voice {
            Ok(voice) => {
                let (rings, muted, deafened, wire) = (false, false, false, None);
                let CallView { number, peer, .. } = *view;
                self.audio.call = Some(LiveCall { number, peer, voice, rings, muted, deafened, wire });
            }
            Err(error) => {
                tracing::error!(%error, "no voice");
                let _ = self.node.end_call(self.now(), view.number);
            }
        }
    }

    /// Sends voice over this connection from now on, and takes it from any connection of the peer.
    fn route(&mut self, conn: Option<ConnId>) {
        let Some(LiveCall { peer, voice, wire: Some(wire), .. }) = &mut self.audio.call else { return };
        let open = |conn: ConnId| {
            let (sealer, opener) = self.node.voice_keys(conn)?;
            let connection = self.links.get(&conn)?.connection().clone();
            Some(Arc::new(VoicePath { conn, connection, sealer, opener }))
        };
        let theirs = |(other, entry): (ConnId, _)| Some(other).filter(|_| entry == Some(*peer) && Some(other) != conn);
        let conns: Vec<_> = conn.into_iter().chain(self.node.connections().filter_map(theirs)).collect();
        if wire.conns == conns {
            return;
        }
        let sending = conn.and_then(open);
        if sending.is_some() && wire.conns.first() != conns.first() {
            voice.resume();
        }
        let others = conns.iter().filter(|other| Some(**other) != conn).filter_map(|conn| open(*conn)).collect();
        wire.paths.send_replace(VoicePaths { sending, others });
        wire.conns = conns;
    }

    /// The node ended a call.
    pub(super) fn call_ended(&mut self, number: CallNumber, end: CallEnd) {
        self.changes.call();
        if let Some(call) = self.audio.call.take_if(|call| call.number == number) {
            call.voice.finish(match end {
                CallEnd::HungUp | CallEnd::Stopped | CallEnd::Cancelled => Moment::Ended,
                CallEnd::Rejected
                | CallEnd::Busy
                | CallEnd::NoAnswer
                | CallEnd::Unreachable
                | CallEnd::Unsupported
                | CallEnd::Lost => Moment::Refused,
            });
        }
    }

    /// Something that [`Voice::status`] says has changed.
    pub(super) fn voice_changed(&mut self) {
        self.changes.call();
        let wall = self.wall();
        let Some(call) = &self.audio.call else { return };
        let (peer, notices): (_, Vec<Notice>) = (call.peer, call.voice.notices());
        if call.voice.broken() {
            tracing::error!("the voice thread broke down: the call ends");
            let _ = self.node.end_call(self.now(), call.number);
        }
        for notice in notices {
            self.converse(peer, |conversation| conversation.notice(wall, notice));
        }
    }

    pub(crate) fn current_call(&self) -> Option<CallSnapshot> {
        let view = self.node.call()?;
        let (now, wall) = (self.now(), self.wall());
        let at = |instant: Instant| {
            let age = i64::try_from(now.saturating_duration_since(instant).as_millis()).unwrap_or(0);
            wall.saturating_sub(age)
        };
        let live = self.audio.call.as_ref();
        let status = live.map(|call| call.voice.status()).unwrap_or_default();
        Some(CallSnapshot {
            number: view.number,
            peer: view.peer,
            outgoing: view.outgoing,
            phase: view.phase,
            silent: self.is_silent(&view),
            started_at: at(view.started),
            accepted_at: view.accepted.map(at),
            hearing: status.hearing,
            muted: live.is_some_and(|call| call.muted),
            deafened: live.is_some_and(|call| call.deafened),
            peer_muted: status.peer_muted,
            peer_deafened: status.peer_deafened,
            microphone: status.microphone,
            speaker: status.speaker,
            uncompressed: status.uncompressed,
            fell_back: status.fell_back,
        })
    }

    pub(crate) fn voice_stats(&mut self) -> Option<VoiceStats> {
        let call = self.audio.call.as_mut()?;
        let mut stats = call.voice.stats();
        if let Some(wire) = &mut call.wire {
            stats.wire_kbit = wire.rate();
            stats.malformed += wire.traffic.unopened.load(Ordering::Relaxed);
        }
        Some(stats)
    }

    /// How long packets of this call waited between the voice thread and QUIC: this share of them no longer, µs.
    pub(crate) fn voice_wait_us(&self, share: f64) -> Option<f64> {
        self.audio.call.as_ref()?.wire.as_ref()?.traffic.wait_us(share)
    }

    pub(crate) fn set_muted(&mut self, muted: bool) -> Result<(), Code> {
        let call = self.audio.call.as_mut().ok_or(Code::NoCall)?;
        call.voice.set_muted(muted);
        call.muted = muted;
        self.changes.call();
        Ok(())
    }

    pub(crate) fn set_deafened(&mut self, deafened: bool) -> Result<(), Code> {
        let call = self.audio.call.as_mut().ok_or(Code::NoCall)?;
        call.voice.set_deafened(deafened);
        call.deafened = deafened;
        self.changes.call();
        Ok(())
    }

    pub(crate) fn push_to_talk(&self, down: bool) {
        if let Some(call) = &self.audio.call {
            call.voice.push_to_talk(down);
        }
    }

    pub(crate) fn audio_settings(&self) -> AudioSettings {
        self.audio.settings.clone()
    }

    pub(crate) fn set_audio_settings(&mut self, settings: AudioSettings) {
        self.audio.settings = settings.clamped();
        if let Some(call) = &self.audio.call {
            call.voice.set(&self.audio.settings);
        }
        if let Some(rehearsal) = &self.audio.rehearsal {
            rehearsal.set(&self.audio.settings);
        }
        self.changes.devices();
        self.changes.call();
    }

    /// The microphone belongs to the call while there is one.
    pub(crate) fn start_mic_test(&mut self) -> Result<(), Code> {
        if self.audio.call.is_some() {
            return Err(Code::InCall);
        }
        self.audio.rehearsal = None;
        let rehearsal = Rehearsal::start(self.options.sound.clone(), &self.audio.settings);
        self.audio.rehearsal = Some(rehearsal.map_err(|_| Code::NoSound)?);
        Ok(())
    }

    pub(crate) fn play_mic_test(&self) {
        if let Some(rehearsal) = &self.audio.rehearsal {
            rehearsal.play();
        }
    }

    pub(crate) fn stop_mic_test(&mut self) {
        self.audio.rehearsal = None;
    }

    pub(crate) fn mic_test(&self) -> Option<MicTest> {
        self.audio.rehearsal.as_ref().map(Rehearsal::status)
    }

    pub(crate) fn peer_gain(&self, peer: PeerId) -> f32 {
        self.audio.gains.get(&peer).copied().unwrap_or_default()
    }

    pub(crate) fn set_peer_gain(&mut self, peer: PeerId, gain_db: f32) -> Result<(), Code> {
        self.node.delivery(peer).ok_or(Code::NotFound)?;
        let gain_db = if gain_db.is_finite() { gain_db.clamp(-40.0, 20.0) } else { 0.0 };
        self.audio.gains.insert(peer, gain_db);
        if let Some(call) = self.audio.call.as_ref().filter(|call| call.peer == peer) {
            call.voice.set_peer_gain(gain_db);
        }
        self.keep_peer(peer);
        self.changes.peers();
        Ok(())
    }
}

/// Starts the network task and ties the voice thread to it.
fn connect(voice: &Voice, call: CallId, mailbox: crate::actor::Mailbox) -> Wire {
    let woken = Arc::new(Notify::new());
    let wake = woken.clone();
    let (voice_end, network_end) = packets(move || wake.notify_one());
    let (paths, following) = watch::channel(VoicePaths::default());
    let traffic = Arc::new(Traffic::default());
    tokio::spawn(voice::carry(network_end, woken, following, traffic.clone(), mailbox));
    voice.connect(call, voice_end);
    Wire { paths, conns: Vec::new(), traffic, seen: (Instant::now(), 0), kbit: 0.0 }
}

impl Wire {
    fn rate(&mut self) -> f32 {
        let (at, before) = self.seen;
        let (span, sent) = (at.elapsed(), self.traffic.sent.load(Ordering::Relaxed));
        if span >= RATE_SPAN {
            self.kbit = ((sent - before) as f64 * 8.0 / 1000.0 / span.as_secs_f64()) as f32;
            self.seen = (Instant::now(), sent);
        }
        self.kbit
    }
}
