use crate::{Role, TranscriptHash};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use p2p_comm_model::DeviceKey;

/// The secret half of a device key (Ed25519, RFC 8032). Wiped when dropped.
pub struct DeviceSecret(SigningKey);

/// The signature is not by this device over this pairing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the device signature is wrong")]
pub struct BadSignature;

impl DeviceSecret {
    /// From 32 random bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The public half.
    pub fn public(&self) -> DeviceKey {
        DeviceKey(self.0.verifying_key().to_bytes())
    }

    /// Signs one pairing in the role that we have in it.
    pub fn sign(&self, role: Role, transcript: &TranscriptHash) -> [u8; 64] {
        self.0.sign(&signed(role, transcript)).to_bytes()
    }
}

/// Checks that `device` signed this pairing in `role` (its own role, not ours). Refuses keys of small order.
pub(crate) fn verify(
    device: &DeviceKey,
    role: Role,
    transcript: &TranscriptHash,
    signature: &[u8; 64],
) -> Result<(), BadSignature> {
    let key = VerifyingKey::from_bytes(&device.0).map_err(|_| BadSignature)?;
    key.verify_strict(&signed(role, transcript), &Signature::from_bytes(signature)).map_err(|_| BadSignature)
}

impl TranscriptHash {
    /// Checks that `device` signed this pairing in `role`: its role, not ours. Refuses keys of small order.
    pub fn verify_device(&self, device: &DeviceKey, role: Role, signature: &[u8; 64]) -> Result<(), BadSignature> {
        verify(device, role, self, signature)
    }
}

fn signed(role: Role, transcript: &TranscriptHash) -> Vec<u8> {
    [b"p2p-comm/1 device".as_slice(), &[role.letter()], &transcript.0].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_one_role_and_one_pairing_only() {
        let alice = DeviceSecret::from_seed(&[1; 32]);
        let (here, elsewhere) = (TranscriptHash([2; 32]), TranscriptHash([3; 32]));
        let signature = alice.sign(Role::Dialer, &here);
        assert!(here.verify_device(&alice.public(), Role::Dialer, &signature).is_ok());
        assert!(here.verify_device(&alice.public(), Role::Listener, &signature).is_err());
        assert!(elsewhere.verify_device(&alice.public(), Role::Dialer, &signature).is_err());
        assert!(here.verify_device(&DeviceSecret::from_seed(&[4; 32]).public(), Role::Dialer, &signature).is_err());
    }

    #[test]
    fn a_key_of_small_order_is_refused() {
        let mut identity = [0; 32];
        identity[0] = 1;
        let mut signature = [0; 64];
        signature[0] = 1;
        assert!(TranscriptHash([0; 32]).verify_device(&DeviceKey(identity), Role::Dialer, &signature).is_err());
    }
}
