//! Structs of numbers that are vectors as well: each is written once and read by field, by place and by name.

/// Declares a struct of `f32` fields with `COUNT`, `NAMES`, `to_array`, `from_array` and `dot`.
macro_rules! numbers {
    ($(#[$meta:meta])* pub struct $Numbers:ident { $($(#[$doc:meta])* pub $field:ident,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $Numbers {
            $($(#[$doc])* pub $field: f32,)+
        }

        impl $Numbers {
            /// How many there are.
            pub const COUNT: usize = [$(stringify!($field)),+].len();

            /// Their names, in the order of the fields.
            pub const NAMES: [&str; Self::COUNT] = [$(stringify!($field)),+];

            /// In the order of the fields.
            #[must_use]
            pub fn to_array(self) -> [f32; Self::COUNT] {
                [$(self.$field),+]
            }

            /// The reverse of [`to_array`](Self::to_array).
            #[must_use]
            pub fn from_array([$($field),+]: [f32; Self::COUNT]) -> Self {
                Self { $($field),+ }
            }

            /// Weighted sum: `self` are the weights.
            #[must_use]
            pub fn dot(self, values: Self) -> f32 {
                self.to_array().iter().zip(values.to_array()).map(|(weight, value)| weight * value).sum()
            }
        }
    };
}

pub(super) use numbers;
