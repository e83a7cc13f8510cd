use crate::key::Purpose;
use crate::{Chat, Confirm, Control, Directed, Key, PasswordKey, Phrase, Shared, Voice};
use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::traits::IsIdentity as _;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rand_chacha::rand_core::SeedableRng as _;
use sha2::{Digest as _, Sha256};
use spake2::{Ed25519Group, Identity, Spake2};
use zeroize::Zeroizing;

/// Length of a SPAKE2 message: a side byte (`A` or `B`) and a compressed Ed25519 point.
pub const ELEMENT_LEN: usize = 33;
/// Length of a confirmation.
pub const MAC_LEN: usize = 32;

/// Who opened the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// SPAKE2's A.
    Dialer,
    /// SPAKE2's B.
    Listener,
}

impl Role {
    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::Dialer => Self::Listener,
            Self::Listener => Self::Dialer,
        }
    }

    /// `A` or `B`, as in labels and signatures.
    pub(crate) fn letter(self) -> u8 {
        match self {
            Self::Dialer => b'A',
            Self::Listener => b'B',
        }
    }
}

/// Why a pairing cannot go on. To the person each of them means: a different password, or somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PairingError {
    /// Not 33 bytes, of the wrong side, or not a point of the curve.
    #[error("malformed group element")]
    Malformed,
    /// The identity, or a point outside the prime-order subgroup.
    #[error("group element of small order")]
    SmallOrder,
    /// Our own element came back.
    #[error("our own group element came back")]
    Echoed,
    /// The other side derived another key: a different password, or a man in the middle.
    #[error("the confirmation is wrong")]
    WrongConfirmation,
}

/// One run of SPAKE2 (Warner's variant over Ed25519, as in the `spake2` crate and the Python package of that name).
pub struct Exchange {
    state: Spake2<Ed25519Group>,
    element: [u8; ELEMENT_LEN],
}

impl Exchange {
    /// Draws our secret scalar from `seed`.
    pub fn start(role: Role, key: &Key<PasswordKey>, seed: [u8; 32]) -> Result<Self, PairingError> {
        let password = spake2::Password::new(key.bytes());
        let (a, b) = (Identity::new(b"p2p-comm/1 dialer"), Identity::new(b"p2p-comm/1 listener"));
        let rng = rand_chacha::ChaCha20Rng::from_seed(seed);
        let (state, element) = match role {
            Role::Dialer => Spake2::start_a_with_rng(&password, &a, &b, rng),
            Role::Listener => Spake2::start_b_with_rng(&password, &a, &b, rng),
        };
        Ok(Self { state, element: element.try_into().map_err(|_| PairingError::Malformed)? })
    }

    /// What we send.
    pub fn element(&self) -> &[u8; ELEMENT_LEN] {
        &self.element
    }

    /// Takes what the other side sent. The `spake2` crate itself does not check for points of small order.
    pub fn finish(self, theirs: &[u8]) -> Result<Key<Shared>, PairingError> {
        let (_, point) = theirs.split_first().ok_or(PairingError::Malformed)?;
        if self.element.get(1..) == Some(point) {
            return Err(PairingError::Echoed);
        }
        let point = CompressedEdwardsY::from_slice(point).ok().and_then(|point| point.decompress());
        let point = point.ok_or(PairingError::Malformed)?;
        if point.is_identity() || !point.is_torsion_free() {
            return Err(PairingError::SmallOrder);
        }
        let key = Zeroizing::new(self.state.finish(theirs).map_err(|_| PairingError::Malformed)?);
        let key = key.as_slice().try_into().map_err(|_| PairingError::Malformed)?;
        Ok(Key::new(Zeroizing::new(key)))
    }
}

/// Collects the handshake frames, in the order in which they were sent.
#[derive(Clone)]
pub struct Transcript(Sha256);

/// `T` of `docs/protocol.md`: both sides have the same one exactly if nobody changed anything in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TranscriptHash(pub [u8; 32]);

