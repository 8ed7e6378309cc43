use super::import::{ImportState, configured, load, read_state};
use super::prediction;
use crate::evaluate::{describe_blend, learn_blend};
use crate::fingerprints::{Fingerprints, fingerprint};
use crate::model_file::{Origin, Trained};
use crate::progress::Progress;
use crate::settings::{CollectionSettings, Settings};
use crate::write::model_files;
use crate::{model_file, train as training};

/// Learns a model from the imported data set.
pub fn train(
    settings: &Settings,
    collection: &CollectionSettings,
    progress: &Progress,
) -> anyhow::Result<()> {
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
    let how = &collection.collection.train;
    let mut done = Fingerprints::read(&folder.fingerprints());
    let description = done.doing("train", &origin.fingerprint, || {
        let resources = settings.resources(folder);
        let model = training::train(&dataset, scale.as_ref(), how, &resources, &|done, total| {
            stage.advance(done, total, "items");
        })?;
        let files = model_files(&dataset, &model, how)?;
        let mut description = model.description();
        let cutoffs = &collection.collection.evaluate.cutoffs;
        let cutoff = cutoffs.iter().copied().max().unwrap_or(0);
        let blend = learn_blend(&dataset, scale.as_ref(), how, cutoff, &resources)?;
        if !blend.is_empty() {
            description += "; blend ";
            description += &describe_blend(&blend);
        }
        let trained = Trained {
            item_order: model.item_order,
            popularity: model.popularity,
            files,
            blend,
        };
        model_file::save(&trained, &origin, &folder.model())?;
        Ok(description)
    })?;
    stage.end(format_args!(
        "{description}, of {} items",
        dataset.items.len()
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
