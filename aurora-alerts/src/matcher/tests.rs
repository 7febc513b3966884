use proptest::prelude::*;

use super::*;

#[test]
fn the_text_form_goes_both_ways() {
    let table = [
        (r#"a="b""#, "a", MatchOperator::Equal, "b"),
        ("a=b", "a", MatchOperator::Equal, "b"),
        (r#"a!="b=c""#, "a", MatchOperator::NotEqual, "b=c"),
        ("a=~b|c", "a", MatchOperator::Matches, "b|c"),
        (
            r#""ação"!~"x\\d\"\n""#,
            "ação",
            MatchOperator::NotMatches,
            "x\\d\"\n",
        ),
        (r#"a="""#, "a", MatchOperator::Equal, ""),
    ];
    for (text, name, operator, value) in table {
        let matcher: Matcher = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(
            (matcher.name(), matcher.operator(), matcher.value()),
            (name, operator, value),
            "{text}"
        );
        assert_eq!(matcher.to_string().parse::<Matcher>().unwrap(), matcher, "{text}");
    }
    let wrongs = [
        "",
        "a",
        "=b",
        "a=~(",
        r#"a="b"#,
        r#"a="b"c""#,
        "a=~b)|(?:c",
        "a b=c",
        r#"a=b"c"#,
        "a~b",
        r#""a"#,
    ];
    for wrong in wrongs {
        assert!(wrong.parse::<Matcher>().is_err(), "{wrong:?}");
    }
    let tricky: Matcher = r#" "a=b" = "c" "#.parse().unwrap();
    assert_eq!((tricky.name(), tricky.value()), ("a=b", "c"));
}

#[test]
fn several_are_written_as_amtool_takes_them() {
    let ab = [r#"a="b""#, r#"c=~"d,e}""#];
    let expected: Matchers = ab.iter().map(|text| text.parse::<Matcher>().unwrap()).collect();
    for text in [
        r#"{a="b",c=~"d,e}"}"#,
        r#" { a = "b" , c =~ "d,e}" , } "#,
        r#"a=b, c=~"d,e}""#,
        r#"a="b",c=~"d,e}","#,
    ] {
        assert_eq!(text.parse::<Matchers>().as_ref(), Ok(&expected), "{text}");
    }
    for none in ["", "{}", " { } "] {
        assert!(none.parse::<Matchers>().unwrap().is_empty(), "{none:?}");
    }
    for wrong in [
        "{",
        "}",
        "{a=b",
        ",",
        "{,}",
        r#"a="b" c="d""#,
        "a=b,,c=d",
        "{a}",
        "{{a=b}}",
    ] {
        assert!(wrong.parse::<Matchers>().is_err(), "{wrong:?}");
    }
    for json in [
        r#"["a=\"b\"","c=~\"d,e}\""]"#,
        r#"["{a=b, c=~\"d,e}\"}"]"#,
        r#""a=b,c=~\"d,e}\"""#,
    ] {
        assert_eq!(
            serde_json::from_str::<Matchers>(json).unwrap(),
            expected,
            "{json}"
        );
    }
    let json = serde_json::to_string(&expected).unwrap();
    assert_eq!(json, r#"["a=\"b\"","c=~\"d,e}\""]"#);
}

fn matcher() -> impl Strategy<Value = Matcher> {
    let operators = [
        MatchOperator::Equal,
        MatchOperator::NotEqual,
        MatchOperator::Matches,
        MatchOperator::NotMatches,
    ];
    let operator = proptest::sample::select(operators.to_vec());
    let text = || prop_oneof![any::<String>(), "[a-z\\\\\"\n,{}=!~ ]{0,8}"];
    (text(), operator, text()).prop_filter_map("a matcher", |(name, operator, value)| {
        Matcher::new(name, operator, value).ok()
    })
}

proptest! {
    #[test]
    fn what_is_shown_is_read_as_the_same(matchers in proptest::collection::vec(matcher(), 0..4)) {
        for matcher in &matchers {
            prop_assert_eq!(&matcher.to_string().parse::<Matcher>().unwrap(), matcher);
        }
        let all = Matchers::from(matchers);
        prop_assert_eq!(&all.to_string().parse::<Matchers>().unwrap(), &all);
        let json = serde_json::to_string(&all).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Matchers>(&json).unwrap(), &all);
    }

    #[test]
    fn no_text_makes_it_panic(text in "[a-z\\\\\"\n,{}=!~ ]{0,16}") {
        if let Ok(all) = text.parse::<Matchers>() {
            prop_assert_eq!(all.to_string().parse::<Matchers>(), Ok(all));
        }
        if let Ok(one) = text.parse::<Matcher>() {
            prop_assert_eq!(one.to_string().parse::<Matcher>(), Ok(one));
        }
    }
}

#[test]
fn patterns_cover_the_whole_value_and_absent_is_empty() {
    let labels = Labels::from([("env", "prod")]);
    let holds = |text: &str| text.parse::<Matcher>().unwrap().matches(&labels);
    assert!(holds("env=~pro."));
    assert!(!holds("env=~pro"));
    assert!(holds("env!~pro"));
    assert!(holds("zone="));
    assert!(holds("zone!=a"));
    assert!(holds("zone=~a|"));
    assert!(!holds("zone=~a"));
}