impl Transcript {
    /// Starts with the label.
    pub fn new() -> Self {
        Self(Sha256::new_with_prefix(b"p2p-comm/1 pairing"))
    }

    /// Adds the body of a frame.
    pub fn frame(&mut self, body: &[u8]) {
        self.length_prefixed(body);
    }

    /// Adds the SHA-256 of both TLS certificates: the exporter does not cover the dialer's.
    pub fn finish(mut self, dialer_certificate: &[u8; 32], listener_certificate: &[u8; 32]) -> TranscriptHash {
        self.length_prefixed(dialer_certificate);
        self.length_prefixed(listener_certificate);
        TranscriptHash(self.0.finalize().into())
    }

    fn length_prefixed(&mut self, bytes: &[u8]) {
        self.0.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        self.0.update(bytes);
    }
}

impl Default for Transcript {
    fn default() -> Self {
        Self::new()
    }
}

/// Everything that a pairing yields.
pub struct Secrets {
    transcript: TranscriptHash,
    confirm: Directed<Confirm>,
    /// Keys of the control stream.
    pub control: Directed<Control>,
    /// Keys of the chat stream.
    pub chat: Directed<Chat>,
    /// Keys of the voice datagrams.
    pub voice: Directed<Voice>,
    /// What the two people can compare.
    pub phrase: Phrase,
}

impl Secrets {
    /// `PRK = HKDF-Extract(T, shared || exporter)`, then one `Expand` for each purpose and direction (RFC 5869).
    pub fn new(role: Role, transcript: TranscriptHash, shared: &Key<Shared>, exporter: &[u8; 32]) -> Self {
        let ikm = Zeroizing::new([shared.bytes().as_slice(), exporter].concat());
        let prk = Hkdf::<Sha256>::new(Some(&transcript.0), &ikm);
        Self {
            transcript,
            confirm: directed(&prk, role),
            control: directed(&prk, role),
            chat: directed(&prk, role),
            voice: directed(&prk, role),
            phrase: Phrase::new(&prk),
        }
    }

    /// What this pairing is called in signatures.
    pub fn transcript(&self) -> &TranscriptHash {
        &self.transcript
    }

    /// Our proof that we know the password: `HMAC-SHA256(confirm key, T)`.
    pub fn confirmation(&self) -> [u8; MAC_LEN] {
        self.mac(&self.confirm.ours).finalize().into_bytes().into()
    }

    /// Checks theirs, in constant time.
    pub fn check_confirmation(&self, theirs: &[u8]) -> Result<(), PairingError> {
        self.mac(&self.confirm.theirs).verify_slice(theirs).map_err(|_| PairingError::WrongConfirmation)
    }

    fn mac(&self, key: &Key<Confirm>) -> Hmac<Sha256> {
        let mut mac = hmac(key.bytes());
        mac.update(&self.transcript.0);
        mac
    }
}

fn directed<P: Purpose>(prk: &Hkdf<Sha256>, role: Role) -> Directed<P> {
    Directed { ours: expand(prk, role), theirs: expand(prk, role.other()) }
}

fn expand<P: Purpose>(prk: &Hkdf<Sha256>, sender: Role) -> Key<P> {
    let mut key = Zeroizing::new([0; 32]);
    prk_expand(prk, &[b"p2p-comm/1 ", P::LABEL.as_bytes(), b" ", &[sender.letter()]].concat(), &mut key[..]);
    Key::new(key)
}

#[allow(clippy::expect_used, reason = "HKDF-Expand fails only above 255 * 32 bytes, and nobody asks for more than 32")]
pub(crate) fn prk_expand(prk: &Hkdf<Sha256>, info: &[u8], out: &mut [u8]) {
    prk.expand(info, out).expect("a valid length");
}

