use super::call::{Call, playing_ms};
use super::hearing::OwnSide;
use super::intake::Intake;
use super::playout::Playout;
use super::slot::{Happened, Slot};
use super::{Command, Moment, Shared, VoiceStatus};
use crate::gate::{Gate, MutedTalk};
use crate::level::{FLOOR_DB, Meter};
use crate::packets::VoiceEnd;
use crate::process::{Captured, Microphone};
use crate::tone::Tone;
use crate::{Block, Codec, Input, Output, SoundSystem, Watch};
use p2p_comm_model::{AudioSettings, CallId, CallPhase, DeviceState, Hearing, Notice, Quality, VoiceStats};
use std::sync::Arc;
use std::sync::mpsc::{self, TryRecvError};
use std::time::{Duration, Instant};

/// The thread looks after itself this often, woken or not.
const TICK: Duration = Duration::from_millis(5);
/// How often the meters are told.
const STATS: Duration = Duration::from_millis(100);
/// The sound of the end may take this long.
const FAREWELL: Duration = Duration::from_millis(1500);

/// What a voice thread starts with.
pub(super) struct Seed {
    pub(super) sound: Arc<dyn SoundSystem>,
    pub(super) settings: AudioSettings,
    pub(super) gain_db: f32,
    pub(super) shared: Arc<Shared>,
    pub(super) orders: mpsc::Receiver<Command>,
}

struct Worker {
    orders: mpsc::Receiver<Command>,
    shared: Arc<Shared>,
    settings: AudioSettings,
    phase: Option<CallPhase>,
    input: Slot<Input>,
    output: Slot<Output>,
    watch: Watch,
    watched: u64,
    intake: Intake,
    playout: Playout,
    gate: Gate,
    talk: Talk,
    /// What is sent, after all processing.
    meter: Meter,
    /// The loudest block since the meters were told, dBFS.
    loudest: f32,
    muted: bool,
    deafened: bool,
    call: Option<Call>,
    told_at: Instant,
    /// There is news that the engine has not been told of.
    untold: bool,
    status: VoiceStatus,
    /// When to end, once the call is over.
    farewell: Option<Instant>,
}

/// What the microphone did lately.
#[derive(Default)]
struct Talk {
    muted_talk: MutedTalk,
    clipped: bool,
    sending: bool,
    while_muted: bool,
    echo_reduction_db: Option<f32>,
    /// Spent between the air and the processing, and in it, ms.
    taking_ms: f32,
    processing_ms: f32,
}

impl Seed {
    pub(super) fn run(self) {
        let Self { sound, settings, gain_db, shared, orders } = self;
        let (now, watch) = (Instant::now(), sound.watch());
        let mut worker = Worker {
            orders,
            shared,
            phase: None,
            input: Slot::new(sound.clone()),
            output: Slot::new(sound),
            watched: watch.changes(),
            watch,
            intake: Intake::new(Microphone::new(&settings)),
            playout: Playout::new(&settings, gain_db),
            gate: Gate::new(settings.transmit),
            talk: Talk::default(),
            meter: Meter::default(),
            loudest: FLOOR_DB,
            muted: false,
            deafened: false,
            call: None,
            told_at: now,
            untold: false,
            status: VoiceStatus::default(),
            farewell: None,
            settings,
        };
        while worker.step(Instant::now()) {
            std::thread::park_timeout(TICK);
        }
    }
}

