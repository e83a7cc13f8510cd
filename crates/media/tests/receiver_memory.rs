//! The voice thread must not wait for the allocator: once made, a receiver allocates nothing.

use p2p_comm_media::{BLOCK, Codec, Copies, Flags, Receiver, Sound};
use p2p_comm_model::CallId;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::{Duration, Instant};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: all is left to the system's allocator; counting touches a thread-local without a destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: as our caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as our caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_receiver_at_work_allocates_nothing() {
    let call = CallId([7; 8]);
    let mut receiver = Receiver::new(call).unwrap();
    let start = Instant::now();
    let mut out = [0.0; BLOCK];
    // An Opus frame of silence in CELT, 10 ms, mono (RFC 6716, 3.1), with and without losses, garbage and another codec.
    let (opus, garbage, pcm) = ([0xf0, 0xff, 0xfe], [0x17; 30], [0; 682]);
    let before = ALLOCATIONS.get();
    for n in 0..20_000_u32 {
        let now = start + Duration::from_millis(10) * n;
        let mut copies = Copies::default();
        copies.push(1, &opus);
        copies.push(3, &opus);
        let uncompressed = n / 1_000 % 3 == 2;
        let sound = Sound {
            call,
            sequence: n,
            timestamp: if uncompressed { n * 441 } else { n * 480 },
            codec: if uncompressed { Codec::Pcm } else { Codec::Opus },
            flags: Flags { silence: n % 700 == 0, ..Flags::default() },
            duration: if uncompressed { 341 } else { 480 },
            frame: if uncompressed {
                &pcm
            } else if n % 300 == 0 {
                &garbage
            } else {
                &opus
            },
            copies: if uncompressed { Copies::default() } else { copies },
        };
        if n % 10 > 3 && n % 4_000 > 500 {
            receiver.sound(now, &sound);
        }
        receiver.pull(now, &mut out);
        if n % 30 == 0 {
            receiver.report(now);
            receiver.stats();
        }
    }
    assert_eq!(ALLOCATIONS.get() - before, 0);
    assert!(receiver.stats().played == 20_000 && receiver.stats().packets > 9_000);
}
