//! The component's export.

#![allow(
    unsafe_code,
    clippy::needless_pass_by_value,
    clippy::same_length_and_capacity,
    reason = "the macro expands to the exported function of the component, which owns its arguments"
)]

use spin_sdk::{
    http::{IncomingRequest, ResponseOutparam},
    http_component,
};

#[http_component]
fn handle(request: IncomingRequest, response: ResponseOutparam) {
    kit::spin::serve(&request, response, &crate::ROUTES);
}
