use proptest::prelude::*;

use super::index::{Index, unit};
use super::settings::Bounds;
use crate::client::cache::canonical::Canon;
use crate::client::cache::owner::AnswerKey;

proptest! {
    /// Whatever is asked, the books are right, the bounds hold, and nobody finds what is another's.
    #[test]
    fn the_index_keeps_its_bounds(steps in prop::collection::vec((0_u8..6, 0_u16..360, any::<bool>()), 1..200)) {
        let bounds = Bounds { per_tenant: 5, tenants: 4, bytes: 6_000 };
        let mut index = Index::new(bounds);
        let context = Canon::new("test").finish();
        for (tenant, degrees, inserts) in steps {
            let angle = f32::from(degrees).to_radians();
            let vector = unit(&[angle.cos(), angle.sin()]).unwrap();
            let key = AnswerKey::invented(&tenant.to_string(), &degrees.to_string());
            if inserts {
                index.insert(key.clone(), context, vector.clone());
                let (found, score) = index.best(&key, context, &vector, 0.999_9).unwrap();
                prop_assert_eq!((found.digest(), score > 0.999_9), (key.digest(), true));
            } else if let Some((found, _)) = index.best(&key, context, &vector, 0.5) {
                prop_assert_eq!(found.owner(), key.owner());
            }
            let (owners, questions, size) = index.size();
            prop_assert!(owners <= 4 && questions <= 20 && size <= 6_000);
        }
    }
}

#[test]
fn vectors_that_point_nowhere_are_none() {
    for vector in [
        &[][..],
        &[0.0, 0.0],
        &[f32::NAN, 1.0],
        &[f32::INFINITY, 1.0],
        &[f32::MAX, f32::MAX],
    ] {
        assert!(unit(vector).is_none(), "{vector:?}");
    }
    let long: Vec<f32> = (1_u8..=19).map(f32::from).collect();
    let sum: f32 = unit(&long).unwrap().iter().map(|part| part * part).sum();
    assert!(
        (sum - 1.0).abs() < 1e-5,
        "all parts count, the last ones too: {sum}"
    );
}
