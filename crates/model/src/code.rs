use serde::{Deserialize, Serialize};
use std::fmt;

/// What went wrong, as the same short code in the engine, the command line and the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum Code {
    /// The name has no visible character.
    InvalidName,
    /// The password is empty or longer than [`crate::limits::PASSWORD`].
    InvalidPassword,
    /// Not an IP address or host name.
    InvalidAddress,
    /// Not a port from 1 to 65535.
    InvalidPort,
    /// Not an invite, and no address either.
    InvalidInvite,
    /// Not a link, or one of a kind that could do harm.
    InvalidLink,
    /// Nothing but white space.
    MessageEmpty,
    /// More than [`crate::limits::TEXT`] bytes.
    MessageTooLong,
    /// Too much waits for this peer already.
    QueueFull,
    /// Another program uses the port.
    PortInUse,
    /// The computer gave us no UDP socket.
    NoNetwork,
    /// Only possible while connected.
    NotConnected,
    /// Connect was asked twice.
    AlreadyConnected,
    /// No such peer or request (any more).
    NotFound,
    /// This address is on the list already.
    DuplicatePeer,
    /// The list is full.
    TooManyPeers,
    /// The host name does not resolve.
    ResolveFailed,
    /// Nothing answers at the address.
    NobodyAnswers,
    /// A different password, or somebody else answers at this address.
    WrongPassword,
    /// The address is our own.
    OwnAddress,
    /// Another program, or another version of this one, answers there.
    ProtocolMismatch,
    /// The peer broke the protocol.
    ProtocolError,
    /// The peer is too busy to pair now.
    PeerBusy,
    /// Dialling stopped after too many failed pairings.
    DialingStopped,
    /// Another device answers there than the one that was remembered.
    KeyChanged,
    /// The connection was lost.
    ConnectionLost,
    /// The time for it ran out.
    Timeout,
    /// The peer has not added us yet.
    WaitingForConsent,
    /// There is a call already.
    InCall,
    /// There is no such call (any more).
    NoCall,
    /// The peer's app cannot take calls.
    CallsUnsupported,
    /// The sound device is not there, refused, or in use.
    NoSound,
    /// There is no readable QR code in the picture.
    NoQr,
    /// Not a picture, or one that is damaged or too large.
    NotAnImage,
    /// The system could not open the link or use the clipboard.
    SystemRefused,
    /// Nothing is kept here, or it is not open.
    NotRemembered,
    /// Something is kept here already.
    AlreadyRemembered,
    /// The store opens in the other way: by the keychain or by a passphrase.
    OtherSeal,
    /// Not the passphrase of the store.
    WrongPassphrase,
    /// The passphrase is empty or longer than [`crate::limits::PASSWORD`].
    InvalidPassphrase,
    /// The passphrase is the shared password.
    PassphraseIsPassword,
    /// There is no keychain on this computer.
    KeychainAbsent,
    /// The keychain is locked.
    KeychainLocked,
    /// The keychain, or the person whom it asked, refused.
    KeychainRefused,
    /// The keychain does not have the key of this store.
    KeychainWithoutKey,
    /// The keychain failed otherwise.
    KeychainFailed,
    /// A passphrase seals the store from now on, and the keychain may have its key still.
    KeyLeft,
    /// The keychain does not have the shared password.
    NoRememberedPassword,
    /// The store makes no sense.
    StoreDamaged,
    /// The store is of a newer version.
    StoreNewer,
    /// Another running program uses the store.
    StoreInUse,
    /// The files of the store were deleted or replaced while they were open.
    StoreGone,
    /// The disk is full.
    DiskFull,
    /// The disk or the directory cannot be written.
    DiskReadOnly,
    /// Any other failure of the store.
    StoreFailed,
    /// What is kept can only be opened before anybody was added.
    ListNotEmpty,
    /// The words that were compared are not those of a connection that there is to this peer.
    WordsChanged,
    /// The peer's app is not there, or cannot let messages disappear.
    VanishUnsupported,
    /// Not an exported conversation, or a damaged one.
    InvalidExport,
    /// An exported conversation that memory cannot hold, for one whose messages are not kept.
    ImportTooLarge,
    /// The conversation has lines already.
    ConversationNotEmpty,
    /// A mistake of this program; the log says more.
    Internal,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidName => "the name has no visible character",
            Self::InvalidPassword => "the password is empty or too long",
            Self::InvalidAddress => "not an IP address or host name",
            Self::InvalidPort => "the port must be a number from 1 to 65535",
            Self::InvalidInvite => "not an invite, and no HOST:PORT either",
            Self::InvalidLink => "not a link, or one of a kind that is not allowed",
            Self::MessageEmpty => "the message is empty",
            Self::MessageTooLong => "the message is longer than 64 KiB",
            Self::QueueFull => "too much waits for this peer already",
            Self::PortInUse => "another program on this computer uses this UDP port",
            Self::NoNetwork => "this computer gave no UDP socket",
            Self::NotConnected => "not connected",
            Self::AlreadyConnected => "already connected",
            Self::NotFound => "no such peer or request",
            Self::DuplicatePeer => "this address is on the list already",
            Self::TooManyPeers => "the peer list is full",
            Self::ResolveFailed => "the host name is not known to this computer's name service",
            Self::NobodyAnswers => {
                "nobody answers at this address: the other app is not running, or a firewall or router on their side drops the packets"
            }
            Self::WrongPassword => "a different password, or somebody else answers at this address",
            Self::OwnAddress => "this is your own address",
            Self::ProtocolMismatch => "another program or another version answers at this address",
            Self::ProtocolError => "the other side broke the protocol",
            Self::PeerBusy => "the other side has too many people connecting at the moment",
            Self::DialingStopped => "stopped after three failed pairings, so that the password cannot be guessed through us",
            Self::KeyChanged => "another device answers there than the one that was remembered",
            Self::ConnectionLost => "the connection was lost",
            Self::Timeout => "it took too long",
            Self::WaitingForConsent => "the other side has not added you yet",
            Self::InCall => "there is a call already",
            Self::NoCall => "there is no such call",
            Self::CallsUnsupported => "the peer's app cannot take calls",
            Self::NoSound => "the sound device is missing, refused or in use",
            Self::NoQr => "there is no readable QR code in the picture",
            Self::NotAnImage => "not a picture, or one that is damaged or too large",
            Self::SystemRefused => "the system refused",
            Self::NotRemembered => "nothing is kept here, or it is not unlocked",
            Self::AlreadyRemembered => "something is kept here already",
            Self::OtherSeal => "the store is sealed in another way",
            Self::WrongPassphrase => "wrong passphrase",
            Self::InvalidPassphrase => "the passphrase is empty or too long",
            Self::PassphraseIsPassword => "the passphrase must not be the shared password",
            Self::KeychainAbsent => "this computer has no keychain; use a passphrase",
            Self::KeychainLocked => "the keychain is locked",
            Self::KeychainRefused => "the keychain refused",
            Self::KeychainWithoutKey => "the keychain does not have the key of this store",
            Self::KeychainFailed => "the keychain failed",
            Self::KeyLeft => "the passphrase seals the store from now on, but the keychain may still have its key",
            Self::NoRememberedPassword => "the password is not remembered",
            Self::StoreDamaged => "the store is damaged; it was not changed",
            Self::StoreNewer => "the store was written by a newer version; it was not changed",
            Self::StoreInUse => "another running program uses this store",
            Self::StoreGone => "the files of the store were deleted or replaced",
            Self::DiskFull => "the disk is full: what is new waits in memory",
            Self::DiskReadOnly => "the disk cannot be written: what is new waits in memory",
            Self::StoreFailed => "the store failed; the log says more",
            Self::ListNotEmpty => "what is kept can only be opened before anybody was added",
            Self::WordsChanged => "these are not the words of a connection to this peer; compare those that are shown while it is there",
            Self::VanishUnsupported => "the peer's app is not there, or cannot let messages disappear",
            Self::InvalidExport => "not an exported conversation, or a damaged one",
            Self::ImportTooLarge => "too long for a conversation whose messages are not kept",
            Self::ConversationNotEmpty => "the conversation has messages already",
            Self::Internal => "a mistake of this program; the log says more",
        })
    }
}
