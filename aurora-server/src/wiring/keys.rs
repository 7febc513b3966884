//! The keys that sign tokens and seal secrets: those of the settings, or files in the data folder.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind as Io, Read as _, Write as _};
use std::path::Path;

use aurora_core::access::jwt::{KeyRing, SigningKey};
use aurora_core::access::seal::{LocalKeys, Sealer};
use aurora_core::access::token;
use aurora_core::config::{JwtAlgorithm, Settings};
use aurora_core::secret::Secret;
use aurora_crm::channels::web_chat::WebChatKeys;
use aurora_crm::files::FileLinks;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::storage::make_private;
use crate::error::{Error, ErrorKind};
use crate::http::Keys;

pub(crate) const JWT_SECRET: &str = "access.jwt_secret";
pub(crate) const SEAL_KEYS: &str = "access.seal_keys";
const SIGNING: &str = "signing.pem";
const SEALING: &str = "sealing.keys";
/// Of a file with keys.
const LONGEST: u64 = 64 * 1024;

/// The keys that the settings name. What they do not name is made once and kept in the data folder.
pub(crate) fn keys(settings: &Settings) -> Result<Keys, Error> {
    let access = &settings.access;
    let is_in_memory = settings
        .database
        .url
        .as_ref()
        .is_some_and(|url| url.expose().contains(":memory:"));
    // What is sealed for a database in memory is gone with it.
    let folder = (!is_in_memory).then_some(settings.server.data_dir.as_path());
    let wrong = |what: &'static str| {
        move |source: aurora_core::access::Error| Error::new(ErrorKind::Settings, what).caused_by(source)
    };
    let signer = match (&access.jwt_private_key, &access.jwt_secret, access.jwt_algorithm) {
        (Some(pem), _, JwtAlgorithm::EdDsa | JwtAlgorithm::Rs256) => {
            SigningKey::from_pem(pem).map_err(wrong("access.jwt_private_key cannot be used"))?
        }
        (_, Some(secret), _) => SigningKey::hs256("settings", secret.expose().as_bytes())
            .map_err(wrong("access.jwt_secret cannot be used"))?,
        _ => {
            let make = || SigningKey::generate().and_then(|key| key.to_pem());
            let pem = kept(folder, SIGNING, make)?;
            SigningKey::from_pem(&pem).map_err(wrong("signing.pem in the data folder cannot be used"))?
        }
    };
    let (sealing, what) = match &access.seal_keys {
        Some(text) => (text.clone(), "access.seal_keys cannot be used"),
        None => {
            let text = kept(folder, SEALING, new_seal_keys)?;
            (text, "sealing.keys in the data folder cannot be used")
        }
    };
    let sealer = Sealer::new(LocalKeys::parse(&sealing).map_err(wrong(what))?);
    of_sealing(KeyRing::new(signer), sealer, &sealing)
        .ok_or_else(|| Error::new(ErrorKind::Settings, "no keys can be derived from those that seal"))
}

/// With the keys that follow from those that seal, so that there are no further ones to hand round. The first signs; what the
/// others signed is taken until they go.
fn of_sealing(signing: KeyRing, sealer: Sealer, sealing: &Secret) -> Option<Keys> {
    Some(Keys {
        signing,
        sealer,
        files: file_links(sealing)?,
        web_chat: web_chat(sealing)?,
        notices: Secret::new(derived(entries(sealing).next()?, "aurora notices 1")?),
    })
}

fn entries(sealing: &Secret) -> impl Iterator<Item = &str> {
    let lines = sealing
        .expose()
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    let entries = lines.flat_map(|line| line.split([',', ' ', '\t'])).map(str::trim);
    entries.filter(|entry| !entry.is_empty())
}

/// Links to files.
fn file_links(sealing: &Secret) -> Option<FileLinks> {
    let mut all: Option<FileLinks> = None;
    for entry in entries(sealing) {
        let (name, key) = named(entry, "aurora file links 1")?;
        all = Some(match all {
            None => FileLinks::new(name, Secret::new(key)).ok()?,
            Some(links) => links.accepting(name, Secret::new(key)).ok()?,
        });
    }
    all
}

/// Visitors of chats on pages.
fn web_chat(sealing: &Secret) -> Option<WebChatKeys> {
    let mut all: Option<WebChatKeys> = None;
    for entry in entries(sealing) {
        let (name, key) = named(entry, "aurora web chat 1")?;
        all = Some(match all {
            None => WebChatKeys::new(name, key.as_str()).ok()?,
            Some(keys) => keys.accepting(name, key.as_str()).ok()?,
        });
    }
    all
}

/// A key for a purpose, and a name that says nothing of it.
fn named(entry: &str, purpose: &str) -> Option<(String, String)> {
    let name = derived(entry, &format!("{purpose} name"))?;
    Some((
        name.get(..12)?.to_owned(),
        derived(entry, &format!("{purpose} key"))?,
    ))
}

