use std::io::{Cursor, Read as _};

use bytes::Bytes;
use futures::stream;

use super::{World, left};
use crate::error::ErrorKind;
use crate::files::{NewFile, ObjectBlobs};
use crate::privacy::{Anonymisation, RecordClass};
use crate::testing::each_database;

#[tokio::test]
async fn files_are_in_the_copy_and_go_with_their_person() {
    each_database(|db| async move {
        let world = World::new(&db).await;
        let context = &world.context;
        let files = world.crm.files(ObjectBlobs::memory());
        let body = || stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"laudo"))]);
        for (name, subject) in [
            ("Zenaide.txt", crate::files::FileSubject::from(world.person)),
            ("Quixaba.txt", world.lead.into()),
            ("exame.txt", world.task.into()),
        ] {
            files
                .upload(context, NewFile::new(name).subject(subject), body())
                .await
                .unwrap();
        }
        let alone = world.crm.privacy();
        let error = alone
            .anonymise(context, world.person, &Anonymisation::new())
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.fields()[0].field.as_str()),
            (ErrorKind::Invalid, "files")
        );

        let privacy = world.crm.privacy().files(files.clone());
        let copy = privacy.export(context, world.person).await.unwrap();
        assert_eq!(copy.manifest.files.len(), 3);
        for file in &copy.manifest.files {
            let mut archive = zip::ZipArchive::new(Cursor::new(&copy.bytes)).unwrap();
            let mut content = Vec::new();
            let entry = file.entry.as_deref().unwrap();
            archive.by_name(entry).unwrap().read_to_end(&mut content).unwrap();
            assert_eq!(
                (content.as_slice(), entry.ends_with(".txt")),
                (b"laudo".as_slice(), true)
            );
        }
        let kept = Anonymisation::new().keep(RecordClass::Files);
        let report = privacy.anonymise(context, world.person, &kept).await.unwrap();
        assert_eq!(report.rows.get("files"), None);
        let report = privacy
            .anonymise(context, world.person, &Anonymisation::new())
            .await
            .unwrap();
        assert_eq!(report.rows.get("files"), Some(&3));
        assert_eq!(files.usage(context).await.unwrap(), 0);
        privacy
            .anonymise(context, world.lost, &Anonymisation::new())
            .await
            .unwrap();
        assert_eq!(left(&db).await, [""; 0]);
    })
    .await;
}