impl Worker {
    /// Does what is due; says whether to go on.
    fn step(&mut self, now: Instant) -> bool {
        loop {
            match self.orders.try_recv() {
                Ok(command) => self.carry_out(now, command),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) if self.farewell.is_some() => break,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
        self.devices(now);
        if let Some(call) = &mut self.call {
            call.receive(now, self.settings.quality);
        }
        self.send(now);
        self.play(now);
        if let Some(call) = &mut self.call {
            call.report(now, self.output.device(), self.muted || self.deafened, self.deafened);
        }
        self.tell(now);
        self.farewell.is_none_or(|end| now < end && !self.playout.tones.idle())
    }

    fn carry_out(&mut self, now: Instant, command: Command) {
        match command {
            Command::Phase(phase) => self.enter(phase),
            Command::Connect(id, end) => self.connect(now, id, end),
            Command::Resume => {
                if let Some(call) = &mut self.call {
                    call.sender.resume(now);
                    call.receiver.resume();
                }
            }
            Command::Set(settings) => self.set(*settings),
            Command::Muted(muted) => {
                if self.muted != muted {
                    self.playout.tones.play(if muted { Tone::Muted } else { Tone::Unmuted });
                }
                self.muted = muted;
                self.flags();
            }
            Command::Deafened(deafened) => {
                self.deafened = deafened;
                self.playout.set_deafened(deafened);
                self.flags();
            }
            Command::PushToTalk(down) => self.gate.key(down, now),
            Command::PeerGain(gain_db) => self.playout.set_peer_gain(gain_db),
            Command::Finish(moment) => {
                self.call = None;
                self.phase = None;
                self.input.want(None);
                self.playout.loop_tone(None);
                self.playout.tones.play(match moment {
                    Moment::Ended => Tone::Ended,
                    Moment::Refused => Tone::Busy,
                });
                // Without a speaker there is nobody to hear it.
                let speaker = self.output.device().is_some();
                self.farewell = Some(if speaker { now + FAREWELL } else { now });
            }
        }
    }

    fn enter(&mut self, phase: CallPhase) {
        let before = self.phase.replace(phase);
        if before == Some(phase) {
            return;
        }
        self.want();
        let accepted = |phase| matches!(phase, CallPhase::Active | CallPhase::Reconnecting);
        self.playout.loop_tone(match phase {
            CallPhase::Searching => Some(Tone::Searching),
            CallPhase::Ringing => Some(Tone::Ringing),
            CallPhase::Incoming => Some(Tone::RingIn),
            CallPhase::Reconnecting => Some(Tone::Reconnecting),
            CallPhase::Active => None,
        });
        if accepted(phase) && !before.is_some_and(accepted) {
            self.playout.tones.play(Tone::Joined);
        }
    }

    /// Says which devices the phase needs.
    fn want(&mut self) {
        let Some(phase) = self.phase else { return };
        let accepted = matches!(phase, CallPhase::Active | CallPhase::Reconnecting);
        let ring = phase == CallPhase::Incoming;
        let output = if ring { &self.settings.ring } else { &self.settings.output };
        self.output.want(Some(output.clone()));
        self.input.want(accepted.then(|| self.settings.input.clone()));
    }

    fn connect(&mut self, now: Instant, id: CallId, end: VoiceEnd) {
        match Call::new(now, id, end, self.settings.quality) {
            Ok(call) => self.call = Some(call),
            Err(error) => tracing::error!(%error, "no codec"),
        }
        // It was opened when there was no call yet to tell it to.
        if self.output.stands_in_for(&self.settings.output) {
            self.note(Notice::SpeakerReplaced);
        }
        self.flags();
    }

    fn set(&mut self, settings: AudioSettings) {
        self.intake.microphone.set(&settings);
        self.playout.set(&settings);
        self.gate.set(settings.transmit);
        self.settings = settings;
        self.want();
    }

    /// Tells the sender about mute and deafen; who hears nothing is not heard, either.
    fn flags(&mut self) {
        if let Some(call) = &mut self.call {
            call.sender.set_muted(self.muted || self.deafened);
            call.sender.set_deafened(self.deafened);
        }
    }

    fn devices(&mut self, now: Instant) {
        let count = self.watch.changes();
        if count != self.watched {
            self.watched = count;
            self.input.list_changed();
            self.output.list_changed();
        }
        if let Some(happened) = self.input.tick(now) {
            if let Some(input) = self.input.device() {
                self.intake.input_opened(input.rate());
            }
            self.happened(happened, [Notice::MicrophoneMoved, Notice::MicrophoneLost, Notice::MicrophoneReplaced]);
        }
        if let Some(happened) = self.output.tick(now) {
            if let Some(output) = self.output.device() {
                self.intake.output_opened(output.rate());
                self.playout.output_opened(output.rate());
            }
            self.happened(happened, [Notice::SpeakerMoved, Notice::SpeakerLost, Notice::SpeakerReplaced]);
        }
    }

    fn happened(&mut self, happened: Happened, [moved, lost, replaced]: [Notice; 3]) {
        let notice = match happened {
            Happened::Moved => moved,
            Happened::Lost => lost,
            Happened::FellBack => replaced,
            Happened::Opened | Happened::Failed => return,
        };
        // Outside a call nobody asked for a line about it.
        if self.call.is_some() {
            self.note(notice);
        }
    }

    fn note(&mut self, notice: Notice) {
        self.shared.lock().notices.push(notice);
        self.untold = true;
    }

    /// Takes what the microphone heard.
    fn send(&mut self, now: Instant) {
        let Self { intake, input, output, call, gate, talk, meter, loudest, muted, deafened, .. } = self;
        let quiet = *muted || *deafened;
        intake.run(input.device(), output.device(), |block: &Block, captured: Captured, raw_db: f32| {
            *loudest = loudest.max(meter.measure(block).rms_db);
            talk.clipped = captured.clipped;
            talk.echo_reduction_db = captured.echo_reduction_db;
            talk.processing_ms = captured.delay_ms;
            talk.while_muted = talk.muted_talk.observe(captured.voice, quiet);
            talk.sending = !quiet && gate.decide(captured.level_db, now);
            if let Some(call) = call {
                call.send(now, block, raw_db, talk.sending || quiet);
            }
        });
        talk.taking_ms = intake.delay_ms(input.device());
    }

    fn play(&mut self, now: Instant) {
        let receiver = self.call.as_mut().map(|call| &mut call.receiver);
        match self.output.device() {
            Some(output) => self.playout.run(now, output, receiver),
            None => self.playout.run_without_speaker(now, receiver),
        }
    }

    /// Tells the engine what changed.
    fn tell(&mut self, now: Instant) {
        if now.saturating_duration_since(self.told_at) < STATS {
            return;
        }
        self.told_at = now;
        let (status, mut stats) = (self.status(now), VoiceStats::default());
        self.measure(&mut stats);
        let mut told = self.shared.lock();
        told.stats = stats;
        if status != self.status {
            told.status = status.clone();
            self.status = status;
            self.untold = true;
        }
        drop(told);
        if self.untold {
            self.untold = !(self.shared.changed)();
        }
    }

    fn status(&self, now: Instant) -> VoiceStatus {
        let microphone = self.input.state();
        let own = OwnSide {
            muted: self.muted || self.deafened,
            microphone: matches!(microphone, DeviceState::Open { .. } | DeviceState::Closed),
        };
        let peer = self.call.as_ref().map(|call| call.receiver.stats().flags).unwrap_or_default();
        let sender = self.call.as_ref().map(|call| &call.sender);
        VoiceStatus {
            hearing: self.call.as_ref().map_or(Hearing::Connecting, |call| call.hearing.judge(now, own)),
            peer_muted: peer.muted,
            peer_deafened: peer.deafened,
            microphone,
            speaker: self.output.state(),
            uncompressed: sender.is_some_and(|sender| sender.stats().codec == Codec::Pcm),
            fell_back: self.settings.quality == Quality::Uncompressed
                && sender.is_some_and(|sender| sender.fell_back()),
        }
    }

    fn measure(&mut self, stats: &mut VoiceStats) {
        stats.input_db = std::mem::replace(&mut self.loudest, FLOOR_DB);
        stats.output_db = self.playout.take_loudest();
        stats.clipping = self.talk.clipped;
        stats.talking_while_muted = self.talk.while_muted;
        stats.transmitting = self.talk.sending;
        stats.echo_reduction_db = self.talk.echo_reduction_db;
        let Some(call) = &self.call else { return };
        let playing_ms = self.output.device().map(|output| playing_ms(output));
        call.measure(stats, playing_ms, self.talk.taking_ms + self.talk.processing_ms);
    }
}
