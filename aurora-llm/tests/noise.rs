//! What the fuzz targets check, on the stable compiler: with mutated fixtures, and with bytes that mean nothing.

#[cfg(test)]
#[path = "../../fuzz/targets.rs"]
#[expect(unreachable_pub, reason = "it is the library of the fuzz targets")]
mod targets;

#[cfg(test)]
mod noise {
    use std::path::{Path, PathBuf};
    use std::sync::LazyLock;

    use proptest::prelude::*;
    use proptest::sample::{Index, select};

    use super::targets::{self, DIALECTS};

    fn fixtures() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
    }

    /// A dialect and the bytes of its fixtures.
    type Seeds = (&'static str, Vec<Vec<u8>>);

    static SEEDS: LazyLock<Vec<Seeds>> = LazyLock::new(|| {
        let read = |name: &'static str| {
            let files = std::fs::read_dir(fixtures().join(name)).unwrap();
            let seeds = files
                .map(|file| std::fs::read(file.unwrap().path()).unwrap())
                .collect();
            (name, seeds)
        };
        DIALECTS.iter().map(|dialect| read(dialect.name)).collect()
    });

    /// What breaks parsers: ends of lines and events, halves of characters, deep and long things.
    fn token() -> impl Strategy<Value = Vec<u8>> {
        let fixed: Vec<&[u8]> = vec![
            b"\n",
            b"\r",
            b"\r\n\r\n",
            b"\n\n",
            b"data:",
            b"data: ",
            b"event: error\n",
            b": \n",
            b"\xEF\xBB\xBF",
            b"\xFF",
            b"\xC3",
            b"\0",
            b"{",
            b"}",
            b"[",
            b"]",
            b"\"",
            b"\\",
            b"null",
            b"[DONE]",
            b"{}",
            b"-1",
            b"1e999",
            b"18446744073709551616",
            b"\"\\ud800\"",
            b",\"error\":\"x\"",
            b"true",
            b"\"type\":\"error\"",
        ];
        prop_oneof![
            8 => select(fixed).prop_map(<[u8]>::to_vec),
            2 => proptest::collection::vec(any::<u8>(), 0..40),
            1 => (1..300_usize).prop_map(|deep| b"[".repeat(deep)),
            1 => (1..300_usize).prop_map(|deep| b"{\"a\":".repeat(deep)),
        ]
    }

    #[derive(Debug, Clone)]
    enum Change {
        Insert(Index, Vec<u8>),
        Remove(Index, usize),
        Repeat(Index, usize),
        Flip(Index, u8),
    }

    fn change() -> impl Strategy<Value = Change> {
        prop_oneof![
            4 => (any::<Index>(), token()).prop_map(|(at, token)| Change::Insert(at, token)),
            2 => (any::<Index>(), 1..200_usize).prop_map(|(at, many)| Change::Remove(at, many)),
            1 => (any::<Index>(), 1..400_usize).prop_map(|(at, many)| Change::Repeat(at, many)),
            2 => (any::<Index>(), 1..=255_u8).prop_map(|(at, bits)| Change::Flip(at, bits)),
        ]
    }

    fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
        for change in changes {
            let at = |index: &Index| index.index(bytes.len() + 1);
            match change {
                Change::Insert(index, token) => {
                    let at = at(index);
                    bytes.splice(at..at, token.iter().copied());
                }
                Change::Remove(index, many) => {
                    let at = at(index);
                    let end = (at + many).min(bytes.len());
                    bytes.drain(at..end);
                }
                Change::Repeat(index, many) => {
                    let at = at(index);
                    let end = (at + many).min(bytes.len());
                    let piece = bytes[at..end].to_vec();
                    bytes.splice(end..end, piece);
                }
                Change::Flip(index, bits) => {
                    let at = at(index);
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= bits;
                    }
                }
            }
        }
        bytes
    }

    prop_compose! {
        /// A dialect, and one of its fixtures with some changes and a length of pieces in front of it.
        fn mutated()(
            dialect in 0..DIALECTS.len(),
            seed in any::<Index>(),
            size in any::<u8>(),
            changes in proptest::collection::vec(change(), 0..6),
        ) -> (&'static str, Vec<u8>) {
            let (name, seeds) = (SEEDS[dialect].0, &SEEDS[dialect].1);
            let mut bytes = vec![size];
            bytes.extend(changed(seed.get(seeds).clone(), &changes));
            (name, bytes)
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 150 } else { 20_000 }))]

        #[test]
        fn mutated_streams_end_exactly_once_and_do_not_grow((name, bytes) in mutated()) {
            targets::stream(name, &bytes);
        }

        #[test]
        fn mutated_answers_and_requests_have_an_outcome((name, bytes) in mutated()) {
            targets::answer(name, &bytes[1..]);
            targets::request(name, &bytes[1..]);
        }

        #[test]
        fn noise_is_survived(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            targets::sse(&bytes);
            targets::ndjson(&bytes);
            for dialect in DIALECTS {
                targets::stream(dialect.name, &bytes);
                targets::answer(dialect.name, &bytes);
                targets::request(dialect.name, &bytes);
            }
        }

        #[test]
        fn frames_and_lines_are_the_same_for_every_split((_, bytes) in mutated()) {
            targets::sse(&bytes);
            targets::ndjson(&bytes);
        }
    }

    #[test]
    fn every_fixture_is_read_by_every_target() {
        for (name, seeds) in SEEDS.iter() {
            assert!(seeds.len() > 5, "the fixtures of {name} are gone");
            for seed in seeds {
                for size in [0, 1, 7, 255] {
                    let input = [&[size], seed.as_slice()].concat();
                    // A fixture of one dialect is noise to all others.
                    for dialect in DIALECTS {
                        targets::stream(dialect.name, &input);
                    }
                    targets::sse(&input);
                    targets::ndjson(&input);
                }
                for dialect in DIALECTS {
                    targets::answer(dialect.name, seed);
                    targets::request(dialect.name, seed);
                }
            }
        }
    }

    #[test]
    fn no_dialect_is_left_out() {
        let folders = std::fs::read_dir(fixtures())
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        for folder in folders {
            let known = DIALECTS.iter().any(|dialect| folder == dialect.name);
            assert!(known, "{folder:?} has fixtures, and no row in fuzz/targets.rs");
            for kind in ["stream", "answer", "request"] {
                let target = format!("../fuzz/fuzz_targets/{kind}_{}.rs", folder.display());
                assert!(
                    Path::new(env!("CARGO_MANIFEST_DIR")).join(&target).exists(),
                    "{target}"
                );
            }
        }
    }

    /// The fuzz targets need a nightly compiler and are not built here: what each of them calls is read instead.
    #[test]
    fn every_fuzz_target_is_built_and_calls_what_it_is_named_after() {
        let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
        let manifest = std::fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
        let mut built: Vec<&str> = manifest
            .lines()
            .filter_map(|line| line.strip_prefix("path = \"fuzz_targets/")?.strip_suffix(".rs\""))
            .collect();
        let mut named: Vec<&str> = manifest
            .split("[[bin]]")
            .skip(1)
            .filter_map(|bin| bin.trim_start().strip_prefix("name = \"")?.split('"').next())
            .collect();
        let files = std::fs::read_dir(fuzz.join("fuzz_targets")).unwrap();
        let mut files: Vec<String> = files
            .map(|file| {
                file.unwrap()
                    .path()
                    .file_stem()
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        files.sort();
        built.sort_unstable();
        named.sort_unstable();
        assert_eq!(built, files);
        assert_eq!(named, files);
        for file in &files {
            let text = std::fs::read_to_string(fuzz.join(format!("fuzz_targets/{file}.rs"))).unwrap();
            let call = match file.split_once('_') {
                Some((kind, dialect)) => format!("{kind}(\"{dialect}\", data)"),
                None => format!("{file}(data)"),
            };
            assert!(text.contains(&call), "{file} does not call {call}:\n{text}");
        }
    }
}
