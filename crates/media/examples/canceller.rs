//! Runs the microphone's chain over recordings, to hear and to measure it:
//! `cargo run --release -p p2p-comm-media --example canceller -- played.wav microphone.wav out.wav [delay-ms] [option…]`
//!
//! Both are 48 kHz, 16 bit, mono. Options: `echo=on|off|auto`, `noise=…`, `gain=…`, `headphones`. Prints one line a second.
#![expect(clippy::print_stdout, reason = "a tool for the terminal")]

use p2p_comm_media::{BLOCK, Block, Microphone, RATE};
use p2p_comm_model::{AudioSettings, Switch};
use std::{env, error::Error, time::Instant};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let mut next = || arguments.next().ok_or("played.wav microphone.wav out.wav [delay-ms] [option…]");
    let (played, heard, out) = (read(&next()?)?, read(&next()?)?, next()?);
    let (mut settings, mut delay_ms) = (AudioSettings::default(), 0);
    for argument in arguments {
        match argument.split_once('=') {
            Some(("echo", value)) => settings.echo = switch(value)?,
            Some(("noise", value)) => settings.noise = switch(value)?,
            Some(("gain", value)) => settings.gain = switch(value)?,
            None if argument == "headphones" => settings.headphones = true,
            _ => delay_ms = argument.parse()?,
        }
    }
    let spec =
        hound::WavSpec { channels: 1, sample_rate: RATE, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut writer = hound::WavWriter::create(out, spec)?;
    let mut microphone = Microphone::new(&settings);
    let mut worst = 0;
    let started = Instant::now();
    let blocks = played.chunks_exact(BLOCK).zip(heard.chunks_exact(BLOCK));
    for (index, (played, heard)) in blocks.enumerate() {
        let mut block: Block = heard.try_into()?;
        let begin = Instant::now();
        microphone.render(played.try_into()?);
        let captured = microphone.capture(&mut block, delay_ms);
        worst = worst.max(begin.elapsed().as_micros());
        for sample in block {
            writer.write_sample((sample * 32_767.0) as i16)?;
        }
        if (index + 1) % 100 == 0 {
            let mean = started.elapsed().as_micros() / (index as u128 + 1);
            println!("{:3} s {captured:?} {mean} µs per block, {worst} at most", (index + 1) / 100);
        }
    }
    writer.finalize()?;
    Ok(())
}

fn read(path: &str) -> Result<Vec<f32>, Box<dyn Error>> {
    let mut reader = hound::WavReader::open(path)?;
    if reader.spec().sample_rate != RATE || reader.spec().channels != 1 {
        return Err(format!("{path} is not 48 kHz mono").into());
    }
    reader.samples::<i16>().map(|sample| Ok(f32::from(sample?) / 32_768.0)).collect()
}

fn switch(value: &str) -> Result<Switch, Box<dyn Error>> {
    match value {
        "auto" => Ok(Switch::Auto),
        "on" => Ok(Switch::On),
        "off" => Ok(Switch::Off),
        _ => Err(format!("{value} is not on, off or auto").into()),
    }
}
