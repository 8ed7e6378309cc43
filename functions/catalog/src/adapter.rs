//! The component's export.

#![allow(
    unsafe_code,
    reason = "the macro expands to the exported function of the component"
)]

use spin_sdk::{
    http::{IncomingRequest, ResponseOutparam},
    http_component,
};

#[http_component]
fn handle(request: IncomingRequest, response: ResponseOutparam) {
    kit::spin::serve(request, response, &crate::ROUTES);
}
