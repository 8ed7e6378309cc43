//! What is wanted as objects of a cluster, room by room.

mod address;
mod application;
mod namespace;
mod network;
mod revision;
mod scaling;
mod secrets;

pub(crate) use self::revision::REVISION;
use crate::model::Model;
use crate::object::Object;

/// All objects of an environment, in the order in which they can be made. The same model gives the same objects.
pub fn render(model: &Model<'_>) -> Vec<Object> {
    let mut objects = [
        namespace::objects(model),
        secrets::objects(model),
        network::objects(model),
        application::objects(model),
        scaling::objects(model),
        address::objects(model),
    ]
    .concat();
    revision::mark(&mut objects);
    objects
}
