use super::{
    contributions::{Contributions, Scale, add_of_tree},
    encoding::{encode, field_of_column},
    forest::{Shared, Tree, damaged},
    logistic::Logistic,
    metadata::{Algorithm, LEAVES, Metadata, TERMS, THRESHOLDS, TREES},
    schema::{Schema, Value},
};
use crate::{
    codec::OutOfBytes,
    container::{Container, HEAD_ONLY, SectionId, read},
    error::Error,
    outline::Outline,
    source::{ByteRange, ByteSource, FileKind},
};

/// An open model: a generation of a collection that predicts. It needs no catalogue.
#[derive(Debug)]
pub struct Model {
    container: Container,
    metadata: Metadata,
}

impl Model {
    /// Reads the model of a generation: one range, which is all that its answers need.
    pub fn open(source: &impl ByteSource, files: &[Outline]) -> Result<Self, Error> {
        let file = FileKind::Model;
        let outline = files.iter().find(|outline| outline.file == file);
        let range = ByteRange {
            file,
            offset: 0,
            len_bytes: outline.ok_or(Error::MissingFile { file })?.head_len_bytes,
        };
        let head = read(source, &[range])?.pop();
        let container = Container::open(file, head.unwrap_or_default())?;
        container.check()?;
        Self::of_container(container)
    }

    /// Opens a head in O(length of the schema).
    pub fn of_container(container: Container) -> Result<Self, Error> {
        let metadata: Metadata = container.metadata()?;
        let schema = &metadata.schema;
        if schema.classes.len() < 2 || schema.classes.len() <= schema.positive as usize {
            return Err(
                container.corrupt("the model has fewer than two classes, or no positive one")
            );
        }
        if metadata.algorithm == Algorithm::Logistic && schema.classes.len() != 2 {
            return Err(container.corrupt("a logistic regression has two classes"));
        }
        if metadata.algorithm == (Algorithm::Forest { tree_count: 0 }) {
            return Err(container.corrupt("the forest has no trees"));
        }
        Ok(Self {
            container,
            metadata,
        })
    }

    /// The container, for its lengths.
    pub fn container(&self) -> &Container {
        &self.container
    }

    /// What a row has, and what is said of it.
    pub fn schema(&self) -> &Schema {
        &self.metadata.schema
    }

    /// The name of what was learnt: `forest` or `logistic`.
    pub fn algorithm(&self) -> &'static str {
        match self.metadata.algorithm {
            Algorithm::Forest { .. } => "forest",
            Algorithm::Logistic => "logistic",
        }
    }

    /// How the model came to be, as the writer was told.
    pub fn description(&self) -> &str {
        &self.metadata.description
    }

    /// The probability of each class, for each row: a value for each field of the schema. What does not fit its field, and what a short row lacks, counts as missing.
    ///
    /// The mean over the trees of the class's share in the leaf, or the logistic function. O(thresholds) once, and O(fields · log(thresholds) + trees · depth) for a row.
    pub fn predict(&self, rows: &[Vec<Value>]) -> Result<Vec<Vec<f64>>, Error> {
        let encoded: Vec<Vec<f64>> = rows.iter().map(|row| encode(self.schema(), row)).collect();
        let Algorithm::Forest { tree_count } = self.metadata.algorithm else {
            let logistic = self.logistic()?;
            return Ok(encoded
                .iter()
                .map(|row| logistic.probabilities(row))
                .collect());
        };
        let shared = self.shared()?;
        let ranks: Vec<Vec<u32>> = encoded.iter().map(|row| shared.ranks(row)).collect();
        let mut probabilities = vec![vec![0.0; self.schema().classes.len()]; rows.len()];
        for number in 0..tree_count {
            let tree = self.tree(number)?;
            for (ranks, sums) in ranks.iter().zip(&mut probabilities) {
                shared
                    .add_shares(tree, ranks, sums)
                    .map_err(damaged(&self.container))?;
            }
        }
        for sum in probabilities.iter_mut().flatten() {
            *sum /= f64::from(tree_count);
        }
        Ok(probabilities)
    }

    /// What each field of a row contributed to what is said of a class, a position among the classes: exact Shapley values.
    ///
    /// For a logistic regression these are a coefficient times what the row has above the mean; for a forest O(trees · leaves · depth²).
    pub fn contributions(&self, row: &[Value], class: u32) -> Result<Contributions, Error> {
        let schema = self.schema();
        let encoded = encode(schema, row);
        let field_of_column = field_of_column(schema);
        let mut sums = Contributions {
            scale: Scale::Probability,
            base: 0.0,
            of_fields: vec![0.0; schema.fields.len()],
        };
        let Algorithm::Forest { tree_count } = self.metadata.algorithm else {
            let logistic = self.logistic()?;
            // The odds of the first class are those of the second, upside down.
            let sign = if class == 0 { -1.0 } else { 1.0 };
            sums.scale = Scale::LogOdds;
            sums.base = sign * logistic.base;
            for (field, addition) in field_of_column.iter().zip(logistic.additions(&encoded)) {
                if let Some(contribution) = sums.of_fields.get_mut(*field as usize) {
                    *contribution += sign * addition;
                }
            }
            return Ok(sums);
        };
        let shared = self.shared()?;
        let ranks = shared.ranks(&encoded);
        for number in 0..tree_count {
            let tree = self.tree(number)?;
            let added = add_of_tree(
                &shared,
                tree,
                class as usize,
                &field_of_column,
                &ranks,
                &mut sums,
            );
            added.map_err(damaged(&self.container))?;
        }
        sums.base /= f64::from(tree_count);
        for contribution in &mut sums.of_fields {
            *contribution /= f64::from(tree_count);
        }
        Ok(sums)
    }

    fn shared(&self) -> Result<Shared<'_>, Error> {
        let schema = self.schema();
        let shared = Shared::read(
            self.block(THRESHOLDS, 0)?,
            self.block(LEAVES, 0)?,
            schema.column_count(),
            schema.classes.len(),
        );
        shared.map_err(damaged(&self.container))
    }

    fn tree(&self, number: u32) -> Result<Tree<'_>, Error> {
        Ok(Tree::new(self.block(TREES, number)?))
    }

    fn logistic(&self) -> Result<Logistic, Error> {
        let read = Logistic::read(self.block(TERMS, 0)?, self.schema().column_count());
        read.map_err(|OutOfBytes| {
            self.container
                .corrupt("the terms of the logistic regression are cut off")
        })
    }

    fn block(&self, section: SectionId, number: u32) -> Result<&[u8], Error> {
        self.container.block(section, number, &HEAD_ONLY)
    }
}
