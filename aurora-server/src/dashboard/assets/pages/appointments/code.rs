use aurora_core::time::{Clock as _, SystemClock};
use aurora_crm::scheduling::{NewProfessional, NewService, SlotQuery, Weekday, WorkingHours};
use aurora_crm::workspaces::{NewWorkspace, WorkspaceKind};
use aurora_crm::{Context, Crm};

let crm = Crm::open("sqlite::memory:").await?;
let clinic = NewWorkspace::new(WorkspaceKind::Clinic, "Clínica Sul");
let context = Context::new(crm.workspaces().create(clinic).await?.id, "example");
let agenda = crm.scheduling();
let lima = agenda.create_professional(&context, NewProfessional::new("Dra. Lima")).await?;
let mondays = WorkingHours::new(Weekday::Mon, "08:00".parse()?, "12:00".parse()?);
let lima = agenda.set_hours(&context, lima.id, lima.version, vec![mondays]).await?;
let visit = NewService::new("Consulta", 30).professional(lima.id);
let visit = agenda.create_service(&context, visit).await?;
let (now, week) = (SystemClock.now(), std::time::Duration::from_secs(7 * 86_400));
let free = agenda.free_slots(&context, &SlotQuery::new(visit.id, now, now + week)).await?;
