//! What each fuzz target does with the bytes it is given; see `fuzz_targets/`.
//!
//! ```text
//! cargo install cargo-fuzz
//! cd tests && cargo fuzz run --fuzz-dir fuzz frames -- -max_total_time=60
//! ```
//! cargo-fuzz needs a nightly compiler, or `RUSTC_BOOTSTRAP=1` with a stable one.

use bytes::Bytes;
use p2p_comm_crypto::{Key, Password, PasswordKey, Salt, derive};
use p2p_comm_media::{BLOCK, Packet, Receiver, Sound};
use p2p_comm_model::{CallId, Invite, Link, Name, PeerAddress, limits};
use p2p_comm_net::frame::Decoder;
use p2p_comm_proto::wire::{ChatMessage, Control, StreamKind};
use p2p_comm_proto::{Certificates, Handshake};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

static KEY: LazyLock<Arc<Key<PasswordKey>>> = LazyLock::new(|| {
    let password = Password::parse("fuzz").expect("a valid password");
    Arc::new(derive(&password, &Salt([0; 16])))
});

/// A stream cut into chunks at places that the first byte chooses: whatever comes out was within the cap.
pub fn frames(data: &[u8]) {
    let Some((step, stream)) = data.split_first() else { return };
    let mut decoder = Decoder::new(limits::UNPROVEN_FRAME);
    for chunk in stream.chunks(usize::from(*step).max(1)) {
        decoder.push(Bytes::copy_from_slice(chunk));
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) => assert!((1..=limits::UNPROVEN_FRAME).contains(&frame.len())),
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
}

/// Lines as the frames of the other side, in both roles: no stranger ever pairs.
pub fn handshake(data: &[u8]) {
    let now = Instant::now();
    let binding = Certificates { ours: [1; 32], theirs: [2; 32] };
    let mut dialer = Handshake::dial(now, binding, [0; 32], [3; 32]);
    let mut listener = Handshake::listen(now, binding, [0; 32], [4; 32], Salt([0; 16]), KEY.clone());
    for frame in data.split(|byte| *byte == b'\n') {
        for side in [&mut dialer, &mut listener] {
            side.frame(frame);
            while let Some(output) = side.poll_output() {
                match output {
                    p2p_comm_proto::HandshakeOutput::Derive(_) => side.derived(&KEY),
                    p2p_comm_proto::HandshakeOutput::Paired(_) => panic!("paired with a fuzzer"),
                    _ => {}
                }
            }
        }
    }
}

/// A group element of the other side: never a panic.
pub fn elements(data: &[u8]) {
    use p2p_comm_crypto::{Exchange, Role};
    for role in [Role::Dialer, Role::Listener] {
        if let Ok(exchange) = Exchange::start(role, &KEY, [5; 32]) {
            let _ = exchange.finish(data);
        }
    }
}

/// The inside of a token: what is read and written again is read the same.
pub fn messages(data: &[u8]) {
    let _ = StreamKind::parse(data);
    if let Ok((n, control)) = Control::parse(data)
        && control != Control::Unknown
    {
        assert_eq!(Control::parse(&control.to_json(n)), Ok((n, control)));
    }
    let _ = ChatMessage::parse(data);
}

/// What people type and paste, and what peers call themselves.
pub fn people(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(name) = Name::parse(text) {
        assert_eq!(Name::parse(name.as_str()), Ok(name));
    }
    if let Ok(address) = PeerAddress::parse(text) {
        assert_eq!(PeerAddress::parse(&address.to_string()), Ok(address));
    }
    if let Ok(invite) = Invite::parse(text) {
        let shown = invite.to_string();
        assert!(shown.len() <= limits::INVITE && invite.addresses().len() <= limits::INVITED);
        assert_eq!(Invite::parse(&shown), Ok(invite));
    }
    if let Ok(link) = Link::parse(text) {
        assert_eq!(Link::parse(link.as_str()), Ok(link));
    }
}

/// Packets of an accepted call, each after its length, one every 10 ms: whatever they are, sound comes out.
pub fn voice(data: &[u8]) {
    let call = CallId([0; 8]);
    let Ok(mut receiver) = Receiver::new(call) else { return };
    let (start, mut rest, mut block) = (Instant::now(), data, [0.0; BLOCK]);
    for at in (0..).step_by(10) {
        let Some((len, after)) = rest.split_first() else { break };
        let (bytes, after) = after.split_at(usize::from(*len).min(after.len()));
        rest = after;
        let now = start + Duration::from_millis(at);
        if let Ok(Packet::Sound(sound)) = Packet::parse(bytes) {
            receiver.sound(now, &Sound { call, ..sound });
        }
        receiver.pull(now, &mut block);
        assert!(block.iter().all(|sample| sample.abs() <= 1.0));
    }
}