/// A text that says nothing of the key that it comes from.
fn derived(entry: &str, purpose: &str) -> Option<String> {
    let (_, key) = entry.split_once('=')?;
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).ok()?;
    mac.update(purpose.as_bytes());
    let bytes = mac.finalize().into_bytes();
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// New keys that seal, in the form of `access.seal_keys`.
pub(crate) fn new_seal_keys() -> Result<Secret, aurora_core::access::Error> {
    // 32 random bytes, from one alphabet of base 64 into the other.
    let plain = |text: &str| text.replace('-', "+").replace('_', "/");
    token().map(|text| Secret::new(format!("first={}=", plain(text.expose()))))
}

/// The keys that the settings do not name, so that this server makes them in its data folder; another one has others.
pub(crate) fn own(settings: &Settings) -> Vec<&'static str> {
    let access = &settings.access;
    let is_signed = match access.jwt_algorithm {
        JwtAlgorithm::EdDsa | JwtAlgorithm::Rs256 => access.jwt_private_key.is_some(),
        _ => access.jwt_secret.is_some(),
    };
    let signing = (!is_signed).then_some(JWT_SECRET);
    let sealing = access.seal_keys.is_none().then_some(SEAL_KEYS);
    signing.into_iter().chain(sealing).collect()
}

/// What the data folder has to seal with, where a server has worked without `access.seal_keys`.
pub(crate) fn sealing_of_folder(settings: &Settings) -> Result<Option<Secret>, Error> {
    match read(&settings.server.data_dir.join(SEALING)) {
        Ok(text) => Ok(Some(Secret::new(text))),
        Err(error) if error.kind() == Io::NotFound => Ok(None),
        Err(source) => Err(Error::new(
            ErrorKind::Storage,
            format!("{SEALING} in the data folder cannot be read"),
        )
        .caused_by(source)),
    }
}

fn read(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}

/// The content of a file, which is made at the first start and read by its owner alone.
fn kept(
    folder: Option<&Path>,
    name: &'static str,
    make: impl FnOnce() -> Result<Secret, aurora_core::access::Error>,
) -> Result<Secret, Error> {
    let refused = |what: &str, source: std::io::Error| {
        Error::new(ErrorKind::Storage, format!("{name} in the data folder {what}")).caused_by(source)
    };
    let Some(folder) = folder else {
        return make().map_err(no_key);
    };
    make_private(folder).map_err(|source| refused("cannot be made", source))?;
    let path = folder.join(name);
    let new = make().map_err(no_key)?;
    // Under a name of its own first: whoever starts at the same time sees all of it or nothing, and only one of them wins.
    let own =
        token().map_err(|source| Error::new(ErrorKind::Internal, "no name can be made").caused_by(source))?;
    let draft = folder.join(format!(".{name}.{}", own.expose()));
    let written = private(&draft).and_then(|mut file| {
        file.write_all(new.expose().as_bytes())?;
        file.sync_all()
    });
    written.map_err(|source| refused("cannot be written", source))?;
    let linked = fs::hard_link(&draft, &path);
    drop(fs::remove_file(&draft));
    match linked {
        Ok(()) => {}
        Err(error) if error.kind() == Io::AlreadyExists => {}
        Err(error) => return Err(refused("cannot be made", error)),
    }
    let text = read(&path).map_err(|source| refused("cannot be read", source))?;
    Ok(Secret::new(text))
}

fn no_key(source: aurora_core::access::Error) -> Error {
    Error::new(ErrorKind::Internal, "no key can be made").caused_by(source)
}

fn private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aurora_core::id::Id;
    use aurora_core::time::Timestamp;
    use aurora_crm::files::FileGrant;

    use super::*;

    fn key(byte: &str) -> String {
        format!("{}=", byte.repeat(43))
    }

    #[test]
    fn a_link_outlives_a_change_of_keys_as_long_as_the_old_one_is_there() {
        let [old, both, new] = [
            format!("a={}", key("A")),
            format!("b={}, a={}", key("B"), key("A")),
            format!("b={}", key("B")),
        ]
        .map(|text| file_links(&Secret::new(text)).unwrap());
        let now = Timestamp::from_secs(1_800_000_000);
        let until = now + Duration::from_secs(60);
        let grant = FileGrant::download(Id::new(now), Id::new(now), until);
        let link = old.sign(&grant, now).unwrap();
        assert_eq!(both.verify(&link, now).unwrap(), grant);
        assert!(new.verify(&link, now).is_err());
        assert!(!link.contains(&"A".repeat(20)), "nothing of the key is in it");
    }

    #[test]
    fn what_follows_from_a_key_depends_on_it_and_on_the_purpose_alone() {
        let one = format!("first={}", key("A"));
        let text = |entry: &str, purpose: &str| derived(entry, purpose).unwrap();
        assert_eq!(text(&one, "x"), text(&one.replace("first", "second"), "x"));
        assert_ne!(text(&one, "x"), text(&one, "y"));
        assert!(!text(&one, "x").contains('A'));
        assert!(web_chat(&Secret::new(format!("second={}, {one}", key("B")))).is_some());
        assert!(web_chat(&Secret::new("# nothing")).is_none());
    }
}
