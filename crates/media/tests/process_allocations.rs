//! The microphone's chain runs on the voice thread: once it runs, it must not allocate.
#![expect(unsafe_code, reason = "an allocator that counts")]

use p2p_comm_media::{BLOCK, Block, Microphone};
use p2p_comm_model::{AudioSettings, Switch};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

struct Counting;

static COUNT: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is handed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_running_chain_does_not_allocate() {
    let settings = AudioSettings { echo: Switch::On, noise: Switch::On, ..AudioSettings::default() };
    let mut microphone = Microphone::new(&settings);
    let mut seed = 1u32;
    let mut noise = || -> Block {
        std::array::from_fn(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / (1 << 24) as f32 * 0.2 - 0.1
        })
    };
    let mut late = [[0.0; BLOCK]; 4];
    let mut run = |blocks: usize| {
        for _ in 0..blocks {
            let played = noise();
            late.rotate_right(1);
            let mut heard = late[3];
            late[0] = played;
            microphone.render(&played);
            microphone.capture(&mut heard, 40);
        }
    };
    run(100);
    let before = COUNT.load(Ordering::Relaxed);
    run(500);
    assert_eq!(COUNT.load(Ordering::Relaxed) - before, 0);
}
