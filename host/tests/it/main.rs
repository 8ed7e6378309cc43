//! The host's tests: real components through the real server, the embedded S3 over HTTP, the command as a process.

mod application;
mod client;
mod command;
mod load;
mod object_store;
