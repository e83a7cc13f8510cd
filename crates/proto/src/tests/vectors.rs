//! The vectors of `docs/protocol.md`, section 5: computed here, and required to stand there.

use crate::wire::{Confirm, ElementX, ElementY, Salts, StreamKind};
use p2p_comm_crypto::{DeviceSecret, Exchange, Password, Role, Salt, Secrets, Transcript, commitment, derive};
use std::fmt::Write as _;

const DOCUMENT: &str = include_str!("../../../../docs/protocol.md");

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

/// Scalars come out of `ChaCha20Rng` seeds here; another implementation checks from the frames on, or takes the seeds'
/// effect from `x` and `y`.
fn vectors() -> Vec<(&'static str, String)> {
    let salt = Salt(std::array::from_fn(|n| n as u8));
    let key = derive(&Password::parse("correct horse battery staple").unwrap(), &salt);
    let dialer = Exchange::start(Role::Dialer, &key, [0x11; 32]).unwrap();
    let listener = Exchange::start(Role::Listener, &key, [0x22; 32]).unwrap();
    let element = ElementY { y: *listener.element() }.to_frame();
    let frames = [
        StreamKind::Handshake.header(),
        Salts::one(salt, commitment(&element)).to_frame(),
        ElementX { x: *dialer.element() }.to_frame(),
        element,
    ];
    let mut transcript = Transcript::new();
    for frame in &frames {
        transcript.frame(frame);
    }
    let t = transcript.finish(&[0xaa; 32], &[0xbb; 32]);
    let y = *listener.element();
    let shared = dialer.finish(&y).unwrap();
    let exporter = [0xcc; 32];
    let a = Secrets::new(Role::Dialer, t, &shared, &exporter);
    let b = Secrets::new(Role::Listener, t, &shared, &exporter);
    let device = DeviceSecret::from_seed(&[0x33; 32]);
    let [f1, f2, f3, f4] = frames.map(|frame| String::from_utf8(frame).unwrap());
    vec![
        ("K", hex(key.expose_for_vectors())),
        ("frame 1", f1),
        ("frame 2", f2),
        ("frame 3", f3),
        ("frame 4", f4),
        ("T", hex(&t.0)),
        ("S", hex(shared.expose_for_vectors())),
        ("frame 5", String::from_utf8(Confirm { confirm: a.confirmation() }.to_frame()).unwrap()),
        ("frame 6", String::from_utf8(Confirm { confirm: b.confirmation() }.to_frame()).unwrap()),
        ("key(control, A)", hex(a.control.ours.expose_for_vectors())),
        ("key(control, B)", hex(a.control.theirs.expose_for_vectors())),
        ("key(chat, A)", hex(a.chat.ours.expose_for_vectors())),
        ("key(chat, B)", hex(a.chat.theirs.expose_for_vectors())),
        ("key(voice, A)", hex(a.voice.ours.expose_for_vectors())),
        ("key(voice, B)", hex(a.voice.theirs.expose_for_vectors())),
        ("phrase", a.phrase.as_str().to_owned()),
        ("device of A", hex(&device.public().0)),
        ("signature of A", hex(&device.sign(Role::Dialer, &t))),
    ]
}

#[test]
fn the_document_gives_these_vectors() {
    let missing: Vec<_> = vectors().into_iter().filter(|(_, value)| !DOCUMENT.contains(value.as_str())).collect();
    let rows: String = missing.iter().map(|(name, value)| format!("| {name} | `{value}` |\n")).collect();
    assert!(missing.is_empty(), "docs/protocol.md lacks:\n{rows}");
}
