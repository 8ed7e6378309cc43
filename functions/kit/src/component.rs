//! The export of a component.

/// Makes the component of a function that answers by these routes. Native code, in which functions are tested, has none.
///
/// The function's package needs `spin-sdk` for `wasm32`, to which the macro of Spin expands.
#[macro_export]
macro_rules! component {
    ($routes:ident) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(
            unsafe_code,
            clippy::needless_pass_by_value,
            clippy::same_length_and_capacity,
            reason = "the macro expands to the exported function of the component, which owns its arguments"
        )]
        mod component {
            use spin_sdk::{
                http::{IncomingRequest, ResponseOutparam},
                http_component,
            };

            #[http_component]
            fn handle(request: IncomingRequest, response: ResponseOutparam) {
                $crate::spin::serve(&request, response, &super::$routes);
            }
        }
    };
}
