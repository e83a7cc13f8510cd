//! What a person reads. Text of others never reaches the terminal as it is.

use p2p_comm_engine::{
    CallEnd, CallPhase, DeviceState, Forgotten, Hearing, Keeping, Notice, PeerState, PortMapping, Remembered,
    RequestSnapshot, Retention,
};

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

pub(crate) fn listening(port: u16, addresses: &[String], invite: &str) -> String {
    let reached = match addresses {
        [] => String::new(),
        addresses => format!(" Others reach you at {}.", addresses.join(" or ")),
    };
    format!("Listening on UDP port {port}.{reached}\nYour invite: {}", visible(invite))
}

/// Nothing where nothing is kept.
pub(crate) fn remembered(remembered: &Remembered) -> Option<String> {
    let messages = match remembered.retention {
        Retention::Off => "but not messages",
        Retention::Day => "and messages for a day",
        Retention::Week => "and messages for a week",
        Retention::Month => "and messages for a month",
        Retention::Forever => "and messages",
    };
    matches!(remembered.state, Keeping::Open { .. })
        .then(|| format!("Your people are kept on this computer, {messages}."))
}

pub(crate) fn vanishing(after: Option<u32>) -> String {
    match after {
        None => "messages stay from now on".to_owned(),
        Some(after) => format!("messages disappear from now on, {after} s after they came"),
    }
}

pub(crate) fn forgotten(forgotten: &Forgotten) -> String {
    match forgotten {
        Forgotten::Key => "the key in the keychain".to_owned(),
        Forgotten::Password => "the password in the keychain".to_owned(),
        Forgotten::File(name) => visible(name),
        Forgotten::Directory => "the directory".to_owned(),
        Forgotten::Unnamed => {
            "the files, but perhaps not our entries in the keychain: the key file that names them makes no sense"
                .to_owned()
        }
        Forgotten::Left(why) => format!("the files, but perhaps not our entries in the keychain: {why}"),
    }
}

/// What came of asking the router, and what to do next.
pub(crate) fn router(mapping: &PortMapping, pinhole: Option<&str>) -> Option<String> {
    let v4 = match mapping {
        PortMapping::Off | PortMapping::Asking => None,
        PortMapping::Needless => Some("This computer has a public address, so no router is asked.".to_owned()),
        PortMapping::Open { address } => Some(format!("The router lets others in at {address}.")),
        PortMapping::BehindNat { address } => {
            let there = address.as_ref().map(|ip| format!(" ({ip})")).unwrap_or_default();
            Some(format!(
                "The router has no public address{there}: most likely another one, such as the provider's, stands before it. Let the other side be the open one, or use IPv6 or a VPN."
            ))
        }
        PortMapping::Refused => Some(
            "The router refused to let others in. Allow UPnP or PCP in it, forward the port by hand, or let the other side be the open one."
                .to_owned(),
        ),
        PortMapping::NoRouter => Some(
            "No router answered. Allow UPnP or PCP in it, forward the port by hand, or let the other side be the open one."
                .to_owned(),
        ),
    };
    let v6 = pinhole.map(|address| format!("Over IPv6 the router lets others in at {address}."));
    let both: Vec<_> = v4.into_iter().chain(v6).collect();
    (!both.is_empty()).then(|| both.join("\n"))
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

pub(crate) fn phrase(name: &str, words: &str) -> String {
    format!(
        "{}: the words of this connection are \"{words}\"; nobody sits between you if they are the same there",
        visible(name)
    )
}

pub(crate) fn notice(notice: Notice) -> &'static str {
    match notice {
        Notice::NewKey => "is back with a new key",
        Notice::Unverified => "was verified with the key before, not with this one; compare the words again",
        Notice::KeyChanged => "another device answers there than the one that was remembered",
        Notice::WrongPassword => "a different password, or somebody else answers at this address",
        Notice::DialingStopped => "three pairings in a row failed; no further attempt is made",
        Notice::OldestDropped => "the oldest messages were dropped to stay within the limits",
        Notice::OwnAddress => "this is your own address",
        Notice::ProtocolMismatch => "another program or another version answers at this address",
        Notice::VanishUnsupported => "their app does not let messages disappear any more; those from now on stay",
        Notice::MicrophoneMoved => "the system's default microphone changed; it is used now",
        Notice::MicrophoneLost => "your microphone is gone; another one is looked for",
        Notice::MicrophoneReplaced => "the microphone you chose is not there; the system's default is used",
        Notice::SpeakerMoved => "the system's default speaker changed; it is used now",
        Notice::SpeakerLost => "your speaker is gone; another one is looked for",
        Notice::SpeakerReplaced => "the speaker you chose is not there; the system's default is used",
    }
}

pub(crate) fn phase(phase: CallPhase) -> &'static str {
    match phase {
        CallPhase::Searching => "calling, no answer of their app yet",
        CallPhase::Ringing => "it rings there",
        CallPhase::Incoming => "calls",
        CallPhase::Active => "the call is on",
        CallPhase::Reconnecting => "nothing comes through, reconnecting",
    }
}

/// What is worth saying about whether they hear us.
pub(crate) fn hearing(hearing: Hearing, name: &str) -> Option<String> {
    Some(match hearing {
        Hearing::Connecting => return None,
        Hearing::Heard => format!("{name}: hears you"),
        Hearing::Muted => "you are muted".to_owned(),
        Hearing::MicrophoneSilent => "your microphone is silent".to_owned(),
        Hearing::NoMicrophone => "you have no microphone".to_owned(),
        Hearing::SpeakerOff => format!("{name}: the speaker is off there"),
        Hearing::NotArriving => format!("{name}: your sound does not arrive"),
    })
}

/// What is wrong with our devices.
pub(crate) fn devices(microphone: &DeviceState, speaker: &DeviceState) -> Option<String> {
    let trouble = |what: &str, state: &DeviceState| {
        let words = match state {
            DeviceState::Closed | DeviceState::Open { .. } => return None,
            DeviceState::Missing => "there is none",
            DeviceState::Refused => "the system does not allow it",
            DeviceState::Busy => "it cannot be opened now; trying again",
        };
        Some(format!("{what}: {words}"))
    };
    let troubles: Vec<_> =
        [trouble("microphone", microphone), trouble("speaker", speaker)].into_iter().flatten().collect();
    (!troubles.is_empty()).then(|| troubles.join("; "))
}

pub(crate) fn call_end(end: CallEnd) -> &'static str {
    match end {
        CallEnd::HungUp => "hung up",
        CallEnd::Rejected => "the call was rejected",
        CallEnd::Busy => "in another call",
        CallEnd::Cancelled => "cancelled before it was answered",
        CallEnd::NoAnswer => "nobody answered",
        CallEnd::Unreachable => "the other app could not be reached",
        CallEnd::Lost => "the connection was lost",
        CallEnd::Unsupported => "the other app cannot take calls",
        CallEnd::Stopped => "stopped",
    }
}
