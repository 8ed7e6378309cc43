use super::import::{ImportState, configured, load, read_state};
use super::prediction;
use crate::fingerprints::{Fingerprints, fingerprint};
use crate::model_file::Origin;
use crate::progress::Progress;
use crate::settings::CollectionSettings;
use crate::{model_file, train as training};

/// Learns a model from the imported data set.
pub fn train(collection: &CollectionSettings, progress: &Progress) -> anyhow::Result<()> {
    let CollectionSettings { name, folder, .. } = collection;
    let stage = progress.begin(name, "train");
    if let Some(predict) = &collection.collection.predict {
        let origin = model_origin(collection, &read_state(folder)?);
        let mut done = Fingerprints::read(&folder.fingerprints());
        let summary = done.doing("train", &origin.fingerprint, || {
            prediction::train(folder, predict, &origin, &stage)
        })?;
        stage.end(summary);
        return Ok(());
    }
    let (dataset, values) = load(folder)?;
    let scale = values.map(configured);
    let origin = model_origin(collection, &read_state(folder)?);
    let mut done = Fingerprints::read(&folder.fingerprints());
    let model = done.doing("train", &origin.fingerprint, || {
        let model = training::train(
            &dataset,
            scale.as_ref(),
            &collection.collection.train,
            &|done, total| stage.advance(done, total, "items"),
        )?;
        model_file::save(&model, &origin, &folder.model())?;
        Ok(model)
    })?;
    stage.end(format_args!(
        "{}: {} neighbours of {} items",
        model.description,
        model.neighbours.neighbour_count(),
        model.neighbours.item_count()
    ));
    Ok(())
}

/// What decides a model of these settings. It goes by the data set and not by the source, which may have been touched and still hold the same.
pub(super) fn model_origin(collection: &CollectionSettings, imported: &ImportState) -> Origin {
    let data = imported.data_sha256();
    let settings = match &collection.collection.predict {
        Some(predict) => format!("{predict:?}"),
        None => format!("{:?}", collection.collection.train),
    };
    Origin {
        fingerprint: fingerprint(&[&data, &settings]),
        data,
    }
}
