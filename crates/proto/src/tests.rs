//! Whole nodes on a virtual network in virtual time. Seeds are printed by the failing assertion.

mod addresses;
mod call;
mod call_model;
mod call_network;
mod call_peer;
mod call_search;
mod consent;
mod delivery;
mod handshake;
mod kept;
mod takeover;
mod vectors;
mod voice;
mod world;
