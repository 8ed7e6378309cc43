//! The published counts of the FIMI repository's data sets and of the groceries, where those are there.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use itemsets::{Minimum, RuleOptions, Transactions, mine, rules};

fn data_folder() -> Option<PathBuf> {
    let folder = std::env::var_os("KINDRED_DATA").map(PathBuf::from);
    let folder = folder.filter(|folder| folder.join("fimi").exists());
    if folder.is_none() {
        println!("SKIPPED: KINDRED_DATA names no folder with `fimi` in it");
    }
    folder
}

fn fimi(text: &str) -> Transactions {
    let mut transactions = Transactions::default();
    for line in text.lines() {
        let items = line
            .split_ascii_whitespace()
            .map(|item| item.parse().unwrap());
        transactions.push(&items.collect::<Vec<u32>>());
    }
    transactions
}

fn groceries(text: &str) -> Transactions {
    let mut numbers = BTreeMap::new();
    let mut transactions = Transactions::default();
    for line in text.lines() {
        let items = line
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(|name| {
                let next = numbers.len() as u32;
                *numbers.entry(name.to_owned()).or_insert(next)
            });
        transactions.push(&items.collect::<Vec<u32>>());
    }
    transactions
}

/// Lines such as `fimi/retail.dat minsup=1% abs>=882 n= 159 by_size= {1: 70, 2: 58, 3: 25, 4: 6} 0.1s`.
fn check_golden(folder: &std::path::Path, golden: &str, read: fn(&str) -> Transactions) {
    let golden = fs::read_to_string(folder.join(golden)).unwrap();
    let mut num_checked = 0;
    for line in golden.lines().filter(|line| line.contains("minsup=")) {
        let (file, rest) = line.split_once(' ').unwrap();
        let transactions = read(&fs::read_to_string(folder.join(file)).unwrap());
        let after = |mark: &str| rest.split_once(mark).unwrap().1;
        let minimum: u32 = after("abs>=").split(' ').next().unwrap().parse().unwrap();
        let (by_size, _) = after("by_size= ").split_once('}').unwrap();
        let found = mine(&transactions, Minimum::count(minimum).unwrap());
        let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
        for (items, _) in found.iter() {
            *sizes.entry(items.len()).or_default() += 1;
        }
        let sizes: Vec<String> = sizes
            .iter()
            .map(|(len, count)| format!("{len}: {count}"))
            .collect();
        assert_eq!(format!("{{{}", sizes.join(", ")), by_size, "{line}");
        num_checked += 1;
    }
    assert!(0 < num_checked);
}

#[test]
fn the_counts_of_fimi() {
    if let Some(folder) = data_folder() {
        check_golden(&folder, "fimi/golden_itemset_counts.txt", fimi);
    }
}

#[test]
fn the_counts_of_the_groceries_and_of_their_rules() {
    let Some(folder) = data_folder() else { return };
    check_golden(&folder, "groceries/golden_counts.txt", groceries);
    // `groceries rules (single-item consequent, >=1 antecedent) supp(A∪B)>=1% conf>=50% n= 15`
    let golden = fs::read_to_string(folder.join("groceries/golden_counts.txt")).unwrap();
    let transactions =
        groceries(&fs::read_to_string(folder.join("groceries/groceries.csv")).unwrap());
    let mut num_checked = 0;
    for line in golden.lines().filter(|line| line.contains("rules")) {
        let percent = |mark: &str| {
            let (_, rest) = line.split_once(mark).unwrap();
            rest.split('%').next().unwrap().parse::<f64>().unwrap() / 100.0
        };
        let (_, count) = line.split_once("n= ").unwrap();
        let found = mine(
            &transactions,
            Minimum::share(percent("supp(A∪B)>=")).unwrap(),
        );
        let options = RuleOptions {
            minimum_confidence: percent("conf>="),
            minimum_lift: 0.0,
            without_redundant: false,
        };
        assert_eq!(
            rules(&found, &options).len().to_string(),
            count.trim(),
            "{line}"
        );
        num_checked += 1;
    }
    assert!(0 < num_checked);
}
