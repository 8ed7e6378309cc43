//! What is wanted as objects of a cluster, room by room.

mod address;
pub(crate) mod cluster;
mod database;
mod deployment;
pub(crate) mod gitops;
mod jobs;
mod logs;
mod monitoring;
mod namespace;
mod network;
mod parts;
mod pod;
mod revision;
mod scaling;
mod secrets;
mod service;
mod spin_app;
mod volume;

use config::Form;

pub(crate) use self::database::CLUSTER_LABEL;
pub(crate) use self::namespace::{ENFORCE, RESTRICTED};
pub(crate) use self::revision::{REVISION, mark_pods};
use crate::model::Model;
use crate::object::Object;

/// All objects of an environment, in the order in which they can be made. The same model gives the same objects.
pub fn render(model: &Model<'_>) -> Vec<Object> {
    let application = match model.environment.application.form {
        Form::SpinApp => spin_app::objects(model),
        Form::Deployment | Form::Host => deployment::objects(model),
    };
    let mut objects = [
        namespace::objects(model),
        secrets::objects(model),
        network::objects(model),
        volume::objects(model),
        jobs::objects(model),
        database::objects(model),
        application,
        service::objects(model),
        scaling::objects(model),
        address::objects(model),
        monitoring::objects(model),
    ]
    .concat();
    if !model.environment.network.policy {
        objects.retain(|object| object.value["kind"] != "NetworkPolicy");
    }
    revision::mark(&mut objects);
    objects
}
