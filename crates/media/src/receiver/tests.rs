mod bad;
mod golden;
mod odd;
mod world;
