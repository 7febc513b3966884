//! Bodies of requests.

use serde_json::Value;

/// What can be the body of a request.
pub(crate) trait Sent {
    fn bytes(&self) -> Vec<u8>;
}

impl Sent for str {
    fn bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }
}

impl Sent for String {
    fn bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }
}

impl Sent for Vec<u8> {
    fn bytes(&self) -> Vec<u8> {
        self.clone()
    }
}

impl Sent for [u8] {
    fn bytes(&self) -> Vec<u8> {
        self.to_vec()
    }
}

impl<const N: usize> Sent for [u8; N] {
    fn bytes(&self) -> Vec<u8> {
        self.to_vec()
    }
}

/// JSON; nothing for null.
impl Sent for Value {
    fn bytes(&self) -> Vec<u8> {
        if self.is_null() {
            Vec::new()
        } else {
            self.to_string().into_bytes()
        }
    }
}

impl<T: Sent + ?Sized> Sent for &T {
    fn bytes(&self) -> Vec<u8> {
        (**self).bytes()
    }
}
