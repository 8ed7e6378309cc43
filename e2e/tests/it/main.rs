//! Tests over everything: the job publishes to the embedded S3, and to one of others, and the real components answer from it through the host.

mod aliases;
mod answers;
mod bad_input;
mod bucket;
mod faults;
mod films;
mod functions;
mod job;
mod keeping;
mod methods;
mod network;
mod predictions;
mod publish;
mod races;
mod sealed;
mod secrets;
mod site;
mod sources;
mod swaps;
mod use_cases;
mod versitygw;
