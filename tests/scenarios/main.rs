//! Whole engines on an in-memory network, in virtual time, with the real QUIC, the real cryptography and the real
//! protocol. Loss and delay are seeded; the seed is in the name of the failing assertion.
#![allow(missing_docs, reason = "a test binary")]

mod abuse;
mod ageing;
mod call;
mod connection;
mod consent;
mod delivery;
mod guesses;
mod keep;
mod lab;
mod logs;
mod loopback;
mod pairing;
mod people;
mod router;
mod transfer;
mod unusable;
mod verify;
