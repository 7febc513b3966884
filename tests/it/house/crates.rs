//! Arrows between crates, who owns which dependency, and features that reach the facade.

use std::collections::BTreeSet;
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

use super::{none, read, root};

/// What a crate of ours may use of ours.
struct Arrows {
    from: &'static str,
    to: &'static [&'static str],
    /// Allowed only as an optional dependency.
    optional: &'static [&'static str],
}

const ARROWS: &[Arrows] = &[
    Arrows {
        from: "aurora-core",
        to: &[],
        optional: &[],
    },
    Arrows {
        from: "aurora-llm",
        to: &["aurora-core"],
        optional: &[],
    },
    Arrows {
        from: "aurora-alerts",
        to: &["aurora-core"],
        optional: &[],
    },
    Arrows {
        from: "aurora-crm",
        to: &["aurora-core"],
        optional: &["aurora-llm"],
    },
    Arrows {
        from: "aurora-server",
        to: &["aurora-core", "aurora-llm", "aurora-alerts", "aurora-crm"],
        optional: &[],
    },
    Arrows {
        from: "aurora",
        to: &["aurora-core"],
        optional: &["aurora-llm", "aurora-alerts", "aurora-crm"],
    },
];

/// Dependencies that only these crates of ours may name; deny.toml says the same of dependencies of dependencies.
const OWNED: &[(&[&str], &[&str])] = &[
    (
        &["aurora-core"],
        &[
            "moka",
            "fred",
            "governor",
            "backon",
            "reqwest",
            "argon2",
            "aws-lc-rs",
            "crc32fast",
            "zxcvbn",
            "jsonwebtoken",
            "secrecy",
            "tracing-subscriber",
            "metrics-process",
        ],
    ),
    (
        &["aurora-core", "aurora-llm", "aurora-alerts", "aurora-crm"],
        &["sqlx"],
    ),
    (&["aurora-llm"], &["tiktoken-rs"]),
    (&["aurora-crm"], &["infer", "object_store", "zip"]),
    (
        &["aurora-crm"],
        &[
            "html5ever",
            "lopdf",
            "pulldown-cmark",
            "rust-stemmers",
            "unicode-normalization",
        ],
    ),
    (&["aurora-alerts", "aurora-crm"], &["chrono-tz"]),
    (
        &["aurora-alerts"],
        &[
            "lettre",
            "minijinja",
            "promql-parser",
            "regex-lite",
            "saphyr-parser",
        ],
    ),
    (&["aurora-core", "aurora-alerts"], &["strsim"]),
    (&["aurora-core", "aurora-alerts", "aurora-server"], &["toml_edit"]),
    (
        &["aurora-server"],
        &[
            "axum",
            "axum-extra",
            "axum-server",
            "tower-http",
            "hyper-util",
            "utoipa",
            "utoipa-axum",
            "utoipa-swagger-ui",
            "metrics-exporter-prometheus",
            "clap",
        ],
    ),
];

/// Features of a library crate that the facade does not pass through, each with its reason.
const NOT_IN_THE_FACADE: &[(&str, &str, &str)] = &[];

/// Features that are the facade's own: they bring in a crate.
const CRATES_OF_THE_FACADE: &[(&str, &str)] = &[
    ("llm", "aurora-llm"),
    ("alerts", "aurora-alerts"),
    ("crm", "aurora-crm"),
];

fn workspace() -> Metadata {
    let mut command = MetadataCommand::new();
    command.manifest_path(root().join("Cargo.toml")).no_deps();
    command.exec().unwrap()
}

fn is_ours(name: &str) -> bool {
    name == "aurora" || name.starts_with("aurora-")
}

fn library_crates(workspace: &Metadata) -> impl Iterator<Item = &Package> {
    let is_library = |name: &str| name != "aurora" && name != "aurora-server";
    workspace
        .packages
        .iter()
        .filter(move |package| is_library(&package.name))
}

#[test]
fn arrows_between_crates_only_point_down() {
    let workspace = workspace();
    let names: BTreeSet<&str> = workspace
        .packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let listed: BTreeSet<&str> = ARROWS.iter().map(|arrows| arrows.from).collect();
    assert_eq!(names, listed, "the table of arrows names every crate");

    let mut violations = Vec::new();
    for package in &workspace.packages {
        let arrows = ARROWS
            .iter()
            .find(|arrows| arrows.from == package.name.as_str())
            .unwrap();
        let ours = package
            .dependencies
            .iter()
            .filter(|dependency| is_ours(&dependency.name));
        for dependency in ours.filter(|dependency| dependency.kind != DependencyKind::Development) {
            let name = dependency.name.as_str();
            let allowed =
                arrows.to.contains(&name) || (arrows.optional.contains(&name) && dependency.optional);
            if !allowed {
                violations.push(format!("{} -> {name}", package.name));
            }
        }
    }
    none("an arrow that docs/architecture.md does not have", &violations);
}

#[test]
fn heavy_dependencies_have_one_owner() {
    let mut violations = Vec::new();
    for package in &workspace().packages {
        let normal = package
            .dependencies
            .iter()
            .filter(|it| it.kind != DependencyKind::Development);
        for dependency in normal {
            let owners = OWNED
                .iter()
                .find(|(_, owned)| owned.contains(&dependency.name.as_str()));
            if let Some((owners, _)) = owners.filter(|(owners, _)| !owners.contains(&package.name.as_str())) {
                violations.push(format!(
                    "{} names {}, which belongs to {owners:?}",
                    package.name, dependency.name
                ));
            }
        }
    }
    none("a dependency outside the crate that owns it", &violations);
}

