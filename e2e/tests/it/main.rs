//! Tests over everything: the job publishes to the embedded S3, and what it publishes is served.

mod bucket;
mod publish;
