//! What a person reads. Text of others never reaches the terminal as it is.

use p2p_comm_engine::{Notice, PeerState, RequestSnapshot};

/// `text` without anything that a terminal obeys or that reorders it; further lines are indented, so that none can be
/// taken for a line of ours.
pub(crate) fn visible(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => visible.push_str("\n    "),
            '\t' => visible.push(c),
            '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                visible.push(char::REPLACEMENT_CHARACTER);
            }
            c if c.is_control() => visible.push(char::REPLACEMENT_CHARACTER),
            c => visible.push(c),
        }
    }
    visible
}

pub(crate) fn listening(port: u16, addresses: &[String]) -> String {
    if addresses.is_empty() {
        return format!("Listening on UDP port {port}.");
    }
    format!("Listening on UDP port {port}. Others reach you at {}.", addresses.join(" or "))
}

pub(crate) fn request(request: &RequestSnapshot) -> String {
    let (name, address) = (visible(&request.name), visible(&request.address));
    format!("{name} at {address} knows the password and asks to talk, but is not on the list.")
}

pub(crate) fn state(state: PeerState) -> String {
    match state {
        PeerState::Offline => "offline".to_owned(),
        PeerState::Resolving => "looking up the address".to_owned(),
        PeerState::Reaching => "calling".to_owned(),
        PeerState::Proving => "proving the password to each other".to_owned(),
        PeerState::Waiting => "waiting for the other side to add you".to_owned(),
        PeerState::Connected => "connected".to_owned(),
        PeerState::Unreachable => "not reachable at the moment, trying again".to_owned(),
        PeerState::Failed { code, .. } => format!("{code}; trying again"),
        PeerState::Stopped { code } => code.to_string(),
        PeerState::Blocked => "blocked".to_owned(),
    }
}

pub(crate) fn notice(notice: Notice) -> &'static str {
    match notice {
        Notice::NewKey => "is back with a new key",
        Notice::KeyChanged => "another device answers there than the one that was remembered",
        Notice::WrongPassword => "a different password, or somebody else answers at this address",
        Notice::DialingStopped => "three pairings in a row failed; no further attempt is made",
        Notice::OldestDropped => "the oldest messages were dropped to stay within the limits",
        Notice::OwnAddress => "this is your own address",
        Notice::ProtocolMismatch => "another program or another version answers at this address",
    }
}
