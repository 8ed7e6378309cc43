//! An evaluation for people and programs: as text, as JSON, and as a page that needs nothing else.

mod html;
mod json;
mod svg;
mod text;

pub use html::html;
pub(crate) use html::{begin_page, escaped};
pub use json::json;
pub use text::text;

#[cfg(test)]
mod tests;
