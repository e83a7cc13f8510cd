//! Frames in and out of proven connections, and signs of life.

use crate::node::{ConnId, Event, Node, Output, Received, Stream, Timer};
use crate::session::Close;
use crate::wire::{ChatBody, ChatMessage, Control, Conversation, WireError};
use bytes::{Bytes, BytesMut};
use p2p_comm_model::{Content, PeerId};
use std::time::{Duration, Instant};

/// Ask for a sign of life after this much silence.
const PING: Duration = Duration::from_secs(3);
/// And this often while something is unacknowledged.
const PROBE: Duration = Duration::from_millis(500);
/// Then the peer counts as unreachable.
const SILENCE: Duration = Duration::from_secs(10);
/// A proven connection must say who it is in this time.
const HELLO: Duration = Duration::from_secs(10);
/// Bytes of messages handed to a connection at once.
const BATCH: usize = 64 * 1024;

impl Node {
    pub(crate) fn frames(&mut self, now: Instant, conn: ConnId, stream: Stream, frames: &[Bytes]) {
        for frame in frames {
            let read = match stream {
                Stream::Control => self.control_frame(now, conn, frame),
                Stream::Chat => self.chat_frame(conn, frame),
            };
            if let Err(error) = read {
                tracing::warn!(?conn, ?stream, %error, "closing a connection that broke the protocol");
                return self.close(now, conn, Close::ProtocolError);
            }
        }
        self.heard(now, conn);
        self.produce(now, conn);
    }

    pub(crate) fn writable(&mut self, now: Instant, conn: ConnId, stream: Stream) {
        let Some(session) = self.sessions.get_mut(&conn) else { return };
        match stream {
            Stream::Control => session.control_writable = true,
            Stream::Chat => session.chat_writable = true,
        }
        self.produce(now, conn);
    }

    /// Hands what is due to the streams that can take it.
    pub(crate) fn produce(&mut self, now: Instant, conn: ConnId) {
        let Some(session) = self.sessions.get_mut(&conn) else { return };
        if session.control_writable {
            let bytes = session.control_bytes();
            if !bytes.is_empty() {
                session.control_writable = false;
                self.outputs.push_back(Output::Transmit { conn, stream: Stream::Control, bytes });
            }
        }
        self.produce_chat(now, conn);
    }

    fn produce_chat(&mut self, now: Instant, conn: ConnId) {
        let Some(session) = self.sessions.get_mut(&conn) else { return };
        let Some(peer) = session.entry.filter(|_| session.can_chat()) else { return };
        let Some(entry) = self.entries.get_mut(&peer) else { return };
        if entry.current != Some(conn) || !entry.outbox.has_unsent() {
            return;
        }
        let mut bytes = BytesMut::new();
        while bytes.len() < BATCH && entry.outbox.has_unsent() {
            session.put_chat(&mut bytes, |n| entry.outbox.next(n).unwrap_or_default());
        }
        session.chat_writable = false;
        self.outputs.push_back(Output::Transmit { conn, stream: Stream::Chat, bytes });
        self.event(Event::Delivery { peer });
        if !self.timers.is_set(Timer::Probe(conn)) {
            self.set_timer(Timer::Probe(conn), now, PROBE);
        }
    }

    fn control_frame(&mut self, now: Instant, conn: ConnId, frame: &[u8]) -> Result<(), WireError> {
        let Some(session) = self.sessions.get_mut(&conn) else { return Ok(()) };
        let message = session.open_control(frame)?;
        if session.peer.is_none() && !matches!(message, Control::Hello(_)) {
            return Err(WireError::OutOfOrder);
        }
        match message {
            Control::Hello(hello) => self.hello(now, conn, &hello),
            Control::Profile(profile) => self.profile(now, conn, profile),
            Control::Ping => session.say_pong(),
            Control::Ack { conv: Conversation::Direct, epoch, counter } => self.acked(conn, epoch, counter),
            Control::Unsupported { conv: Conversation::Direct, epoch, counter } => {
                let peer = session.entry;
                let own = |entry: &super::entry::Entry| entry.outbox.knows(epoch);
                if let Some(peer) = peer.filter(|peer| self.entries.get(peer).is_some_and(own)) {
                    self.event(Event::Unsupported { peer, counter });
                }
            }
            Control::Call(signal) if signal.conv == Conversation::Direct => {
                // As with messages: nobody honest calls before we have told them that we added them.
                if !session.profile_sent {
                    return Err(WireError::OutOfOrder);
                }
                self.call_signal(now, conn, &signal);
            }
            Control::Call(_) | Control::Pong | Control::Ack { .. } | Control::Unsupported { .. } | Control::Unknown => {
            }
        }
        Ok(())
    }

