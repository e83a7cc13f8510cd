use std::marker::PhantomData;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// What a key is for, as a type, so that a chat key cannot seal a control message.
pub trait Purpose {
    /// The label in key derivation (`docs/protocol.md`, "Keys").
    const LABEL: &'static str;
}

macro_rules! purposes {
    ($($(#[$doc:meta])* $name:ident = $label:literal,)*) => {$(
        $(#[$doc])*
        pub struct $name;
        impl Purpose for $name {
            const LABEL: &'static str = $label;
        }
    )*};
}

purposes! {
    /// PBKDF2's output: what SPAKE2 takes as its password.
    PasswordKey = "password",
    /// SPAKE2's output.
    Shared = "shared",
    /// Proves to the other side that we know the password.
    Confirm = "confirm",
    /// Seals the control stream.
    Control = "control",
    /// Seals the chat stream.
    Chat = "chat",
    /// Seals the datagrams of a call.
    Voice = "voice",
}

/// 32 secret bytes for one purpose. Wiped when dropped; has no `Debug`, no `Display` and no `Clone`.
pub struct Key<P: Purpose> {
    bytes: Zeroizing<[u8; 32]>,
    purpose: PhantomData<fn() -> P>,
}

impl<P: Purpose> Key<P> {
    pub(crate) fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self { bytes, purpose: PhantomData }
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// The bytes, for the test vectors of `docs/protocol.md` alone.
    #[cfg(any(test, feature = "test-vectors"))]
    pub fn expose_for_vectors(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// Compares in constant time.
    pub fn same(&self, other: &Self) -> bool {
        self.bytes[..].ct_eq(&other.bytes[..]).into()
    }
}

/// The keys of both directions for one purpose.
pub struct Directed<P: Purpose> {
    /// For what we send.
    pub ours: Key<P>,
    /// For what the other side sends.
    pub theirs: Key<P>,
}
