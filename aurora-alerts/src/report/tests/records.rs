//! Records as lines of JSON and CSV.

use super::*;

fn one_of_each() -> Vec<Record> {
    let entry = |entry| record(1, "Errors", "a", entry);
    vec![
        change(1, "Errors", "a", Decision::FiredQuietly { until: at(9) }),
        delivery(1, "slack", 1, 2, 3, failed()),
        delivery(1, "slack", 1, 2, 3, retrying()),
        delivery(
            1,
            "slack",
            1,
            2,
            3,
            Outcome::Delivered {
                message: Some("1.2".to_owned()),
            },
        ),
        delivery(1, "slack", 0, 0, 3, Outcome::Superseded),
        acknowledged(1, "Errors", "a", "ana"),
        entry(Entry::Unacknowledged { by: "ana".to_owned() }),
        entry(Entry::Escalated {
            step: 2,
            receiver: "on-call".to_owned(),
        }),
        entry(Entry::Silence {
            id: "sil_1".to_owned(),
            change: "created".to_owned(),
            by: "-bob".to_owned(),
            matchers: vec!["zone=a".parse().unwrap()],
        }),
        entry(Entry::Channel {
            enabled: false,
            reason: Some(NotifyErrorKind::Gone),
        }),
        entry(Entry::Flapping { began: true }),
    ]
}

#[test]
fn lines_of_json_are_read_back_as_the_same_records() {
    let records = one_of_each();
    let lines: Vec<_> = json_lines(records.clone()).collect();
    assert!(
        lines
            .iter()
            .all(|line| line.ends_with('\n') && line.matches('\n').count() == 1)
    );
    let read: Vec<Record> = lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(read, records);
}

#[test]
fn records_are_lines_of_csv() {
    let lines: Vec<_> = csv_lines(one_of_each()).collect();
    let prefix = "1,2026-11-29T00:00:01.000000Z,";
    let alert = Labels::from([("zone", "a")]).fingerprint();
    assert_eq!(
        lines[0],
        "seq,at,kind,fingerprint,rule,severity,channel,change,value,starts_at,delivery,target,reason,status,alerts,\
         attempt,took_ms,waited_ms,outcome,error,by,detail\r\n"
    );
    assert_eq!(
        lines[1],
        format!(
            "{prefix}alert,{alert},Errors,critical,,fired_quietly,31,2026-11-28T23:59:56.000000Z,,,,,,,,,,,,\r\n"
        )
    );
    let (start, end) = lines[2].split_once("dlv_").unwrap();
    assert_eq!(start, format!("{prefix}delivery,,,,slack,,,,"));
    assert!(
        end.ends_with(",#ops,changed,firing,2,1,2,3,failed,client,,\"'=HYPERLINK(\"\"x\"\")\"\r\n"),
        "{end}"
    );
    assert!(
        lines[3].ends_with(",retrying,rate_limited,,\"slow down, please\"\r\n"),
        "{}",
        lines[3]
    );
    assert_eq!(
        lines[6],
        format!("{prefix}acknowledged,{alert},Errors,critical,,,,,,,,,,,,,,,ana,looking\r\n")
    );
    assert_eq!(
        lines[8],
        format!("{prefix}escalated,{alert},Errors,critical,,,,,,on-call,,,,,,,,,,step 2\r\n")
    );
    assert_eq!(
        lines[9],
        format!("{prefix}silence,{alert},Errors,critical,,created,,,,,,,,,,,,,'-bob,sil_1\r\n")
    );
    assert_eq!(
        lines[10],
        format!("{prefix}channel,{alert},Errors,critical,,disabled,,,,,,,,,,,,gone,,\r\n")
    );
    for line in lines.iter().filter(|line| !line.contains('"')) {
        assert_eq!(line.matches(',').count(), 21, "{line}");
    }
}
