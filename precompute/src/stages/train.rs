use super::import::{configured, load};
use crate::progress::Progress;
use crate::settings::CollectionSettings;
use crate::{model_file, train as training};

/// Learns a model from the imported data set.
pub fn train(collection: &CollectionSettings, progress: &Progress) -> anyhow::Result<()> {
    let CollectionSettings { name, folder, .. } = collection;
    let stage = progress.begin(name, "train");
    let (dataset, values) = load(folder)?;
    let scale = values.map(configured);
    let model = training::train(
        &dataset,
        scale.as_ref(),
        &collection.collection.train,
        &|done, total| stage.advance(done, total, "items"),
    )?;
    model_file::save(&model, &folder.model())?;
    stage.end(format_args!(
        "{}: {} neighbours of {} items",
        model.description,
        model.neighbours.neighbour_count(),
        model.neighbours.item_count()
    ));
    Ok(())
}
