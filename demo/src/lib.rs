//! A free film catalogue, and ratings by people who do not exist.
//!
//! [`films`] reads the catalogue, [`ratings`] makes up who watched what from a [`Recipe`], and [`write_folder`] lays both out as MovieLens does, so
//! that the import needs to know nothing of the demo. The films are real (`README.md` names their source); **every rating is synthetic**.
//!
//! The same recipe gives the same bytes on every platform: the numbers come from [`random`], and the arithmetic is addition, multiplication and
//! division only, which IEEE 754 rounds alike everywhere.

mod error;
mod film;
mod folder;
pub mod random;
mod rating;

pub use error::DemoError;
pub use film::{Film, films};
pub use folder::{links_csv, movies_csv, ratings_csv, write_folder};
pub use rating::{Rating, Recipe, ratings};
