use crate::lab::{Start, alice, bob, free_port, ready};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// 2 s of a tone, 8 kHz, 8 bits, stereo: not what the program uses inside.
fn recording(files: &TempDir) -> PathBuf {
    let (path, rate) = (files.path().join("mic.wav"), 8000u32);
    let samples: Vec<u8> =
        (0..rate * 2).flat_map(|n| [(128.0 + 60.0 * (f64::from(n) * 0.345).sin()) as u8; 2]).collect();
    let data = samples.len() as u32;
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + data).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16u32.to_le_bytes());
    wav.extend([1, 0, 2, 0]);
    wav.extend(rate.to_le_bytes());
    wav.extend((rate * 2).to_le_bytes());
    wav.extend([2, 0, 8, 0]);
    wav.extend(b"data");
    wav.extend(data.to_le_bytes());
    wav.extend(samples);
    std::fs::write(&path, wav).unwrap();
    path
}

fn sound(files: &TempDir, speaker: &str) -> String {
    format!("--mic {} --speaker {}", recording(files).display(), files.path().join(speaker).display())
}

/// Samples of a 16-bit mono file.
fn samples(path: &Path) -> Vec<i16> {
    let bytes = std::fs::read(path).unwrap();
    bytes[44..].chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

#[test]
fn a_call_is_answered_heard_and_ended_after_its_time() {
    let files = TempDir::new().unwrap();
    let (mut bob, port) = bob(&format!("--accept-anyone --auto-answer {}", sound(&files, "bob.wav")));
    ready(&mut bob);
    let end = alice(&format!("call --for 3 --json {}", sound(&files, "alice.wav")), port).go().end();
    assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""));
    let phases: Vec<_> = end.events("call").iter().map(|event| event["phase"].clone()).collect();
    assert_eq!(phases.first().unwrap(), "searching");
    assert_eq!(phases.last().unwrap(), "active");
    assert!(end.events("hearing").iter().any(|event| event["hearing"] == "heard"), "{:?}", end.stdout);
    let voice = end.events("voice");
    assert!(voice.len() >= 2 && voice.iter().all(|event| event["codec"] == "opus"), "{voice:?}");
    assert_eq!(end.events("callEnded")[0]["end"], "hungUp");
    bob.event("callEnded", |event| event["end"] == "hungUp" && event["outgoing"] == false);
    let loudest = samples(&files.path().join("bob.wav")).into_iter().map(i16::unsigned_abs).max().unwrap();
    assert!((2000..32000).contains(&loudest), "{loudest}");
}

#[test]
fn a_call_that_nobody_is_there_for_fails() {
    let files = TempDir::new().unwrap();
    let mut run = alice(&format!("call --json {}", sound(&files, "alice.wav")), free_port()).go();
    run.event("call", |event| event["phase"] == "searching");
    #[cfg(unix)]
    {
        run.terminate();
        let end = run.end();
        assert_eq!(end.code, Some(1), "{}", end.stderr);
    }
}

#[test]
fn what_is_no_recording_is_named_before_anybody_is_called() {
    let files = TempDir::new().unwrap();
    let (empty, cut) = (files.path().join("empty.wav"), files.path().join("cut.wav"));
    std::fs::write(&empty, "").unwrap();
    std::fs::write(&cut, &std::fs::read(recording(&files)).unwrap()[..20]).unwrap();
    for (path, words) in
        [(&empty, "not a .wav file"), (&cut, "not a .wav file"), (&files.path().join("no.wav"), "no such file")]
    {
        let end = Start::new(&format!("call --name alice --peer 127.0.0.1:9 --mic {}", path.display())).go().end();
        assert_eq!(end.code, Some(2), "{}", end.stderr);
        assert!(end.stderr.contains(words) && end.stderr.contains(".wav"), "{}", end.stderr);
    }
}

#[test]
fn a_speaker_file_that_cannot_be_written_is_named_before_anybody_is_called() {
    let files = TempDir::new().unwrap();
    let path = files.path().join("no/speaker.wav");
    let speaker = format!("call --name alice --peer 127.0.0.1:9 --speaker {}", path.display());
    let end = Start::new(&speaker).go().end();
    assert_eq!(end.code, Some(2), "{}", end.stderr);
    assert!(end.stderr.contains("no/speaker.wav: No such file"), "{}", end.stderr);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_under_the_speaker_file_is_told_to_both() {
    let files = TempDir::new().unwrap();
    let (mut bob, port) = bob(&format!("--accept-anyone --auto-answer {}", sound(&files, "bob.wav")));
    ready(&mut bob);
    let call = format!("call --for 5 --json --mic {} --speaker /dev/full", recording(&files).display());
    let end = alice(&call, port).go().end();
    assert_eq!(end.code, Some(1), "{}", end.stderr);
    assert!(end.stderr.contains("error: noSound: /dev/full: No space left"), "{}", end.stderr);
    let said = |event: &serde_json::Value| {
        event["code"] == "noSound" && event["message"].to_string().contains("No space left")
    };
    assert!(end.events("error").iter().any(said), "{:?}", end.stdout);
    bob.event("hearing", |event| event["hearing"] == "speakerOff");
}

#[test]
fn a_wrong_quality_is_wrong_use() {
    let end = Start::new("call --name alice --peer 127.0.0.1:9 --quality best").go().end();
    assert_eq!(end.code, Some(2));
    assert!(end.stderr.contains("uncompressed"), "{}", end.stderr);
}
