/// Where the documents and files of one collection lie in a bucket.
///
/// ```
/// let keys = pointer::CollectionKeys::new("shops/eu", "movies");
/// assert_eq!(keys.pointer(), "shops/eu/movies/current.json");
/// assert_eq!(keys.file("3f2a9c01d4e5b6a7", "neighbours"), "shops/eu/movies/g/3f2a9c01d4e5b6a7/neighbours.kdx");
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CollectionKeys {
    /// The collection's folder, with its closing slash.
    root: String,
}

impl CollectionKeys {
    /// The keys of a collection below `prefix`: empty, or a path with or without a closing slash.
    pub fn new(prefix: &str, collection: &str) -> Self {
        let slash = if prefix.is_empty() || prefix.ends_with('/') {
            ""
        } else {
            "/"
        };
        Self {
            root: format!("{prefix}{slash}{collection}/"),
        }
    }

    /// The pointer, the only document that is ever replaced.
    pub fn pointer(&self) -> String {
        format!("{}current.json", self.root)
    }

    /// What the keys of all generations begin with.
    pub fn generations(&self) -> String {
        format!("{}g/", self.root)
    }

    /// What the keys of one generation begin with.
    pub fn generation(&self, generation: &str) -> String {
        format!("{}g/{generation}/", self.root)
    }

    /// A generation's own manifest.
    pub fn manifest(&self, generation: &str) -> String {
        format!("{}g/{generation}/manifest.json", self.root)
    }

    /// An index file of a generation.
    pub fn file(&self, generation: &str, kind: &str) -> String {
        // Once for every part that a request reads: put together without the machinery of formatting.
        [&self.root, "g/", generation, "/", kind, ".kdx"].concat()
    }
}
