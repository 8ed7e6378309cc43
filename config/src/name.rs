//! Names that are checked when they are read.

/// Makes a type of names: a text of a limited length that keeps a rule, which the error says.
macro_rules! name {
    (
        $(#[$documentation:meta])*
        $name:ident: $maximum:literal bytes that are $rule:path, or $what:literal is to be $letters:literal
    ) => {
        $(#[$documentation])*
        #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// The longest name.
            pub const MAXIMUM_LEN_BYTES: usize = $maximum;

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(name: String) -> Result<Self, String> {
                if name.len() <= Self::MAXIMUM_LEN_BYTES && $rule(&name) {
                    Ok(Self(name))
                } else {
                    Err(format!(
                        concat!("`{}` is not ", $what, ": write 1 to {} ", $letters),
                        name,
                        Self::MAXIMUM_LEN_BYTES
                    ))
                }
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

pub(crate) use name;
