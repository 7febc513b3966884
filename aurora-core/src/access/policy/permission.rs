//! The closed set of what an application can allow.

use std::fmt;
use std::hash::Hash;

/// Everything that an application can allow; [`permissions!`](crate::permissions) writes it.
pub trait Permission: Copy + Eq + Ord + Hash + fmt::Debug + Send + Sync + 'static {
    /// Every permission there is.
    const ALL: &'static [Self];

    /// Its name: `resource:action`, or `resource:action:field-set`.
    fn as_str(self) -> &'static str;

    /// The permission of that name.
    #[must_use]
    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.as_str() == name)
    }
}

/// Defines an enum of permissions with their names; a name of another form, or one that stands twice, does not
/// compile.
///
/// # Examples
/// ```
/// use aurora_core::access::policy::Permission as _;
///
/// aurora_core::permissions! {
///     /// What can be done in the clinic.
///     pub enum Clinic {
///         ClientRead => "client:read",
///         ClientReadHealth => "client:read:health",
///     }
/// }
/// assert_eq!(Clinic::named("client:read:health"), Some(Clinic::ClientReadHealth));
/// ```
///
/// ```compile_fail
/// aurora_core::permissions! {
///     pub enum Clinic {
///         ClientRead => "client.read",
///     }
/// }
/// ```
#[macro_export]
macro_rules! permissions {
    ($(#[$meta:meta])* $visibility:vis enum $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident => $text:literal),+ $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $visibility enum $name {
            $($(#[$variant_meta])* #[doc = concat!("`", $text, "`")] $variant),+
        }

        impl $crate::access::policy::Permission for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }
        }

        const _: () = assert!(
            $crate::access::policy::all_are_names(&[$($text),+]),
            "a permission is named resource:action or resource:action:field-set, in a-z, 0-9, - and _, and once",
        );
    };
}

/// Whether each text is the name of a permission and none stands twice; for
/// [`permissions!`](crate::permissions), which asks while it compiles.
#[must_use]
pub const fn all_are_names(names: &[&str]) -> bool {
    let mut rest = names;
    while let [name, after @ ..] = rest {
        if !is_name(name.as_bytes()) {
            return false;
        }
        let mut others = after;
        while let [other, further @ ..] = others {
            if same(name.as_bytes(), other.as_bytes()) {
                return false;
            }
            others = further;
        }
        rest = after;
    }
    true
}

const fn is_name(name: &[u8]) -> bool {
    let (mut rest, mut parts, mut length) = (name, 1, 0);
    while let [byte, after @ ..] = rest {
        match byte {
            b':' if length == 0 => return false,
            b':' => {
                parts += 1;
                length = 0;
            }
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => length += 1,
            _ => return false,
        }
        rest = after;
    }
    length > 0 && (parts == 2 || parts == 3) && name.len() <= 64
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    let (mut a, mut b) = (a, b);
    loop {
        match (a, b) {
            ([], []) => return true,
            ([x, rest_of_a @ ..], [y, rest_of_b @ ..]) if *x == *y => {
                a = rest_of_a;
                b = rest_of_b;
            }
            _ => return false,
        }
    }
}
