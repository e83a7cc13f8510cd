//! `npm run bench`: what this program costs in time and memory. Every figure is one JSON object per line on standard
//! output (`{"name","value","unit","n"}`) and a row of a table on standard error.
//!
//! Nothing here decides whether a build is good: machines are noisy. Compare figures of one run, and medians.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "its output is its purpose")]

mod baseline;
mod memory;
mod message;
mod pairing;
mod people;
mod store;
mod voice;

use clap::Parser;
use std::error::Error;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Benchmarks of P2P Privacy Communications.
#[derive(Parser)]
struct Args {
    /// Only benchmarks whose name begins with this
    #[arg(long)]
    only: Option<String>,
}

/// One measured value.
struct Figure {
    name: &'static str,
    value: f64,
    unit: &'static str,
    n: usize,
}

/// A benchmark: the names it yields, and how to run it.
type Benchmark = (&'static [&'static str], fn() -> Result<Vec<Figure>>);

const BENCHMARKS: [Benchmark; 7] = [
    (
        &["message_rtt_p50_us", "message_rtt_p99_us", "quic_rtt_p50_us", "message_rtt_ratio_to_quic"],
        message::round_trip,
    ),
    (&["messages_per_s"], message::one_way),
    (&["pairing_ms"], pairing::pairing),
    (&["voice_thread_to_wire_p99_us"], voice::to_wire),
    (&["voice_send_wait_p99_ms"], voice::send_wait),
    (&["store_insert_per_s", "store_open_ms", "search_1m_p95_ms", "store_commit_p95_ms"], store::million),
    (&["rss_1_peer_mib", "rss_100_peers_mib"], memory::resident),
];

fn main() -> Result<()> {
    let only = Args::parse().only.unwrap_or_default();
    let mut figures = Vec::new();
    for (_, run) in BENCHMARKS.iter().filter(|(names, _)| names.iter().any(|name| name.starts_with(&only))) {
        for figure in run()? {
            let Figure { name, value, unit, n } = &figure;
            println!("{}", serde_json::json!({ "name": name, "value": value, "unit": unit, "n": n }));
            figures.push(figure);
        }
    }
    for Figure { name, value, unit, n } in &figures {
        eprintln!("{name:<28} {value:>12.2} {unit:<6} n = {n}");
    }
    Ok(())
}

/// The value below which `share` of `values` lie.
fn percentile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = ((values.len().saturating_sub(1)) as f64 * share).round() as usize;
    values.get(at).copied().unwrap_or(f64::NAN)
}
