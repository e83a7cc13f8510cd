//! The sending side allocates when it is made and never again: it runs between the callbacks of the sound card.

use p2p_comm_media::{BLOCK, Block, MAX_PACKET, Report, Sender};
use p2p_comm_model::{CallId, Quality};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::{Duration, Instant};

struct Counting;

thread_local! {
    static ALLOCATED: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: everything is done by the system's allocator; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.set(ALLOCATED.get() + 1);
        // SAFETY: as promised by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as promised by the caller.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn voice(n: u32) -> Block {
    std::array::from_fn(|i| {
        let t = (n as usize * BLOCK + i) as f32 / 48_000.0;
        (1..9).map(|h| (std::f32::consts::TAU * 130.0 * h as f32 * t).sin() / h as f32).sum::<f32>() * 0.1
    })
}

#[test]
fn a_sender_that_runs_allocates_nothing() {
    let mut sender = Sender::new(CallId([1; 8]), Quality::Auto).unwrap();
    let mut now = Instant::now();
    let (mut packets, mut longest) = (0u32, 0);
    let mut report = Report { burst_x16: 30, ..Report::default() };
    let before = ALLOCATED.get();
    for n in 0..6000u32 {
        now += Duration::from_millis(10);
        match n {
            1000 => sender.set_muted(true),
            1200 => sender.set_muted(false),
            2000 => sender.set_quality(Quality::Economy, false),
            3500 => sender.set_quality(Quality::Uncompressed, true),
            4000 => sender.resume(now),
            _ => {}
        }
        let block = if n / 300 % 4 == 3 { [0.0; BLOCK] } else { voice(n) };
        sender.push(now, &block, &mut |bytes| {
            packets += 1;
            longest = longest.max(bytes.len());
        });
        if n % 20 == 19 {
            report.highest = packets - 1;
            report.expected = packets;
            report.lost += u32::from(!(1500..5000).contains(&n)) * 5;
            report.queue_ms = if n > 5000 { 300 } else { 5 };
            sender.report(now, &report);
            sender.stats();
        }
    }
    assert_eq!(ALLOCATED.get() - before, 0);
    assert!(packets > 3000 && longest <= MAX_PACKET, "{packets} {longest}");
}
