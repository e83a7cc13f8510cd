use super::intake::drain;
use super::slot::{Happened, Slot};
use crate::fifo::Fifo;
use crate::level::{FLOOR_DB, Meter};
use crate::process::{Captured, Microphone};
use crate::{BLOCK, Block, Input, Output, RATE, Resampler, SoundSystem};
use p2p_comm_model::{AudioSettings, DeviceState, MicTest};
use std::sync::mpsc::{self, Sender, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// What is kept of a recording.
const KEPT: usize = 10 * RATE as usize;
const TICK: Duration = Duration::from_millis(5);
/// How long clipping is shown.
const CLIP_HOLD: Duration = Duration::from_secs(1);

/// The microphone test: records through the same processing as a call, and plays back what it recorded. Dropping it
/// closes the devices and forgets the recording.
pub struct Rehearsal {
    commands: Sender<Command>,
    thread: Thread,
    told: Arc<Mutex<MicTest>>,
}

enum Command {
    Set(Box<AudioSettings>),
    Play,
}

impl Rehearsal {
    /// Opens the microphone and begins to record.
    pub fn start(sound: Arc<dyn SoundSystem>, settings: &AudioSettings) -> std::io::Result<Self> {
        let (commands, orders) = mpsc::channel();
        let closed = DeviceState::Closed;
        let told = Arc::new(Mutex::new(MicTest {
            playing: false,
            seconds: 0.0,
            level_db: FLOOR_DB,
            clipping: false,
            microphone: closed.clone(),
            speaker: closed,
        }));
        let (settings, tell) = (settings.clone(), told.clone());
        let builder = std::thread::Builder::new().name("p2p-comm-mic-test".to_owned());
        let thread = builder.spawn(move || Stage::new(sound, settings).run(&orders, &tell))?;
        Ok(Self { commands, thread: thread.thread().clone(), told })
    }

    /// Changes the settings.
    pub fn set(&self, settings: &AudioSettings) {
        self.tell(Command::Set(Box::new(settings.clone())));
    }

    /// Stops recording and plays what was recorded.
    pub fn play(&self) {
        self.tell(Command::Play);
    }

    /// How it goes.
    pub fn status(&self) -> MicTest {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn tell(&self, command: Command) {
        let _ = self.commands.send(command);
        self.thread.unpark();
    }
}

impl Drop for Rehearsal {
    fn drop(&mut self) {
        self.thread.unpark();
    }
}

struct Stage {
    settings: AudioSettings,
    input: Slot<Input>,
    output: Slot<Output>,
    from_input: Option<Resampler>,
    to_output: Option<Resampler>,
    microphone: Microphone,
    fifo: Fifo,
    meter: Meter,
    recording: Vec<f32>,
    /// The next sample to play, while it plays.
    at: Option<usize>,
    clipped: Option<Instant>,
}

impl Stage {
    fn new(sound: Arc<dyn SoundSystem>, settings: AudioSettings) -> Self {
        let mut stage = Self {
            input: Slot::new(sound.clone()),
            output: Slot::new(sound),
            from_input: None,
            to_output: None,
            microphone: Microphone::new(&settings),
            fifo: Fifo::new(RATE as usize / 2),
            meter: Meter::default(),
            recording: Vec::new(),
            at: None,
            clipped: None,
            settings,
        };
        stage.input.want(Some(stage.settings.input.clone()));
        stage
    }

    fn run(mut self, orders: &mpsc::Receiver<Command>, told: &Mutex<MicTest>) {
        loop {
            loop {
                match orders.try_recv() {
                    Ok(Command::Set(settings)) => self.set(*settings),
                    Ok(Command::Play) => self.play(),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return,
                }
            }
            let now = Instant::now();
            self.step(now);
            *told.lock().unwrap_or_else(PoisonError::into_inner) = self.status(now);
            std::thread::park_timeout(TICK);
        }
    }

    fn set(&mut self, settings: AudioSettings) {
        self.microphone.set(&settings);
        self.settings = settings;
        match self.at {
            Some(_) => self.output.want(Some(self.settings.output.clone())),
            None => self.input.want(Some(self.settings.input.clone())),
        }
    }

    fn play(&mut self) {
        self.at = Some(0);
        self.input.want(None);
        self.output.want(Some(self.settings.output.clone()));
    }

    fn step(&mut self, now: Instant) {
        if self.input.tick(now) == Some(Happened::Opened) {
            self.microphone.reset();
        }
        if let Some(input) = self.input.device()
            && self.from_input.is_none()
        {
            self.from_input = Resampler::new(input.rate(), RATE).ok();
        }
        self.output.tick(now);
        if let Some(output) = self.output.device()
            && self.to_output.is_none()
        {
            self.to_output = Resampler::new(RATE, output.rate()).ok();
        }
        self.record(now);
        self.replay();
    }

    fn record(&mut self, now: Instant) {
        let (Some(input), Some(resampler)) = (self.input.device(), &mut self.from_input) else { return };
        let fifo = &mut self.fifo;
        drain(&mut input.ring, |samples| resampler.push(samples, &mut |out| fifo.push(out)));
        let mut block: Block = [0.0; BLOCK];
        while self.fifo.pop(&mut block) {
            self.microphone.render(&[0.0; BLOCK]);
            let Captured { clipped, .. } = self.microphone.capture(&mut block, 0);
            if clipped {
                self.clipped = Some(now);
            }
            self.meter.measure(&block);
            if self.recording.len() >= KEPT {
                self.recording.drain(..BLOCK);
            }
            self.recording.extend_from_slice(&block);
        }
    }

    fn replay(&mut self) {
        let (Some(at), Some(output), Some(resampler)) = (&mut self.at, self.output.device(), &mut self.to_output)
        else {
            return;
        };
        while output.queued() < output.wanted() {
            let end = (*at + BLOCK).min(self.recording.len());
            let mut block: Block = [0.0; BLOCK];
            block[..end - *at].copy_from_slice(&self.recording[*at..end]);
            *at = end;
            self.meter.measure(&block);
            resampler.push(&block, &mut |samples| {
                output.play(samples);
            });
        }
    }

    fn status(&self, now: Instant) -> MicTest {
        let at = self.at.unwrap_or_default();
        MicTest {
            playing: self.at.is_some_and(|at| at < self.recording.len()),
            seconds: (self.recording.len() - at) as f32 / RATE as f32,
            level_db: self.meter.level().rms_db,
            clipping: self.clipped.is_some_and(|at| now.saturating_duration_since(at) < CLIP_HOLD),
            microphone: self.input.state(),
            speaker: self.output.state(),
        }
    }
}