/// `default-features = true` of one crate would turn features on that an application cannot turn off again.
#[test]
fn our_crates_use_each_other_without_default_features() {
    let mut violations = Vec::new();
    for package in &workspace().packages {
        for dependency in package.dependencies.iter().filter(|it| is_ours(&it.name)) {
            if dependency.uses_default_features {
                violations.push(format!("{} -> {}", package.name, dependency.name));
            }
        }
    }
    none("default features of one of ours", &violations);
}

#[test]
fn every_feature_reaches_the_facade() {
    let workspace = workspace();
    let facade = workspace
        .packages
        .iter()
        .find(|package| package.name.as_str() == "aurora")
        .unwrap();
    let mut violations = Vec::new();
    let mut known: BTreeSet<&str> = CRATES_OF_THE_FACADE.iter().map(|(feature, _)| *feature).collect();
    known.insert("default");
    let mut excepted = BTreeSet::new();
    for package in library_crates(&workspace) {
        for feature in package.features.keys().filter(|feature| *feature != "default") {
            let exception = |(of, name, _): &&(&str, &str, &str)| {
                *of == package.name.as_str() && *name == feature.as_str()
            };
            if let Some((of, name, _)) = NOT_IN_THE_FACADE.iter().find(exception) {
                excepted.insert((*of, *name));
                continue;
            }
            known.insert(feature);
            let passes = facade.features.get(feature).is_some_and(|turned_on| {
                let strong = format!("{}/{feature}", package.name);
                let weak = format!("{}?/{feature}", package.name);
                turned_on.iter().any(|it| *it == strong || *it == weak)
            });
            if !passes {
                violations.push(format!(
                    "{}/{feature} is not turned on by the facade's {feature:?}",
                    package.name
                ));
            }
        }
    }
    for (feature, brings) in CRATES_OF_THE_FACADE {
        let dependency = format!("dep:{brings}");
        if !facade
            .features
            .get(*feature)
            .is_some_and(|it| it.contains(&dependency))
        {
            violations.push(format!("the facade's {feature:?} does not bring {brings}"));
        }
    }
    for feature in facade
        .features
        .keys()
        .filter(|feature| !known.contains(feature.as_str()))
    {
        violations.push(format!("the facade's {feature:?} is a feature of no crate"));
    }
    for (of, name, _) in NOT_IN_THE_FACADE
        .iter()
        .filter(|(of, name, _)| !excepted.contains(&(*of, *name)))
    {
        violations.push(format!("the exception for {of}/{name} is not needed"));
    }
    none("a feature that the facade does not pass on", &violations);
}

/// The names belong to others on the registry, and every crate keeps to the workspace's lints.
#[test]
fn crates_stay_here_and_share_their_lints() {
    let mut violations = Vec::new();
    for package in &workspace().packages {
        if package
            .publish
            .as_ref()
            .is_none_or(|registries| !registries.is_empty())
        {
            violations.push(format!("{} could be published", package.name));
        }
        let manifest = package.manifest_path.strip_prefix(root()).unwrap();
        if !read(manifest.as_std_path()).contains("[lints]\nworkspace = true") {
            violations.push(format!("{manifest} has not the workspace's lints"));
        }
        if package.license.as_deref() != Some("MIT OR Apache-2.0") || package.edition.as_str() != "2024" {
            violations.push(format!("{} has another licence or edition", package.name));
        }
    }
    none("a crate that stands apart", &violations);
}

/// What an application pays for that wants one thing of us.
#[test]
fn one_crate_alone_stays_light() {
    let rows: &[(&[&str], &[&str])] = &[
        (
            &["-p", "aurora-core", "--no-default-features"],
            &["moka", "fred", "reqwest", "sqlx", "rustls", "toml_edit"],
        ),
        (
            &["-p", "aurora-alerts"],
            &[
                "sqlx",
                "fred",
                "moka",
                "axum",
                "jsonwebtoken",
                "lettre",
                "minijinja",
                "saphyr-parser",
                "toml_edit",
                "aurora-llm",
                "aurora-crm",
            ],
        ),
        (
            &["-p", "aurora-llm"],
            &[
                "sqlx",
                "fred",
                "axum",
                "jsonwebtoken",
                "aurora-alerts",
                "aurora-crm",
            ],
        ),
        (
            &["-p", "aurora-crm"],
            &["axum", "fred", "sqlx-postgres", "aurora-alerts", "aurora-llm"],
        ),
    ];
    let mut violations = Vec::new();
    for (of, absent) in rows {
        let tree = Command::new(env!("CARGO"))
            .args([
                "tree",
                "--locked",
                "--offline",
                "--edges",
                "normal",
                "--prefix",
                "none",
                "--format",
                "{lib}",
            ])
            .args(*of)
            .current_dir(root())
            .output()
            .unwrap();
        assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
        let tree = String::from_utf8(tree.stdout).unwrap();
        let crates: BTreeSet<&str> = tree
            .lines()
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        assert!(
            crates.contains("serde"),
            "the tree of {of:?} was not understood: {tree}"
        );
        for name in *absent {
            if crates.contains(name.replace('-', "_").as_str()) {
                violations.push(format!("{} brings {name}", of.join(" ")));
            }
        }
    }
    none("a dependency that nobody asked for", &violations);
}
