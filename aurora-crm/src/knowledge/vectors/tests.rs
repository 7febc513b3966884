use std::sync::Arc;
use std::time::Duration;

use aurora_core::rng::Random;
use aurora_core::time::{Clock as _, ManualClock};
use uuid::Uuid;

use super::{Matrices, Matrix, pack};
use crate::knowledge::ChunkId;
use crate::workspaces::WorkspaceId;

fn id(number: u128) -> ChunkId {
    ChunkId::from_uuid(Uuid::from_u128(number))
}

#[expect(clippy::cast_possible_truncation, reason = "random numbers")]
fn random(random: &Random, dimensions: usize) -> Vec<f32> {
    (0..dimensions).map(|_| random.unit() as f32 - 0.5).collect()
}

fn cosine(one: &[f32], other: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| {
        a.iter()
            .zip(b)
            .map(|(a, b)| f64::from(*a) * f64::from(*b))
            .sum::<f64>()
    };
    dot(one, other) / (dot(one, one) * dot(other, other)).sqrt()
}

#[test]
fn eight_bits_find_what_exact_cosines_find() {
    let source = Random::seeded(7);
    let vectors: Vec<Vec<f32>> = (0..2_000).map(|_| random(&source, 96)).collect();
    let mut matrix = Matrix::new(96);
    for (vector, number) in vectors.iter().zip(0..) {
        let packed = pack(vector, 96).unwrap();
        matrix.push(id(number), packed.scale, &packed.numbers);
    }
    let mut same = 0;
    for _ in 0..20 {
        let question = random(&source, 96);
        let mut exact: Vec<(usize, f64)> = vectors
            .iter()
            .map(|vector| cosine(&question, vector))
            .enumerate()
            .collect();
        exact.sort_by(|one, other| other.1.total_cmp(&one.1));
        let found = matrix.nearest(&pack(&question, 96).unwrap(), 10, |_| true);
        assert_eq!(found.len(), 10);
        for (chunk, score) in &found {
            let number = usize::try_from(chunk.uuid().as_u128()).unwrap();
            assert!((score - cosine(&question, &vectors[number])).abs() < 0.01);
            same += usize::from(exact[..10].iter().any(|(known, _)| *known == number));
        }
    }
    assert!(same >= 190, "{same} of 200");
}

#[test]
fn what_is_no_vector_is_not_packed() {
    for wrong in [
        &[][..],
        &[1.0],
        &[0.0, 0.0],
        &[f32::NAN, 1.0],
        &[f32::INFINITY, 1.0],
    ] {
        assert_eq!(pack(wrong, 2), None, "{wrong:?}");
    }
    let packed = pack(&[3.0, -4.0], 2).unwrap();
    let numbers: Vec<i8> = packed.numbers.iter().map(|byte| byte.cast_signed()).collect();
    assert_eq!(numbers, [95, -127]);
    assert!((packed.scale * 127.0 - 0.8).abs() < 1e-12);
}

#[test]
fn only_what_is_wanted_is_found_and_ties_go_by_name() {
    let mut matrix = Matrix::new(2);
    let same = pack(&[1.0, 0.0], 2).unwrap();
    for number in [5, 3, 4, 1] {
        matrix.push(id(number), same.scale, &same.numbers);
    }
    matrix.push(id(9), 1.0, &[1, 2, 3]);
    assert_eq!(matrix.len(), 4, "one of another length is left out");
    let found = |most| -> Vec<u128> {
        let found = matrix.nearest(&same, most, |chunk| chunk != id(3));
        found
            .into_iter()
            .map(|(chunk, _)| chunk.uuid().as_u128())
            .collect()
    };
    assert_eq!(found(2), [1, 4]);
    assert_eq!(found(9), [1, 4, 5]);
    assert_eq!(found(0), [0; 0]);
}

#[test]
fn matrices_stay_within_their_memory_and_are_old_when_the_count_has_moved() {
    let clock = ManualClock::default();
    let house = WorkspaceId::new(clock.now());
    let scopes: Vec<Uuid> = (1..=4).map(Uuid::from_u128).collect();
    let matrix = |rows: u128| {
        let mut matrix = Matrix::new(64);
        (0..rows).for_each(|row| matrix.push(id(row), 1.0, &[1; 64]));
        Arc::new(matrix)
    };
    let cache = Matrices::new(3 * matrix(100).bytes());
    for scope in &scopes[..3] {
        cache.put(house, *scope, 1, clock.now(), &matrix(100));
    }
    assert!(
        cache.get(house, scopes[0], 1, clock.now()).is_some(),
        "and is now the last to go"
    );
    cache.put(house, scopes[3], 1, clock.now(), &matrix(100));
    assert_eq!(cache.len(), 3);
    assert!(cache.get(house, scopes[1], 1, clock.now()).is_none());
    assert!(cache.get(house, scopes[0], 1, clock.now()).is_some());
    assert!(
        cache.get(house, scopes[0], 2, clock.now()).is_none(),
        "somebody changed it"
    );
    assert!(
        cache
            .get(WorkspaceId::new(clock.now()), scopes[0], 1, clock.now())
            .is_none()
    );

    let cache = Matrices::new(64 * 1_024 * 1_024);
    cache.put(house, scopes[0], 1, clock.now(), &matrix(6_000));
    assert!(
        cache.get(house, scopes[0], 2, clock.now()).is_some(),
        "a large one is good for a moment"
    );
    assert!(cache.get(house, scopes[0], 0, clock.now()).is_none());
    clock.advance(Duration::from_secs(3));
    assert!(cache.get(house, scopes[0], 2, clock.now()).is_none());
    let small = Matrices::new(1_000);
    small.put(house, scopes[0], 1, clock.now(), &matrix(100));
    assert_eq!(small.len(), 0, "one that does not fit is not kept");
}
