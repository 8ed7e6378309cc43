//! A table becomes a model, is published, and answers rows: what the function says is what the trainer says.

use std::fs;

use config::{Predict, PredictionModel};
use e2e::application::{self, function, source};
use index::FileKind;
use pointer::CollectionKeys;
use precompute::import::TextTable;
use precompute::prediction::{fit, model_file, prepared};
use precompute::publish::{PublishOptions, publish};
use serde_json::{Map, Value, json};

use crate::bucket::Bucket;
use crate::films::publish_films;
use crate::job::Job;
use crate::site::Site;
use e2e::generation::write_generation;

fn predict(model: PredictionModel) -> Predict {
    Predict {
        model,
        trees: 20,
        repeats: 1,
        ..Predict::new("jobs.csv", "status", "Placed")
    }
}

/// Marks of sixty people in two branches, and whether they got a job.
fn table() -> TextTable {
    let row = |number: usize| {
        let (mark, branch) = (number * 37 % 31, ["Arts", "Science"][number % 2]);
        let status = if 12 < mark + number % 5 * 2 {
            "Placed"
        } else {
            "Not Placed"
        };
        vec![mark.to_string(), branch.to_owned(), status.to_owned()]
    };
    TextTable {
        names: ["Mark", "Branch", "status"].map(str::to_owned).to_vec(),
        rows: (0..60).map(row).collect(),
    }
}

#[test]
fn rows_are_answered_as_the_trainer_answers_them() {
    for model in [PredictionModel::Forest, PredictionModel::Logistic] {
        let predict = predict(model);
        let prepared = prepared(&table(), &predict).unwrap();
        let learnt = fit(&prepared, &predict).unwrap();
        let file = model_file(&prepared.examples, &learnt, &predict).unwrap();
        let mut bucket = Bucket::start();
        publish_films(&bucket);
        let folder = tempfile::tempdir().unwrap();
        let generation =
            write_generation(folder.path(), "jobs", "Jobs", 0, &[(FileKind::Model, file)]);
        let options = PublishOptions {
            maximum_quality_loss: 0.02,
            force: false,
        };
        publish(
            &bucket.client(),
            &CollectionKeys::new("", "jobs"),
            &generation,
            options,
        )
        .unwrap();
        let site = Site::with(
            &bucket,
            &[
                ("collections", "movies,jobs"),
                ("default_predictions", "jobs"),
            ],
        );

        let rows: Vec<Value> = table()
            .rows
            .iter()
            .map(|row| json!({ "Mark": row[0].parse::<u32>().unwrap(), "Branch": row[1] }))
            .collect();
        let answer = site.ask(
            "POST",
            "/v1/jobs/predictions",
            Value::from(rows.clone()).to_string().as_bytes(),
        );
        assert_eq!(answer.status, 200, "{}", answer.json());
        let answer = answer.json();
        for (row, prediction) in answer["predictions"].as_array().unwrap().iter().enumerate() {
            let expected = learnt.probabilities(&prepared.examples.row(row));
            let found = prediction["probabilities"]["Placed"].as_f64().unwrap();
            assert!((found - expected[1]).abs() < 1e-6);
            let explanation = &prediction["explanation"];
            let contributions = explanation["contributions"].as_object().unwrap();
            let sum: f64 = contributions
                .values()
                .map(|value| value.as_f64().unwrap())
                .sum();
            let sum = sum + explanation["base"].as_f64().unwrap();
            let probability = if explanation["scale"] == "probability" {
                sum
            } else {
                1.0 / (1.0 + (-sum).exp())
            };
            assert!((probability - expected[1]).abs() < 1e-6);

            let lower_case: Map<String, Value> = rows[row]
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, value)| (name.to_lowercase(), value.clone()))
                .collect();
            if row < 5 {
                let old = site
                    .ask(
                        "POST",
                        "/predict",
                        json!([lower_case]).to_string().as_bytes(),
                    )
                    .json();
                assert_eq!(
                    old,
                    json!({ "Placement_Probability": found, "Placement": 0.5 < found })
                );
            }
        }
        let schema = site.get("/v1/jobs/predictions/schema").json();
        assert_eq!(
            schema["fields"][1],
            json!({ "name": "Branch", "required": true, "type": "category", "values": ["Arts", "Science"] })
        );
        site.ask("POST", "/v1/movies/predictions", b"{}")
            .problem(404, "not-in-generation");
        site.get("/v1/jobs/popular")
            .problem(404, "not-in-generation");
        assert_eq!(
            site.get("/readyz").json()["collections"],
            json!({ "jobs": "ready", "movies": "ready" })
        );
        bucket.stop();
    }
}

