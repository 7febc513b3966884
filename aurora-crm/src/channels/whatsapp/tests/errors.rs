use crate::channels::whatsapp::graph::{Advice, advice};
#[test]
fn codes_mean_what_meta_says_about_them() {
    for (meaning, codes) in [
        (Advice::Retry, &[1, 2, 131_000, 131_016, 131_057][..]),
        (Advice::WaitForPair, &[131_056]),
        (
            Advice::WaitForNumber,
            &[4, 80_007, 130_429, 131_048, 131_064, 133_016],
        ),
        (Advice::UseTemplate, &[131_047]),
        (
            Advice::Account,
            &[
                0, 3, 10, 190, 200, 299, 368, 131_005, 131_031, 131_037, 131_042, 131_045, 133_010,
            ],
        ),
        (
            Advice::Stop,
            &[
                33, 100, 130_472, 130_497, 131_008, 131_009, 131_021, 131_026, 131_030, 131_049, 131_050,
                131_051, 131_052, 131_053, 131_062, 132_000, 132_001, 132_005, 132_007, 132_012, 132_015,
                132_016, 132_018, 132_068, 132_069, 135_000, 137_000, 199, 300, -1, 999_999,
            ],
        ),
    ] {
        for code in codes {
            assert_eq!(advice(*code), meaning, "{code}");
        }
    }
}

#[test]
fn only_waiting_makes_the_same_message_worth_sending_again() {
    let retried: Vec<i64> = (0..140_000).filter(|code| advice(*code).is_retryable()).collect();
    assert_eq!(
        retried,
        [
            1, 2, 4, 17, 32, 613, 80_007, 130_429, 131_000, 131_016, 131_048, 131_056, 131_057, 131_064,
            131_208, 133_004, 133_016, 139_103
        ]
    );
}
