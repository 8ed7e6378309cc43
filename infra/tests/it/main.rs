//! The program as a whole: what it renders, what it says, and how it ends.

mod bad_input;
mod cloud;
mod cloud_faults;
mod cloud_stack;
mod moto;
mod program;
mod render;
mod scripted;
mod site;