const CONFIGURATION: &str = "[collections.jobs]\ntitle = \"Jobs\"\nsource = \"table\"\npublish = { maximum_quality_loss = 0.1 }\n\
    [collections.jobs.predict]\nfile = \"jobs.csv\"\ntarget = \"status\"\npositive = \"Placed\"\nrepeats = 2\ntrees = 20\n";

#[test]
fn the_program_publishes_compares_goes_back_collects_and_seals() {
    let mut job = Job::new(CONFIGURATION);
    fs::create_dir(job.path("table")).unwrap();
    let TextTable { names, rows } = table();
    let lines: Vec<String> = [names]
        .iter()
        .chain(&rows)
        .map(|cells| cells.join(","))
        .collect();
    fs::write(job.path("table/jobs.csv"), lines.join("\n")).unwrap();
    let published = |run: &str| run.strip_prefix("jobs ").unwrap().trim_end().to_owned();

    let first = published(&job.done("run"));
    assert_eq!(published(&job.done("run")), first, "nothing changed");
    job.configure(&CONFIGURATION.replace("trees = 20", "trees = 30"));
    let second = published(&job.done("run"));
    assert_ne!(second, first);

    // Other folds are another measure, and without what says most of it a model is worse.
    job.configure(&format!("{CONFIGURATION}seed = 2\n"));
    job.refused("run", 4, "protocol");
    job.configure(&format!("{CONFIGURATION}exclude = [\"Mark\"]\n"));
    job.refused("run", 4, "worse");
    assert_eq!(job.published()["generation"], *second);
    let worse = published(&job.done("publish --force"));
    assert_eq!(job.published()["previous"], *second);

    assert_eq!(published(&job.done("rollback")), second);
    assert_eq!(
        published(&job.done("gc --keep 1 --older-than 0 --dry-run")),
        first
    );
    assert_eq!(published(&job.done("gc --keep 1 --older-than 0")), first);
    job.refused(&format!("rollback --to {first}"), 1, &first);
    job.done("verify --published");
    let pointer = job.published();
    assert_eq!(
        [&pointer["generation"], &pointer["previous"]],
        [&json!(second), &json!(worse)]
    );
    assert_eq!(pointer["quality"]["metric"], "accuracy");
    assert!(job.done("inspect").contains("model"));

    let sites = |job: &Job, manifest: &str| {
        let path = job.path("spin.toml");
        fs::write(&path, manifest).unwrap();
        let variables = [("collections", "jobs"), ("default_collection", "jobs")];
        Site::of_manifest(&path, &job.bucket, &variables)
    };
    let ask = |site: &Site| {
        let row = json!({ "Mark": 20, "Branch": "Arts" }).to_string();
        let answer = site
            .ask("POST", "/v1/jobs/predictions", row.as_bytes())
            .json();
        let old = site.ask("POST", "/predict", row.as_bytes()).json();
        (answer, old)
    };
    let built = application::manifest(|name| source(&function(name)));
    let expected = ask(&sites(&job, &built));
    assert_eq!(expected.0["generation"], *second);
    let sealed = job.done(&format!(
        "seal {} --into sealed",
        function("predict").display()
    ));
    assert_eq!(sealed, "sealed/predict.wasm\n");
    job.bucket.stop();
    let sealed = built.replace(
        &source(&function("predict")),
        &source(&job.path("sealed/predict.wasm")),
    );
    assert_eq!(ask(&sites(&job, &sealed)), expected, "without any bucket");
}