#[allow(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn hmac(key: &[u8; 32]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("any length is valid")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Password, Salt, derive};
    use proptest::prelude::*;

    fn key(password: &str) -> Key<PasswordKey> {
        derive(&Password::parse(password).unwrap(), &Salt([5; 16]))
    }

    fn pair(alice: &Key<PasswordKey>, bob: &Key<PasswordKey>) -> (Secrets, Secrets) {
        let a = Exchange::start(Role::Dialer, alice, [1; 32]).unwrap();
        let b = Exchange::start(Role::Listener, bob, [2; 32]).unwrap();
        let (x, y) = (*a.element(), *b.element());
        let mut transcript = Transcript::new();
        transcript.frame(&x);
        transcript.frame(&y);
        let t = transcript.finish(&[3; 32], &[4; 32]);
        let (ka, kb) = (a.finish(&y).unwrap(), b.finish(&x).unwrap());
        (Secrets::new(Role::Dialer, t, &ka, &[9; 32]), Secrets::new(Role::Listener, t, &kb, &[9; 32]))
    }

    #[test]
    fn the_same_password_confirms_both_ways() {
        let (alice, bob) = pair(&key("one"), &key("one"));
        assert!(bob.check_confirmation(&alice.confirmation()).is_ok());
        assert!(alice.check_confirmation(&bob.confirmation()).is_ok());
        assert!(alice.control.ours.same(&bob.control.theirs));
        assert!(alice.chat.theirs.same(&bob.chat.ours));
        assert!(!alice.chat.theirs.same(&bob.chat.theirs));
        assert!(alice.voice.ours.same(&bob.voice.theirs));
        assert!(alice.voice.theirs.same(&bob.voice.ours));
        assert!(!alice.voice.ours.same(&bob.voice.ours));
        assert!(alice.voice.ours.bytes() != alice.chat.ours.bytes());
        assert!(alice.phrase == bob.phrase);
    }

    #[test]
    fn a_different_password_does_not_confirm() {
        let (alice, bob) = pair(&key("one"), &key("two"));
        assert_eq!(bob.check_confirmation(&alice.confirmation()), Err(PairingError::WrongConfirmation));
        assert_eq!(alice.check_confirmation(&bob.confirmation()), Err(PairingError::WrongConfirmation));
    }

    #[test]
    fn our_own_confirmation_sent_back_does_not_confirm() {
        let (alice, _) = pair(&key("one"), &key("one"));
        assert!(alice.check_confirmation(&alice.confirmation()).is_err());
    }

    #[test]
    fn another_certificate_gives_another_transcript() {
        let t = Transcript::new();
        assert_ne!(t.clone().finish(&[1; 32], &[2; 32]), t.finish(&[2; 32], &[1; 32]));
    }

    #[test]
    fn bad_elements_are_refused() {
        let key = key("one");
        let start = || Exchange::start(Role::Dialer, &key, [1; 32]).unwrap();
        let error = |theirs: &[u8]| start().finish(theirs).err();
        let with_side = |point: [u8; 32]| [b"B".as_slice(), &point].concat();

        assert_eq!(error(&[]), Some(PairingError::Malformed));
        assert_eq!(error(&[b'B'; 7]), Some(PairingError::Malformed));
        let mut echoed = *start().element();
        echoed[0] = b'B';
        assert_eq!(error(&echoed), Some(PairingError::Echoed));
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(error(&with_side(identity)), Some(PairingError::SmallOrder));
        for torsion in &curve25519_dalek::constants::EIGHT_TORSION[1..] {
            assert_eq!(error(&with_side(torsion.compress().to_bytes())), Some(PairingError::SmallOrder));
            let mixed = curve25519_dalek::constants::ED25519_BASEPOINT_POINT + torsion;
            assert_eq!(error(&with_side(mixed.compress().to_bytes())), Some(PairingError::SmallOrder));
        }
        let honest = *Exchange::start(Role::Listener, &key, [2; 32]).unwrap().element();
        let mut wrong_side = honest;
        wrong_side[0] = b'A';
        assert_eq!(error(&wrong_side), Some(PairingError::Malformed));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(theirs in proptest::collection::vec(any::<u8>(), 0..40)) {
            let key = Key::new(Zeroizing::new([7; 32]));
            let _ = Exchange::start(Role::Listener, &key, [1; 32]).unwrap().finish(&theirs);
        }
    }
}
