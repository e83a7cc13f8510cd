//! The speaker's side of a stream: when sound is made, and how much the server holds.
use std::sync::Arc;
use std::time::{Duration, Instant};

use pulseaudio::protocol::{
    Command, LatencyParams, PlaybackLatency, SetPlaybackStreamBufferAttrParams, stream::BufferAttr,
};

use super::connection::{CHUNK, Connection, Trouble};
use super::stream::{BYTES, MS, News, Side, duration, in_flight};
use crate::device::Playback;
use crate::device::line::Line;

/// The least that the server asks for at once: bounds the callbacks to 200 a second whatever else it serves.
const REQUEST: u32 = 5 * MS;
/// Sound between the ring and the speaker, as asked of the server. It takes two requests off, gives half of the rest to
/// the device (10 ms), and what remains is its queue (20 ms, which is the least it allows then).
const TARGET: u32 = 30 * MS;
/// The most, where the computer is too busy for less.
const MAX_TARGET: u32 = 70 * MS;
/// By how much it is raised or lowered.
const STEP: u32 = 10 * MS;
/// Two troubles within this time raise the target.
const TROUBLES: Duration = Duration::from_secs(5);
/// So long without trouble lowers it.
const CALM: Duration = Duration::from_secs(20);
/// A change is not judged before this.
const SETTLE: Duration = Duration::from_millis(200);

/// A speaker.
pub(super) struct Play {
    playback: Playback,
    block: [f32; CHUNK],
    target: u32,
    /// What had been missed in all when we last looked.
    missed: u64,
    troubled: Option<Instant>,
    changed: Instant,
}

impl Play {
    pub(super) fn new(playback: Playback) -> Self {
        Self { playback, block: [0.0; CHUNK], target: TARGET, missed: 0, troubled: None, changed: Instant::now() }
    }

    pub(super) fn line(&self) -> Arc<Line> {
        self.playback.line()
    }

    /// What is asked of the server, together with the flag `adjust_latency`. Without "prebuf" the stream's clock goes on
    /// through a gap: what comes too late is left out, and all that follows is in its place, for the listener and for the
    /// reference of the canceller.
    pub(super) fn buffer(&self) -> BufferAttr {
        BufferAttr {
            target_length: self.target,
            minimum_request_length: REQUEST,
            pre_buffering: 0,
            ..BufferAttr::default()
        }
    }

    /// How long the voice thread may take: while the server still has sound, or until the device takes its next buffer.
    fn patience(&self, requested: u32) -> Duration {
        let device = (self.target - 2 * REQUEST) / 2;
        let queue = self.target - device;
        duration(queue.saturating_sub(requested).max(device)) * 7 / 10
    }

    /// Raises the target where it is not enough time and again, and lowers it when it was enough for a while.
    fn adapt(&mut self, now: Instant) -> bool {
        let missed = self.playback.missed();
        let trouble = missed != self.missed;
        self.missed = missed;
        if now - self.changed < SETTLE {
            return false;
        }
        let last = if trouble { self.troubled.replace(now) } else { self.troubled };
        let before = self.target;
        if trouble && last.is_some_and(|last| now - last < TROUBLES) {
            self.target = (self.target + STEP).min(MAX_TARGET);
        } else if !trouble && last.is_none_or(|last| now - last > CALM) && now - self.changed > CALM {
            self.target = (self.target - STEP).max(TARGET);
        }
        if self.target != before {
            self.changed = now;
        }
        self.target != before
    }
}

impl Side for Play {
    fn latency(params: LatencyParams) -> Command {
        Command::GetPlaybackLatency(params)
    }

    fn sound(&mut self, _: &[u8]) {}

    fn delay(connection: &Connection, payload: &[u8]) -> Result<Duration, Trouble> {
        let latency: PlaybackLatency = connection.parse(payload)?;
        Ok(Duration::from_micros(latency.sink_usec) + in_flight(latency.write_offset, latency.read_offset))
    }

    /// The server has sound for a while yet, so that the voice thread may make what is asked for now: nothing is made
    /// ahead of time.
    fn answer(&mut self, connection: &mut Connection, channel: u32, news: &News) -> Result<(), Trouble> {
        let mut left = (news.requested / BYTES) as usize;
        if left == 0 {
            return Ok(());
        }
        self.playback.wait(left, Instant::now() + self.patience(news.requested));
        let all = left;
        while left > 0 {
            let block = &mut self.block[..left.min(CHUNK)];
            self.playback.fill(block);
            connection.send_sound(channel, block)?;
            left -= block.len();
        }
        self.playback.done(all);
        if self.adapt(Instant::now()) {
            let buffer_attr = self.buffer();
            let params = SetPlaybackStreamBufferAttrParams {
                index: channel,
                buffer_attr,
                adjust_latency: true,
                early_requests: false,
            };
            connection.send(&Command::SetPlaybackStreamBufferAttr(params))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RATE;
    use crate::device::speaker;

    #[test]
    fn trouble_again_and_again_raises_the_target_and_calm_lowers_it() {
        let (mut playback, mut output) = speaker(RATE, std::thread::current());
        output.play(&[0.5]);
        playback.fill(&mut [0.0]);
        let mut play = Play::new(playback);
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let miss = |play: &mut Play| play.playback.fill(&mut [0.0]);
        assert!(!play.adapt(at(300)));
        miss(&mut play);
        assert!(!play.adapt(at(1_000)), "once is nothing");
        miss(&mut play);
        assert!(play.adapt(at(2_000)));
        assert_eq!(play.target, TARGET + STEP);
        miss(&mut play);
        assert!(!play.adapt(at(2_100)), "the change has to settle");
        for second in 3..20 {
            miss(&mut play);
            play.adapt(at(second * 1_000));
        }
        assert_eq!(play.target, MAX_TARGET);
        for second in 20..40 {
            assert!(!play.adapt(at(second * 1_000 - 500)), "{second}");
        }
        for second in 40..160 {
            play.adapt(at(second * 1_000));
        }
        assert_eq!(play.target, TARGET);
    }
}
