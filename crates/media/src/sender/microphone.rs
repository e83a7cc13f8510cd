use crate::{BLOCK, Block};

/// Sound begins and ends over this many samples (2.5 ms), so that it does not click.
const RAMP: usize = 120;

/// What lets sound through or not.
pub(crate) struct Microphone {
    /// By the person.
    pub(crate) muted: bool,
    /// By the person, who hears nothing either.
    pub(crate) deafened: bool,
    /// By the transmit mode.
    pub(crate) transmitting: bool,
    /// The last block was let through.
    open: bool,
}

impl Microphone {
    pub(crate) fn new() -> Self {
        Self { muted: false, deafened: false, transmitting: true, open: false }
    }

    /// What comes next does not follow what was before.
    pub(crate) fn restart(&mut self) {
        self.open = false;
    }

    /// The block, or silence if the person is not to be heard; and which of the two.
    pub(crate) fn take(&mut self, block: &Block) -> (Block, bool) {
        let open = self.transmitting && !self.muted && !self.deafened;
        let was_open = std::mem::replace(&mut self.open, open);
        if !open && !was_open {
            return ([0.0; BLOCK], false);
        }
        let mut block = block.map(|sample| if sample.is_finite() { sample } else { 0.0 });
        if open != was_open {
            for (at, sample) in block.iter_mut().enumerate() {
                let rise = (at as f32 / RAMP as f32).min(1.0);
                *sample *= if open { rise } else { 1.0 - rise };
            }
        }
        (block, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_begins_and_ends_softly() {
        let mut microphone = Microphone::new();
        let (block, voiced) = microphone.take(&[1.0; BLOCK]);
        assert!(voiced && block[0] == 0.0 && block[60] == 0.5 && block[RAMP] == 1.0);
        assert_eq!(microphone.take(&[1.0; BLOCK]), ([1.0; BLOCK], true));
        microphone.transmitting = false;
        let (block, voiced) = microphone.take(&[1.0; BLOCK]);
        assert!(voiced && block[0] == 1.0 && block[60] == 0.5 && block[RAMP..] == [0.0; BLOCK - RAMP]);
        assert_eq!(microphone.take(&[1.0; BLOCK]), ([0.0; BLOCK], false));
    }
}
