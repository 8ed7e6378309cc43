//! The application as an artifact of an OCI registry, in the format of `spin registry push`: what Spin, the shim and our own host run.
//!
//! - [`pack`] makes a [`Packed`] of an application and its folder, and [`Program::pack`] one of a program: the same bytes for the same files, hence the same digest.
//! - [`Registry::push`] uploads what the registry does not have, which is nothing where nothing changed.
//! - [`Registry::pull`] brings an artifact into a folder of blobs and gives the [`Application`](app::Application) that a `spin.toml` would have
//!   given, so that whoever serves the one serves the other.
//! - [`Registry::pin`] says which artifact a tag is today.
//! - [`Inspection`] says what a component imports, and which hosts can run it.
//!
//! The format is that of Spin 3 and 4 (<https://github.com/spinframework/spin/blob/v3.6.3/crates/oci/src/client.rs>): a manifest of OCI whose layers
//! are the components, their files and, last, the *locked application*, a JSON that names the others by digest. Components are pushed as they were
//! built: each host makes components of modules itself, by the adapter that it was made with.
//!
//! **Invariant:** what is pulled is what its digest says, checked whenever it is taken from the folder of blobs too.

mod credentials;
mod digest;
mod error;
mod image;
mod inspect;
mod locked;
mod manifest;
mod pack;
mod packed;
mod pin;
mod program;
mod pull;
mod push;
mod registry;

pub use error::Error;
pub use image::Image;
pub use inspect::{HOSTS, Host, Inspection};
pub use pack::{PackedApplication, PackedComponent, pack};
pub use packed::Packed;
pub use program::Program;
pub use pull::Pulled;
pub use push::Pushed;
pub use registry::Registry;
