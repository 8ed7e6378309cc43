use super::{
    DEPTH_MAX,
    forest::LEAF,
    schema::{FieldKind, Schema},
    serializer::serialize,
};
use crate::error::WriteError;

/// A model in the making.
///
/// ```
/// use index::model::{Field, FieldKind, ModelWriter, Parameters, Schema, Term};
///
/// let kind = FieldKind::Number { minimum: 1.0, maximum: 9.0, median: 4.0 };
/// let schema = Schema {
///     target: "bought".to_owned(),
///     classes: vec!["no".to_owned(), "yes".to_owned()],
///     positive: 1,
///     fields: vec![Field { name: "price".to_owned(), is_optional: false, kind }],
/// };
/// let terms = vec![Term { coefficient: -0.5, mean: 4.5 }];
/// let file = ModelWriter::new(schema, "made by hand", Parameters::Logistic { base: 0.25, terms })?.finish()?;
/// assert!(file.starts_with(b"\x89KDX"));
/// # Ok::<(), index::WriteError>(())
/// ```
#[derive(Debug)]
pub struct ModelWriter {
    schema: Schema,
    description: String,
    parameters: Parameters,
}

/// What was learnt.
#[derive(Clone, Debug, PartialEq)]
pub enum Parameters {
    /// A random forest: the nodes of each tree, breadth first, the root first.
    Forest(Vec<Vec<Node>>),
    /// A logistic regression of two classes: the logarithm of the odds of the second class is the base, and each term's coefficient times what its column has above
    /// the mean.
    Logistic {
        /// The value for a row of means.
        base: f64,
        /// A term for each encoded column.
        terms: Vec<Term>,
    },
}

/// A node of a tree.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Rows go on to `left` if their value is at most the threshold, and otherwise to the node after it.
    Split {
        /// The encoded column.
        column: u32,
        /// Up to where values go left.
        threshold: f64,
        /// The node for these; it stands behind this one.
        left: u32,
    },
    /// How many rows of each class came here.
    Leaf(Vec<u32>),
}

/// What an encoded column adds to the logarithm of the odds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Term {
    /// What one more of the column adds.
    pub coefficient: f64,
    /// The column's mean in what was learnt from.
    pub mean: f64,
}

impl ModelWriter {
    /// A writer of what was learnt. The description says how, such as `random forest, 100 trees`.
    ///
    /// # Errors
    ///
    /// The parameters do not fit the schema, or themselves.
    pub fn new(
        schema: Schema,
        description: &str,
        parameters: Parameters,
    ) -> Result<Self, WriteError> {
        let refuse = |what| Err(WriteError::Model { what });
        if schema.classes.len() < 2 || schema.classes.len() <= schema.positive as usize {
            return refuse("it has fewer than two classes, or no positive one");
        }
        let are_finite = schema.fields.iter().all(|field| match field.kind {
            FieldKind::Number {
                minimum,
                maximum,
                median,
            } => minimum.is_finite() && maximum.is_finite() && median.is_finite(),
            FieldKind::Categories(_) => true,
        });
        if !are_finite {
            return refuse("a bound or a median of a field is not a finite number");
        }
        let column_count = schema.column_count();
        if usize::from(LEAF) <= column_count {
            return refuse("its rows have 65,535 encoded columns or more");
        }
        match &parameters {
            Parameters::Logistic { base, terms } => {
                let are_finite = terms
                    .iter()
                    .all(|term| term.coefficient.is_finite() && term.mean.is_finite());
                if terms.len() != column_count || schema.classes.len() != 2 {
                    return refuse(
                        "a logistic regression has two classes, and a term for each encoded column",
                    );
                }
                if !are_finite || !base.is_finite() {
                    return refuse("a term of the logistic regression is not a finite number");
                }
            }
            Parameters::Forest(trees) => {
                if trees.is_empty() {
                    return refuse("a forest has one tree at least");
                }
                for tree in trees {
                    check_tree(tree, column_count, schema.classes.len())
                        .map_err(|what| WriteError::Model { what })?;
                }
            }
        }
        Ok(Self {
            schema,
            description: description.to_owned(),
            parameters,
        })
    }

    /// The file.
    pub fn finish(self) -> Result<Vec<u8>, WriteError> {
        serialize(self.schema, self.description, &self.parameters)
    }
}

fn check_tree(nodes: &[Node], column_count: usize, class_count: usize) -> Result<(), &'static str> {
    if nodes.is_empty() {
        return Err("a tree has one node at least");
    }
    // How far each node is below the root; none is met before the one above it.
    let mut depths = vec![0_usize; nodes.len()];
    for (position, node) in nodes.iter().enumerate() {
        match node {
            Node::Split {
                column,
                threshold,
                left,
            } => {
                if column_count <= *column as usize || !threshold.is_finite() {
                    return Err(
                        "a tree asks for a column that there is not, or by a threshold that is not finite",
                    );
                }
                let depth = depths.get(position).map_or(0, |depth| depth + 1);
                let left = *left as usize;
                let Some(below) = depths.get_mut(left..left + 2).filter(|_| position < left) else {
                    return Err("the nodes below a split stand behind it");
                };
                below.fill(depth);
                if DEPTH_MAX < depth {
                    return Err(
                        "a tree has more than 200 splits one below the other: lower the maximum depth",
                    );
                }
            }
            Node::Leaf(counts) => {
                let total: u64 = counts.iter().map(|&count| u64::from(count)).sum();
                if counts.len() != class_count || total == 0 || u64::from(u32::MAX) < total {
                    return Err("a leaf has a number of rows for each class, and a row at least");
                }
            }
        }
    }
    Ok(())
}