    fn chat_frame(&mut self, conn: ConnId, frame: &[u8]) -> Result<(), WireError> {
        let Some(session) = self.sessions.get_mut(&conn) else { return Ok(()) };
        let message = session.open_chat(frame)?;
        // Nobody honest writes before we have told them that we added them.
        if !session.profile_sent {
            return Err(WireError::OutOfOrder);
        }
        let (Some(peer), Some(device)) = (session.entry, session.device()) else { return Ok(()) };
        let ChatMessage { epoch, counter, at, life, body, .. } = message;
        // Its counters are not those of this conversation.
        if body == ChatBody::Elsewhere {
            return Ok(());
        }
        let hold = self.holds(peer);
        let new = self.is_new(device, epoch, counter, hold);
        let kept = self.inboxes.get(&device).map_or(counter, |inbox| inbox.kept);
        let Some(session) = self.sessions.get_mut(&conn) else { return Ok(()) };
        if kept > 0 {
            session.say_ack(epoch, kept);
        }
        if matches!(body, ChatBody::Unknown { must: true }) {
            session.say_unsupported(epoch, counter);
        }
        if new {
            let content = match body {
                ChatBody::Content(content) => content,
                ChatBody::Unknown { .. } | ChatBody::Elsewhere => Content::Unknown,
            };
            let message = Received { epoch, counter };
            self.event(Event::Received { peer, content, sent_at: at, life, message });
        }
        Ok(())
    }

    fn acked(&mut self, conn: ConnId, epoch: p2p_comm_model::Epoch, counter: u64) {
        let Some(peer) = self.peer_of(conn) else { return };
        if self.entries.get_mut(&peer).is_some_and(|entry| entry.outbox.ack(epoch, counter)) {
            self.event(Event::Delivery { peer });
        }
    }

    /// Starts the clocks of a connection.
    pub(crate) fn watch(&mut self, now: Instant, conn: ConnId) {
        self.set_timer(Timer::Ping(conn), now, PING);
        self.set_timer(Timer::Silence(conn), now, SILENCE);
        self.set_timer(Timer::Hello(conn), now, HELLO);
    }

    /// Proven, but did not say who it is in time.
    pub(crate) fn anonymous(&mut self, now: Instant, conn: ConnId) {
        if self.sessions.get(&conn).is_some_and(|session| session.peer.is_none()) {
            self.close(now, conn, Close::Bye);
        }
    }

    pub(crate) fn ping_if_quiet(&mut self, now: Instant, conn: ConnId) {
        let Some(session) = self.sessions.get_mut(&conn) else { return };
        let quiet = now.saturating_duration_since(session.last_heard);
        if quiet >= PING {
            session.say_ping();
            self.produce(now, conn);
        }
        let next = if quiet >= PING { PING } else { PING.saturating_sub(quiet) };
        self.set_timer(Timer::Ping(conn), now, next);
    }

    pub(crate) fn probe(&mut self, now: Instant, conn: ConnId) {
        let entry = self.peer_of(conn).and_then(|peer| self.entries.get(&peer));
        if entry.is_some_and(|entry| entry.current == Some(conn) && entry.outbox.has_unacked()) {
            if let Some(session) = self.sessions.get_mut(&conn) {
                session.say_ping();
            }
            self.produce(now, conn);
            self.set_timer(Timer::Probe(conn), now, PROBE);
        }
    }

    pub(crate) fn silent(&mut self, now: Instant, conn: ConnId) {
        let Some(session) = self.sessions.get_mut(&conn) else { return };
        let quiet = now.saturating_duration_since(session.last_heard);
        if quiet < SILENCE {
            return self.set_timer(Timer::Silence(conn), now, SILENCE.saturating_sub(quiet));
        }
        session.stale = true;
        if let Some(peer) = session.entry {
            self.redial_lost(now, peer);
            self.call_link(now, peer);
            self.event(Event::Peers);
        }
    }

    fn heard(&mut self, now: Instant, conn: ConnId) {
        let Some(session) = self.sessions.get_mut(&conn) else { return };
        session.last_heard = now;
        if std::mem::take(&mut session.stale) {
            let entry = session.entry;
            self.set_timer(Timer::Silence(conn), now, SILENCE);
            if let Some(peer) = entry {
                self.dial_idle(peer);
                self.call_link(now, peer);
                self.event(Event::Peers);
            }
        }
    }

    pub(crate) fn peer_of(&self, conn: ConnId) -> Option<PeerId> {
        self.sessions.get(&conn).and_then(|session| session.entry)
    }

    fn set_timer(&mut self, timer: Timer, now: Instant, after: Duration) {
        self.timers.set(timer, now.checked_add(after).unwrap_or(now));
    }
}
