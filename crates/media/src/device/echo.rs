//! A sound system in which everything that is played comes back into the microphone, a second later.
#![expect(clippy::disallowed_types, reason = "both threads are our own and stand in for a room")]

use super::wav::{Joined, Pace};
use super::{Capture, DeviceError, Input, Output, Playback, SoundSystem, Watch, microphone, speaker};
use crate::tone::{Player, Tone};
use crate::{BLOCK, RATE};
use p2p_comm_model::AudioDevices;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// From the speaker back to the microphone.
const DELAY: usize = RATE as usize;
/// The speaker's thread waits for its next 10 ms this long.
const PATIENCE: Duration = Duration::from_millis(10);
const NAME: &str = "echo";

/// What was played and has not come back yet.
#[derive(Default)]
pub(super) struct Echo(Arc<Mutex<VecDeque<f32>>>);

impl SoundSystem for Echo {
    fn devices(&self) -> AudioDevices {
        AudioDevices::default()
    }

    fn open_input(&self, _: Option<&str>, waker: Thread) -> Result<Input, DeviceError> {
        let (capture, input) = microphone(RATE, waker);
        let (line, air) = (capture.line(), self.0.clone());
        line.name(NAME, NAME);
        let thread = std::thread::Builder::new().name("echo microphone".into()).spawn(move || listen(capture, &air));
        Ok(input.with(Joined(Some(thread.map_err(|error| DeviceError::Other(error.to_string()))?))))
    }

    fn open_output(&self, _: Option<&str>, waker: Thread) -> Result<Output, DeviceError> {
        let (playback, output) = speaker(RATE, waker);
        let (line, air) = (playback.line(), self.0.clone());
        line.name(NAME, NAME);
        let thread = std::thread::Builder::new().name("echo speaker".into()).spawn(move || play(playback, &air));
        Ok(output.with(Joined(Some(thread.map_err(|error| DeviceError::Other(error.to_string()))?))))
    }

    fn watch(&self) -> Watch {
        Watch::idle()
    }
}

/// A greeting, and then what was played a second ago.
fn listen(mut capture: Capture, air: &Mutex<VecDeque<f32>>) {
    let line = capture.line();
    let mut greeting = Player::new();
    greeting.play(Tone::Greeting);
    let mut pace = Pace::new();
    // Once the delay is filled it only runs dry when nothing is played any more: the two threads need not keep step.
    let mut filled = false;
    while !line.closed() {
        pace.next();
        let mut block = [0.0; BLOCK];
        {
            let mut air = air.lock().unwrap_or_else(PoisonError::into_inner);
            filled = air.len() >= DELAY || (filled && air.len() >= BLOCK);
            if filled {
                for (sample, played) in block.iter_mut().zip(air.drain(..BLOCK)) {
                    *sample = played;
                }
            }
        }
        greeting.mix_into(&mut block);
        capture.push(block.iter().copied());
        capture.done();
    }
}

fn play(mut playback: Playback, air: &Mutex<VecDeque<f32>>) {
    let line = playback.line();
    air.lock().unwrap_or_else(PoisonError::into_inner).clear();
    let mut pace = Pace::new();
    while !line.closed() {
        playback.wait(BLOCK, Instant::now() + PATIENCE);
        pace.next();
        let mut block = [0.0; BLOCK];
        playback.fill(&mut block);
        playback.done(BLOCK);
        let mut air = air.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody listens: what is older than the delay is gone.
        let over = (air.len() + BLOCK).saturating_sub(DELAY + RATE as usize);
        air.drain(..over);
        air.extend(block);
    }
}
