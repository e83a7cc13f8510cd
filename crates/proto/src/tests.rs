//! Whole nodes on a virtual network in virtual time. Seeds are printed by the failing assertion.

mod call;
mod call_model;
mod call_network;
mod call_peer;
mod consent;
mod delivery;
mod handshake;
mod takeover;
mod vectors;
mod voice;
mod world;
