//! The real program, as a person or a script meets it: child processes on loopback.
#![forbid(unsafe_code)]

mod calling;
mod chatting;
mod hygiene;
mod lab;
mod loss;
mod relay;
mod remembering;
mod sending;
mod usage;
