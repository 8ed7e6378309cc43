//! A collection that predicts, from a table to a generation.

use std::fmt::Write as _;
use std::{env, fs, path::PathBuf};

use index::{FileKind, MemorySource, Outline, model::Model};

use crate::program::Place;

const CONFIG: &str = "[collections.jobs]\ntitle = \"Jobs\"\nsource = \"table\"\n[collections.jobs.predict]\nfile = \"jobs.csv\"\n\
    target = \"status\"\npositive = \"Placed\"\ntrees = 20\nrepeats = 2\n";

/// Sixty people whose mark says most of it; a salary for those who got a job.
fn place(config: &str) -> Place {
    let place = Place::new();
    let mut table = "no,mark,city,\"the \"\"extra\"\"\",salary,status\n".to_owned();
    for row in 0..60 {
        let mark = row * 37 % 31;
        let is_placed = 12 < mark + row % 5 * 2;
        let (salary, status) = if is_placed {
            ((1000 + row * 13 % 7).to_string(), "Placed")
        } else {
            (String::new(), "Not Placed")
        };
        writeln!(
            table,
            "{},{mark},\"{}, there\",{},{salary},{status}",
            row + 1,
            ["A", "B"][row % 2],
            if row % 6 == 0 { "" } else { "1.5" }
        )
        .unwrap();
    }
    place.write("table/jobs.csv", &table);
    place.write("kindred.toml", config);
    place
}

/// A place with a table to learn from.
pub(crate) fn jobs() -> Place {
    place(CONFIG)
}

#[test]
fn a_table_becomes_a_generation_with_a_card() {
    let place = place(CONFIG);
    let run = place.run(&["build", "--threads", "1"]).done();
    assert!(
        run.stderr
            .contains("left out: salary, filled only where the target is \"Placed\""),
        "{}",
        run.stderr
    );
    let report = place.run(&["evaluate"]).done().stdout;
    assert!(
        report.contains("random forest of 20 trees of \"status\"")
            && report.contains("left out: no, different in every row"),
        "{report}"
    );
    assert!(
        report.contains("nobody knows who asks for \"status\""),
        "{report}"
    );
    let card: serde_json::Value =
        serde_json::from_slice(&fs::read(place.path(".kindred/jobs/report/report.json")).unwrap())
            .unwrap();
    assert_eq!(
        (
            &card["row_count"],
            card["accuracy_by_fold"].as_array().unwrap().len()
        ),
        (&60.into(), 10)
    );
    let page = fs::read_to_string(place.path(".kindred/jobs/report/report.html")).unwrap();
    assert!(
        page.contains("<h2>What is not claimed</h2>") && page.contains("the &quot;extra&quot;")
    );
    place.run(&["write"]).done();
    place.run(&["verify"]).done();
    let inspect = |place: &Place| -> serde_json::Value {
        serde_json::from_str(
            &place
                .run(&["inspect", "--json", ".kindred/jobs/generation"])
                .done()
                .stdout,
        )
        .unwrap()
    };
    let manifest = inspect(&place);
    assert_eq!(
        (&manifest["quality"]["metric"], &manifest["item_count"]),
        (&"accuracy".into(), &0.into())
    );
    let file = fs::read(place.path(".kindred/jobs/generation/model.kdx")).unwrap();
    let outline = Outline::of(FileKind::Model, &file).unwrap();
    let model = Model::open(&MemorySource::new([(FileKind::Model, file)]), &[outline]).unwrap();
    let names: Vec<&str> = model
        .schema()
        .fields
        .iter()
        .map(|field| field.name.as_str())
        .collect();
    assert_eq!(names, ["mark", "city", "the \"extra\""]);

    let other = self::place(CONFIG);
    for command in ["import", "train", "evaluate", "write"] {
        other.run(&[command, "--threads", "3"]).done();
    }
    assert_eq!(
        inspect(&other)["generation"],
        manifest["generation"],
        "same input, same bytes"
    );
}

#[test]
fn what_cannot_be_learnt_from_is_said_by_the_import() {
    let check = |from: &str, to: &str, expected: &str| {
        let run = place(&CONFIG.replace(from, to)).run(&["build"]);
        assert_eq!(run.status, Some(1));
        assert!(run.stderr.contains(expected), "{}", run.stderr);
    };
    check(
        "\"status\"",
        "\"state\"",
        "there is no column \"state\": the table has \"no\", \"mark\"",
    );
    check(
        "\"Placed\"",
        "\"Hired\"",
        "no row has the positive class \"Hired\": the classes are \"Not Placed\", \"Placed\"",
    );
    check("jobs.csv", "people.csv", "has no `people.csv`");
    check(
        "trees = 20",
        "exclude = [\"wage\"]",
        "there is no column \"wage\"",
    );
    check(
        "trees = 20",
        "exclude = [\"mark\", \"city\", 'the \"extra\"']",
        "no column is left to learn from",
    );
    let unread = place(CONFIG).run(&["train"]);
    assert_eq!(unread.status, Some(1));
}

#[test]
fn the_placement_table_is_learnt_honestly() {
    let data = env::var_os("KINDRED_DATA")
        .map(PathBuf::from)
        .unwrap_or_default()
        .join("placement");
    if !data.exists() {
        println!("NOT TESTED: KINDRED_DATA names no folder with `placement` in it");
        return;
    }
    for model in ["forest", "logistic"] {
        let place = Place::new();
        let config = format!(
            "[collections.placement]\ntitle = \"Placement\"\nsource = {:?}\n[collections.placement.predict]\nfile = \"Placement_Data_Full_Class.csv\"\n\
             target = \"status\"\npositive = \"Placed\"\nmodel = \"{model}\"\nrepeats = 3\n",
            data.to_str().unwrap()
        );
        place.write("kindred.toml", &config);
        place.run(&["build"]).done();
        place.run(&["evaluate"]).done();
        let card: serde_json::Value = serde_json::from_slice(
            &fs::read(place.path(".kindred/placement/report/report.json")).unwrap(),
        )
        .unwrap();
        let left_out: Vec<&str> = card["left_out"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|left_out| left_out["name"].as_str())
            .collect();
        assert_eq!(left_out, ["sl_no", "salary"]);
        assert!((0.82..0.9).contains(&card["accuracy"]["mean"].as_f64().unwrap()));
        // The median stands for the salary of those who have none: trees find it among the others, and a line does not.
        let leaking = &card["accuracy_with_leaking_columns"]["mean"];
        if model == "forest" {
            assert!(0.92 < leaking.as_f64().unwrap());
            assert_eq!(card["not_claimed"].as_array().unwrap().len(), 2);
        }
    }
}
