use crate::{BLOCK, Block};
use std::collections::VecDeque;

/// Samples on their way between pieces of different lengths. Never grows beyond its capacity.
pub(crate) struct Fifo(VecDeque<f32>);

impl Fifo {
    /// Room for `capacity` samples.
    pub(crate) fn new(capacity: usize) -> Self {
        Self(VecDeque::with_capacity(capacity))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds samples; the oldest ones go if there is no more room.
    pub(crate) fn push(&mut self, samples: &[f32]) {
        let over = (self.0.len() + samples.len()).saturating_sub(self.0.capacity());
        self.drop_oldest(over);
        self.0.extend(&samples[samples.len().saturating_sub(self.0.capacity())..]);
    }

    pub(crate) fn drop_oldest(&mut self, count: usize) {
        self.0.drain(..count.min(self.0.len()));
    }

    /// Takes 10 ms, if there are as many.
    pub(crate) fn pop(&mut self, block: &mut Block) -> bool {
        if self.0.len() < BLOCK {
            return false;
        }
        for (to, from) in block.iter_mut().zip(self.0.drain(..BLOCK)) {
            *to = from;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_come_out_in_order_and_in_blocks() {
        let mut fifo = Fifo::new(1000);
        let mut block = [0.0; BLOCK];
        fifo.push(&[1.0; 479]);
        assert!(!fifo.pop(&mut block));
        fifo.push(&[2.0, 3.0]);
        assert!(fifo.pop(&mut block));
        assert_eq!((block[478], block[479], fifo.len()), (1.0, 2.0, 1));
    }

    #[test]
    fn the_oldest_samples_go_when_it_is_full() {
        let mut fifo = Fifo::new(BLOCK);
        let capacity = fifo.0.capacity();
        fifo.push(&vec![1.0; capacity + 5]);
        fifo.push(&[2.0]);
        assert_eq!((fifo.len(), fifo.0.capacity(), *fifo.0.back().unwrap()), (capacity, capacity, 2.0));
    }
}
