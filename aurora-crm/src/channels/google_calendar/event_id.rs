//! Ids of one's own for events, so that inserting one twice makes one event.

use uuid::Uuid;

/// base32hex of RFC 4648, in the lower case that Google takes.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
/// What begins an id of ours.
const PREFIX: &str = "aur";
/// Letters for 128 bits.
const LETTERS: usize = 26;

/// The id of the event of an appointment. An id that was deleted may stay taken for ever: the next generation is another.
pub(super) fn event_id(appointment: Uuid, generation: u32) -> String {
    let mut id = String::from(PREFIX);
    let bits = appointment.as_u128();
    for place in 0..LETTERS {
        // The last letter has three bits of its own, and is filled up with zeros.
        let value = match 123_usize.checked_sub(place * 5) {
            Some(shift) => bits >> shift,
            None => bits << 2,
        };
        let index = usize::try_from(value & 31).unwrap_or_default();
        id.push(char::from(ALPHABET.get(index).copied().unwrap_or_default()));
    }
    if generation > 0 {
        id.push_str(&generation.to_string());
    }
    id
}

/// The appointment and the generation of an id, if it is one of ours.
pub(super) fn appointment_of(id: &str) -> Option<(Uuid, u32)> {
    let rest = id.strip_prefix(PREFIX)?;
    let (letters, generation) = rest.split_at_checked(LETTERS)?;
    let mut bits = 0_u128;
    for (place, letter) in letters.bytes().enumerate() {
        let value = ALPHABET.iter().position(|known| *known == letter)?;
        let value = u128::try_from(value).ok()?;
        bits = match place + 1 {
            LETTERS if value & 3 != 0 => return None,
            LETTERS => (bits << 3) | (value >> 2),
            _ => (bits << 5) | value,
        };
    }
    let generation = match generation {
        "" => 0,
        digits => digits
            .parse()
            .ok()
            .filter(|number: &u32| *number > 0 && digits == number.to_string())?,
    };
    Some((Uuid::from_u128(bits), generation))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_what_google_takes_and_leads_back() {
        for bits in [0, 1, 31, 32, u128::MAX, 0x0190_a8b0_c0de_7000_8000_0000_0000_000a] {
            for generation in [0, 1, 10, u32::MAX] {
                let id = event_id(Uuid::from_u128(bits), generation);
                let fits = |letter: char| letter.is_ascii_digit() || ('a'..='v').contains(&letter);
                assert!((5..=1_024).contains(&id.len()) && id.chars().all(fits), "{id}");
                assert_eq!(appointment_of(&id), Some((Uuid::from_u128(bits), generation)));
            }
        }
        // `base64.b32hexencode` of Python, in lower case and without padding.
        for (bits, letters) in [
            (
                0x0190_a8b0_c0de_7000_8000_0000_0000_000a,
                "068ahc60rpo010000000000018",
            ),
            (u128::MAX, "vvvvvvvvvvvvvvvvvvvvvvvvvs"),
        ] {
            assert_eq!(event_id(Uuid::from_u128(bits), 0), format!("aur{letters}"));
        }
    }

    #[test]
    fn what_others_have_made_is_none_of_ours() {
        let own = event_id(Uuid::from_u128(7), 0);
        let broken = [
            String::new(),
            "aur".to_owned(),
            own.to_uppercase(),
            own.replace("aur", "bur"),
            own.replace("aur0", "aurw"),
            own.replace('s', "1"),
            format!("{own}0"),
            format!("{own}01"),
            format!("{own}_20260105T120000Z"),
            "7s8bcn9q0a3f0v5g1h2i3j4k5l".to_owned(),
        ];
        for bad in broken {
            assert_eq!(appointment_of(&bad), None, "{bad}");
        }
        assert_eq!(appointment_of(&own), Some((Uuid::from_u128(7), 0)));
    }
}
