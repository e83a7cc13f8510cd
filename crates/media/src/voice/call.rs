use super::hearing::HearingJudge;
use crate::packets::VoiceEnd;
use crate::{Block, Codec, CodecError, MAX_PACKET, Output, Packet, Receiver, Sender};
use p2p_comm_model::{CallId, Quality, VoiceStats};
use std::time::{Duration, Instant};

/// How often the other side hears how it is received.
const REPORTS: Duration = Duration::from_millis(200);
/// What the encoder looks ahead, ms: the delay of Opus beyond its frame (RFC 6716, section 2.1.4), in VOIP mode.
const LOOKAHEAD_MS: f32 = 6.5;

/// The packets of an accepted call, in both directions.
pub(super) struct Call {
    pub(super) sender: Sender,
    pub(super) receiver: Receiver,
    pub(super) hearing: HearingJudge,
    id: CallId,
    end: VoiceEnd,
    report_at: Instant,
    /// Packets that were none, or of another call.
    strangers: u64,
}

impl Call {
    pub(super) fn new(now: Instant, id: CallId, end: VoiceEnd, quality: Quality) -> Result<Self, CodecError> {
        let (sender, receiver) = (Sender::new(id, quality)?, Receiver::new(id)?);
        end.attach(std::thread::current());
        Ok(Self { sender, receiver, hearing: HearingJudge::new(now), id, end, report_at: now, strangers: 0 })
    }

    /// Takes what came from the network.
    pub(super) fn receive(&mut self, now: Instant, quality: Quality) {
        while let Some(plain) = self.end.receive() {
            match Packet::parse(plain.bytes()) {
                Ok(Packet::Sound(sound)) if sound.call == self.id => self.receiver.sound(plain.at(), &sound),
                Ok(Packet::Report(id, report)) if id == self.id => {
                    self.sender.report(now, &report);
                    self.hearing.report(now, report);
                }
                Ok(_) | Err(_) => self.strangers += 1,
            }
        }
        self.sender.set_quality(quality, self.receiver.stats().flags.uncompressed);
    }

    /// Sends 10 ms of the microphone; `raw_db` is what it gave before all processing.
    pub(super) fn send(&mut self, now: Instant, block: &Block, raw_db: f32, transmitting: bool) {
        self.hearing.microphone(now, raw_db);
        self.sender.set_transmitting(transmitting);
        let end = &mut self.end;
        self.sender.push(now, block, &mut |packet| end.send(now, packet));
    }

    /// Tells the other side how it is received, if it is time.
    pub(super) fn report(&mut self, now: Instant, output: Option<&mut Output>, muted: bool, deafened: bool) {
        if now < self.report_at {
            return;
        }
        self.report_at = now + REPORTS;
        let mut report = self.receiver.report(now);
        if let Some(output) = output {
            report.speaker = true;
            report.playout_ms = report.playout_ms.saturating_add(playing_ms(output) as u16);
        }
        (report.muted, report.deafened) = (muted, deafened);
        let mut bytes = [0; MAX_PACKET];
        let len = report.write(self.id, &mut bytes);
        self.end.send(now, &bytes[..len]);
    }

    /// `playing_ms`: from here to the air. `taking_ms`: from the air to the codec, on our side; theirs is taken to be alike.
    pub(super) fn measure(&self, stats: &mut VoiceStats, playing_ms: Option<f32>, taking_ms: f32) {
        let (sent, received) = (self.sender.stats(), self.receiver.stats());
        stats.codec = if sent.codec == Codec::Pcm { "pcm" } else { "opus" }.to_owned();
        stats.packet_ms = sent.packet_ms;
        stats.bitrate_kbit = sent.bitrate as f32 / 1000.0;
        stats.copies = sent.copies.as_slice().to_vec();
        stats.rtt_ms = sent.rtt.map(|rtt| rtt.as_secs_f32() * 1000.0);
        stats.sent_loss_percent = sent.loss_percent;
        stats.loss_percent = received.loss_percent;
        stats.residual_percent = received.residual_percent;
        stats.jitter_target_ms = received.target_ms;
        stats.jitter_ms = received.current_ms;
        stats.skew_ppm = received.skew_ppm;
        let odd = u64::from(received.malformed) + u64::from(received.dropped);
        stats.malformed = self.strangers + odd + self.end.dropped();
        stats.mouth_to_ear_ms = stats.rtt_ms.zip(playing_ms).map(|(rtt, playing)| {
            taking_ms + received.frame_ms + LOOKAHEAD_MS + rtt / 2.0 + received.current_ms + playing
        });
    }
}

/// From the ring to the air, ms: what is made waits until the device has taken what it takes at once.
pub(super) fn playing_ms(output: &Output) -> f32 {
    output.latency_ms() + output.period() as f32 * 1000.0 / output.rate() as f32
}
