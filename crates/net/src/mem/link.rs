use rand::RngExt as _;
use rand::rngs::StdRng;
use std::time::Duration;
use tokio::time::Instant;

/// Bytes of an IPv4 and a UDP header, which take their time on the link too.
const HEADERS: usize = 28;

/// One direction between two hosts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// Time from one end to the other. Tokio's timers round up to whole milliseconds.
    pub delay: Duration,
    /// Added to `delay` for each packet, evenly distributed from zero; packets may overtake each other.
    pub jitter: Duration,
    /// The share of packets that get lost, 0 to 1.
    pub loss: f64,
    /// Bits per second; `None`: no limit.
    pub rate: Option<u64>,
    /// The longest that a packet waits for the ones before it; those that would wait longer are dropped.
    pub queue: Duration,
}

impl Default for Link {
    /// A good local network: 1 ms and no loss, no limit.
    fn default() -> Self {
        Self {
            delay: Duration::from_millis(1),
            jitter: Duration::ZERO,
            loss: 0.0,
            rate: None,
            queue: Duration::from_millis(300),
        }
    }
}

/// A link at work.
#[derive(Debug, Default)]
pub(super) struct Pipe {
    pub(super) link: Link,
    /// When the packets sent so far will have left.
    free_at: Option<Instant>,
}

impl Pipe {
    /// When a packet of `length` bytes sent now arrives, or `None` if it gets lost.
    pub(super) fn carry(&mut self, now: Instant, length: usize, rng: &mut StdRng) -> Option<Instant> {
        let Link { delay, jitter, loss, rate, queue } = self.link;
        // Drawn in any case, so that one change of a link leaves the rest of the chances as they were.
        let (luck, wobble) = (rng.random::<f64>(), rng.random::<f64>());
        let start = self.free_at.map_or(now, |free_at| free_at.max(now));
        if luck < loss || start - now > queue {
            return None;
        }
        let left = start + rate.map_or(Duration::ZERO, |rate| time_on_wire(length, rate));
        self.free_at = Some(left);
        Some(left + delay + jitter.mul_f64(wobble))
    }
}

fn time_on_wire(length: usize, rate: u64) -> Duration {
    Duration::from_secs_f64((length + HEADERS) as f64 * 8.0 / rate.max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;

    fn arrivals(link: Link, count: usize) -> Vec<Option<Duration>> {
        let (mut pipe, now) = (Pipe { link, free_at: None }, Instant::now());
        let mut rng = StdRng::seed_from_u64(1);
        (0..count).map(|_| Some(pipe.carry(now, 972, &mut rng)? - now)).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn the_share_of_lost_packets_is_that_of_the_link_and_of_the_seed() {
        let link = Link { loss: 0.3, ..Link::default() };
        let lost = arrivals(link, 10_000).iter().filter(|at| at.is_none()).count();
        assert!((2800..3200).contains(&lost), "{lost}");
        assert_eq!(arrivals(link, 100), arrivals(link, 100));
    }

    #[tokio::test(start_paused = true)]
    async fn packets_queue_for_a_slow_link_and_overflow_is_dropped() {
        // 1000 bytes with headers take 10 ms.
        let link = Link { rate: Some(800_000), queue: Duration::from_millis(25), ..Link::default() };
        let ms = |ms| Some(Duration::from_millis(ms));
        assert_eq!(arrivals(link, 5), [ms(11), ms(21), ms(31), None, None]);
    }

    #[tokio::test(start_paused = true)]
    async fn jitter_spreads_arrivals_evenly_above_the_delay() {
        let jitter = Duration::from_millis(10);
        let mut times: Vec<_> = arrivals(Link { jitter, ..Link::default() }, 1000).into_iter().flatten().collect();
        times.sort();
        assert!(times[0] >= Duration::from_millis(1) && times[999] <= Duration::from_millis(11));
        assert!((5000..7000).contains(&times[500].as_micros()), "{:?}", times[500]);
    }
}
