//! Predictions beside what a Python service makes of the same rows: Flask and scikit-learn behind gunicorn with two workers.

use std::fs;
use std::path::Path;
use std::process::Command;

use bench::{catalogues, peers};
use config::Predict;
use e2e::application::function;
use e2e::load::Ask;
use index::FileKind;
use precompute::import::TextTable;
use precompute::prediction::{fit, model_file, prepared};

use crate::parts::{SEALED_ENDPOINT, in_short, sealed_function};
use crate::process::ServerProcess;
use crate::table::{Row, number};
use crate::workshop::{Asked, Workshop};

const TABLE: &str = "placement/Placement_Data_Full_Class.csv";
const COLLECTION: &str = "placement";
const PEERS: [&str; 3] = ["flask==3.1.2", "gunicorn==23.0.0", "scikit-learn==1.7.2"];

/// Both are tried, and the faster is the peer.
const WORKER_CLASSES: [&str; 2] = ["sync", "gthread"];

/// The columns that the alias does not take.
const NOT_ASKED: [&str; 3] = ["sl_no", "salary", "status"];

const VARIABLES: [(&str, &str); 2] = [
    ("collections", COLLECTION),
    ("default_predictions", COLLECTION),
];

/// `/predict` by the bucket and sealed, each in turns with the peer.
pub(crate) fn predictions(workshop: &mut Workshop) -> Vec<Row> {
    let what = "predictions: /predict beside Flask, scikit-learn and gunicorn";
    let path = catalogues::data_folder().join(TABLE);
    if !path.exists() {
        return vec![Row::not_measured(
            what,
            format!("{} is absent", path.display()),
        )];
    }
    let table = read(&path);
    let predict = Predict::new(TABLE, "status", "Placed");
    let prepared = prepared(&table, &predict).expect("the table can be learnt from");
    let learnt = fit(&prepared, &predict).expect("the table can be learnt from");
    let file = model_file(&prepared.examples, &learnt, &predict).expect("the forest is written");
    let published = workshop.publish(COLLECTION, "Placement", 0, &[(FileKind::Model, file)]);

    let asks = asks(&table);
    let of_bucket = Asked {
        site: workshop.site_of(
            ("predict", &function("predict")),
            published.objects.url(),
            &VARIABLES,
        ),
        asks: asks.clone(),
    };
    let sealed = sealed_function(workshop, "predict", &published.generation);
    let sealed = Asked {
        site: workshop.site_of(("predict", &sealed), SEALED_ENDPOINT, &VARIABLES),
        asks: asks.clone(),
    };
    let script = workshop.new_folder().join("peer.py");
    fs::write(&script, include_str!("predictions.py")).expect("the folder can be written");
    let mut rows = Vec::new();
    let sites = [
        ("from S3 on loopback", &of_bucket, Some(10.0)),
        ("sealed", &sealed, None),
    ];
    for worker_class in WORKER_CLASSES {
        let python = peers::python_with(&PEERS);
        let mut command = Command::new(python);
        let command = command.arg(&script).arg(&path).arg(worker_class);
        let peer = Asked {
            site: ServerProcess::start(command),
            asks: asks.clone(),
        };
        for (name, site, bar) in sites {
            let [ours, theirs] = workshop.measure_both(site, &peer);
            let per_second = theirs.report.answers_per_second();
            let ratio = ours.report.answers_per_second() / per_second;
            let what = format!("{what}, {worker_class} workers, {name}");
            let detail = format!(
                "{}; the peer's {} a second",
                in_short(&ours),
                number(per_second)
            );
            rows.push(match bar {
                Some(bar) => Row::at_least(&what, bar, ratio, "times as many", &detail),
                None => Row::reported(&what, format!("{} times as many: {detail}", number(ratio))),
            });
        }
    }
    rows
}

fn read(path: &Path) -> TextTable {
    let mut reader = csv::Reader::from_path(path).expect("the table can be read");
    let cells = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect();
    let names = cells(reader.headers().expect("it has a header"));
    let rows = reader.records();
    let rows = rows.map(|record| cells(&record.expect("it has rows")));
    TextTable {
        names,
        rows: rows.collect(),
    }
}

/// Each row as the old frontend sends it: alone in a list, with the columns' names in lower case.
fn asks(table: &TextTable) -> Vec<Ask> {
    let ask = |row: &Vec<String>| {
        let fields = table.names.iter().zip(row);
        let fields = fields.filter(|(name, _)| !NOT_ASKED.contains(&name.as_str()));
        let members: Vec<String> = fields
            .map(|(name, value)| {
                let is_number = value.parse::<f64>().is_ok();
                let value = if is_number {
                    value.clone()
                } else {
                    format!("{value:?}")
                };
                format!("\"{}\":{value}", name.to_lowercase())
            })
            .collect();
        Ask::post("/predict", format!("[{{{}}}]", members.join(",")))
    };
    table.rows.iter().map(ask).collect()
}
