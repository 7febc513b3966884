use sqlx::types::Uuid;

use super::{Clinic, clinic};
use crate::scheduling::{NewService, ProfessionalId, ServiceId};
use crate::testing::each_database;

#[tokio::test]
async fn names_are_told_of_what_can_be_booked_and_of_what_could_be() {
    each_database(|db| async move {
        let house = Clinic::open(db.database).await;
        let (scheduling, mine) = (house.scheduling(), &house.context);
        let theirs = clinic(&house.crm).await;
        let mut services = Vec::new();
        for n in 0..60 {
            services.push(
                house
                    .service(NewService::new(format!("Serviço {n}"), 30))
                    .await
                    .id,
            );
        }
        let ana = house.professional("Ana").await;
        scheduling
            .set_service_active(mine, services[0], 1, false)
            .await
            .unwrap();
        let nobody = ProfessionalId::from_uuid(Uuid::nil());
        let mut asked = services.clone();
        asked.extend([services[1], ServiceId::from_uuid(Uuid::nil())]);

        let names = scheduling.names(mine, &asked, &[ana.id, nobody]).await.unwrap();
        assert_eq!(names.services.len(), 60);
        assert_eq!(names.services[&services[0]], "Serviço 0", "inactive");
        assert_eq!(names.services[&services[59]], "Serviço 59");
        assert_eq!(names.professionals.len(), 1);
        assert_eq!(names.professionals[&ana.id], "Ana");
        let others = scheduling.names(&theirs, &asked, &[ana.id]).await.unwrap();
        assert_eq!((others.services.len(), others.professionals.len()), (0, 0));
        let none = scheduling.names(mine, &[], &[]).await.unwrap();
        assert!(none.services.is_empty() && none.professionals.is_empty());
    })
    .await;
}
