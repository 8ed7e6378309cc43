//! Files of every released format version, which must stay readable for as long as the version is.
//!
//! The files under `tests/golden/v<version>/` are written once, when they are missing, and never again.

use std::{fs, path::PathBuf};

use index::{FORMAT_VERSION, FileKind, OLDEST_READABLE_FORMAT_VERSION, recommend::HistoryItem};

use crate::{
    damage::ask_model,
    fixture::{Files, baskets, files, records},
    model::{forest, logistic},
};

fn folder(version: u16) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/v{version}"))
}

#[test]
fn the_current_version_writes_the_golden_bytes() {
    let folder = folder(FORMAT_VERSION);
    fs::create_dir_all(&folder).unwrap();
    let models = [("model", forest()), ("model-logistic", logistic())];
    let models = models.map(|(name, file)| (name.to_owned(), file));
    let files = files().files.into_iter();
    for (name, file) in files
        .map(|(kind, file)| (kind.to_string(), file))
        .chain(models)
    {
        let path = folder.join(format!("{name}.kdx"));
        if !path.exists() {
            fs::write(&path, &file).unwrap();
        }
        assert!(
            fs::read(&path).unwrap() == file,
            "{} differs from what the writer gives: a change of the format needs a new FORMAT_VERSION",
            path.display()
        );
    }
}

#[test]
fn every_readable_version_is_read() {
    for version in OLDEST_READABLE_FORMAT_VERSION..=FORMAT_VERSION {
        let read = |kind: FileKind| fs::read(folder(version).join(format!("{kind}.kdx"))).unwrap();
        let files = Files {
            files: FileKind::OF_ITEMS.map(|kind| (kind, read(kind))).to_vec(),
        };
        let generation = files.open();
        assert_eq!(generation.records(&[0, 1, 2, 3, 4, 5]).unwrap(), records());
        assert_eq!(
            generation
                .similar(
                    index::Algorithm::Neighbours,
                    3,
                    index::catalogue::Filter::default(),
                    9
                )
                .unwrap()[0]
                .item,
            4
        );
        assert_eq!(generation.onboarding().unwrap(), [3, 2, 4]);
        assert_eq!(
            generation.basket_records(&[0, 1, 2, 3, 4]).unwrap(),
            baskets()
        );
        let crime = [HistoryItem {
            item: 0,
            weight: 1.0,
        }];
        let rules = generation.rules_for(&[2], &crime).unwrap();
        assert_eq!((rules[0][0].support, rules[0][0].confidence()), (3, 1.0));
        assert_eq!(generation.cluster_names().unwrap()[0].name, "Crime");
        assert_eq!(generation.cluster_members(1).unwrap(), [1, 3]);
        for (name, current) in [("model", forest()), ("model-logistic", logistic())] {
            let golden = fs::read(folder(version).join(format!("{name}.kdx"))).unwrap();
            assert_eq!(ask_model(golden).unwrap(), ask_model(current).unwrap());
        }
    }
}
