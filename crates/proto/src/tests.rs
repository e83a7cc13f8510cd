//! Whole nodes on a virtual network in virtual time. Seeds are printed by the failing assertion.

mod consent;
mod delivery;
mod handshake;
mod takeover;
mod vectors;
mod world;
