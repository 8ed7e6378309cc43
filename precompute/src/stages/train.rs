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
        let origin = model_origin(settings, collection, &read_state(folder)?);
        let mut done = Fingerprints::read(&folder.fingerprints());
        let summary = done.doing("train", &origin.fingerprint, || {
            prediction::train(folder, predict, &origin, &stage)
        })?;
        stage.end(summary);
        return Ok(());
    }
    let (dataset, values) = load(folder)?;
    let scale = values.map(configured);
    let origin = model_origin(settings, collection, &read_state(folder)?);
    let how = &collection.collection.train;
    let mut done = Fingerprints::read(&folder.fingerprints());
    let description = done.doing("train", &origin.fingerprint, || {
        let resources = settings.resources(folder);
        let model = training::train(&dataset, scale.as_ref(), how, &resources, &|done, total| {
            stage.advance(done, total, "items");
        })?;
        let files = model_files(&dataset, &model, how)?;
        let mut description = model.description();
        let cutoff = blend_cutoff(collection);
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

/// Where the quality of a blend is measured: where that of the generation is.
fn blend_cutoff(collection: &CollectionSettings) -> u32 {
    let cutoffs = &collection.collection.evaluate.cutoffs;
    cutoffs.iter().copied().max().unwrap_or(0)
}

/// What decides a model of these settings. It goes by the data set and not by the source, which may have been touched and still hold the same.
pub(super) fn model_origin(
    settings: &Settings,
    collection: &CollectionSettings,
    imported: &ImportState,
) -> Origin {
    let data = imported.data_sha256();
    let described = &collection.collection;
    let learning = match (&described.predict, &described.train) {
        (Some(predict), _) => format!("{predict:?}"),
        (None, train) => {
            // A blend is learnt at the cut-off that is compared, and a stated memory may ask for another form of a model.
            let cutoff = train.blend.as_ref().map(|_| blend_cutoff(collection));
            format!("{train:?} {cutoff:?} {:?}", settings.maximum_memory_bytes)
        }
    };
    Origin {
        fingerprint: fingerprint(&[&data, &learning]),
        data,
    }
}
