use aurora_core::time::ManualClock;

use super::crm;
use crate::clients::{ClientId, DuplicateReason, NewClient};
use crate::testing::each_database;

/// A name that is stored, and how somebody else would write it.
const SAME: [(&str, &str); 30] = [
    ("Padaria Pão Quente Ltda", "PADARIA PAO QUENTE"),
    ("Padaria São Jorge ME", "Padaria Sao Jorge Ltda"),
    ("Mercado Bom Preço EIRELI", "Mercado Bom Preco"),
    ("Construtora Horizonte S.A.", "Construtora Horizonte S/A"),
    ("Auto Peças Avenida Ltda ME", "Auto Pecas Avenida"),
    ("Farmácia Santa Luzia", "Farmacia Sta Luzia"),
    ("Clínica Odontológica Sorriso", "Clinica Odontologica Soriso"),
    ("Transportadora Rápido Sul", "Transportadora Rapdo Sul"),
    ("Escola Pequeno Príncipe", "Escola Pequeno Principe EPP"),
    ("Restaurante Sabor da Terra", "Restaurante Sabor de Terra Ltda."),
    ("Livraria Ponto e Vírgula", "Livraria Ponto & Virgula"),
    ("Oficina Mecânica do Zé", "Oficina Mecanica Ze"),
    ("Gráfica Impressão Digital", "Grafica Impresão Digital"),
    ("Pet Shop Bicho Feliz", "Petshop Bicho Feliz"),
    ("Agropecuária Boi Gordo", "Agropecuaria Boi Gordo MEI"),
    ("Ana Beatriz Souza", "Ana Beatriz Sousa"),
    ("João da Silva Pereira", "Pereira, João da Silva"),
    ("Maria Aparecida dos Santos", "Maria Aparecida Santos"),
    ("José Carlos de Oliveira", "Jose Carlos Oliveira"),
    ("Antônio Luís Ferreira", "Antonio Luiz Ferreira"),
    ("Francisca Conceição Lima", "Francisca Conceicao Lima"),
    ("Marcos Vinícius Rocha", "Marcos Vinicios Rocha"),
    ("Thereza Christina Barbosa", "Tereza Cristina Barbosa"),
    ("Rafael Gonçalves Dias", "Rafael Goncalves Dias"),
    ("Juliana Almeida Castro", "Juliana Almeida de Castro"),
    ("Wagner Nogueira Prado", "Vagner Nogueira Prado"),
    ("Luciana Martins Teixeira", "Luciana Teixeira Martins"),
    ("Eduardo Henrique Matos", "Eduardo Henrique Mattos"),
    ("Patrícia Ribeiro Nunes", "Patricia Ribeiro Nunes"),
    ("Sérgio Augusto Campos", "Sergio Augusto Campos"),
];

/// Names that share words with those above and are of others.
const OTHERS: [&str; 30] = [
    "Padaria São José ME",
    "Mercado Bom Dia",
    "Construtora Novo Horizonte Engenharia",
    "Farmácia Santa Clara",
    "Transportadora Rápido Norte",
    "Restaurante Sabor Mineiro",
    "Ana Beatriz Moura",
    "Maria Aparecida Lopes",
    "José Carlos Batista",
    "João da Silva Rocha",
    "Padaria Estrela do Norte Ltda",
    "Mercado Central ME",
    "Construtora Alvorada S.A.",
    "Auto Elétrica Paulista",
    "Farmácia Popular do Centro",
    "Clínica Veterinária Amigo Fiel",
    "Transportadora Expresso Leste",
    "Escola Municipal Monteiro Lobato",
    "Restaurante Cantina Italiana",
    "Oficina do Motor EIRELI",
    "Ana Paula Moreira",
    "João Batista Cardoso",
    "Maria de Lourdes Araújo",
    "José Roberto Mendes",
    "Antônio Marcos Vieira",
    "Francisca das Chagas Melo",
    "Rafael Augusto Pinto",
    "Juliana Costa Freitas",
    "Luciana Gomes Batista",
    "Eduardo Silveira Ramos",
];

#[tokio::test]
async fn names_written_otherwise_are_recognised_and_others_are_not() {
    each_database(|db| async move {
        let engine = db.database.engine_name();
        let (crm, context) = crm(db.database, &ManualClock::default()).await;
        let clients = crm.clients();
        let new = |name: &str| {
            let people = SAME.iter().skip(15).any(|(a, b)| *a == name || *b == name);
            if people {
                NewClient::person(name)
            } else {
                NewClient::company(name)
            }
        };
        let mut stored: Vec<(ClientId, &str)> = Vec::new();
        for name in SAME.iter().map(|(name, _)| *name).chain(OTHERS) {
            let client = clients.create(&context, new(name)).await.unwrap();
            stored.push((client.id, name));
        }
        let (mut right, mut wrong, mut missed) = (0_u32, 0_u32, Vec::new());
        for (name, written) in SAME {
            let candidates = clients.duplicates(&context, &new(written)).await.unwrap();
            let names: Vec<&str> = candidates
                .iter()
                .filter_map(|found| {
                    stored
                        .iter()
                        .find(|(id, _)| *id == found.id)
                        .map(|(_, name)| *name)
                })
                .collect();
            if names.contains(&name) {
                right += 1;
            } else {
                missed.push(written);
            }
            wrong += u32::try_from(names.iter().filter(|found| **found != name).count()).unwrap();
        }
        // those that nobody stored
        for name in [
            "Padaria Nova Esperança",
            "Ana Carolina Duarte",
            "Posto Ipiranga",
            "Carlos Eduardo Pires",
        ] {
            wrong += u32::try_from(clients.duplicates(&context, &new(name)).await.unwrap().len()).unwrap();
        }
        let total = u32::try_from(SAME.len()).unwrap();
        let recall = f64::from(right) / f64::from(total);
        let precision = f64::from(right) / f64::from(right + wrong);
        println!(
            "duplicates by name on {engine}: precision {precision:.3}, recall {recall:.3}, missed {missed:?}"
        );
        assert!(recall >= 0.9, "{recall} {missed:?}");
        assert!(precision >= 0.9, "{precision}");
    })
    .await;
}

#[tokio::test]
async fn what_two_clients_share_is_told_and_weighed() {
    use DuplicateReason::{SameBirthDate, SameCnpjRoot, SameDocument, SameEmail, SamePhone, SimilarName};

    each_database(|db| async move {
        let (crm, context) = crm(db.database, &ManualClock::default()).await;
        let clients = crm.clients();
        let head = NewClient::company("Rede Azul").cnpj("11222333000181");
        let head = clients.create(&context, head).await.unwrap();
        let ana = NewClient::person("Ana Souza")
            .cpf("529.982.247-25")
            .email("ana@example.com")
            .phone("11 98765-4321")
            .birth_date("1990-02-28");
        let ana = clients.create(&context, ana).await.unwrap();
        let reasons = async |new: NewClient| {
            let found = clients.duplicates(&context, &new).await.unwrap();
            assert!(found.is_sorted_by(|a, b| a.score >= b.score));
            found
                .into_iter()
                .map(|found| (found.id, found.reasons))
                .collect::<Vec<_>>()
        };
        let branch = NewClient::company("Loja do Shopping").cnpj("11.222.333/0002-62");
        assert_eq!(reasons(branch).await, [(head.id, vec![SameCnpjRoot])]);
        let same = NewClient::person("A. Lima").cpf("52998224725");
        assert_eq!(reasons(same).await, [(ana.id, vec![SameDocument])]);
        let mail = NewClient::person("Outra").further_email("ANA@Example.com");
        assert_eq!(reasons(mail).await, [(ana.id, vec![SameEmail])]);
        let phone = NewClient::person("Ana Sousa")
            .phone("+55 11 98765-4321")
            .birth_date("28/02/1990");
        assert_eq!(
            reasons(phone).await,
            [(ana.id, vec![SamePhone, SimilarName, SameBirthDate])]
        );
        // the same name with a number of one's own is somebody else
        let namesake = NewClient::person("Ana Souza").cpf("111.444.777-35");
        assert_eq!(reasons(namesake).await, []);
        assert_eq!(
            reasons(NewClient::person("Pedro Lima").birth_date("1990-02-28")).await,
            []
        );
        let twin = clients
            .create(&context, NewClient::person("Ana Souza"))
            .await
            .unwrap();
        let found = clients.duplicates_of(&context, twin.id).await.unwrap();
        assert_eq!(found.iter().map(|found| found.id).collect::<Vec<_>>(), [ana.id]);
        // neither the deleted nor those of others
        clients.delete(&context, ana.id, 1).await.unwrap();
        assert!(clients.duplicates_of(&context, twin.id).await.unwrap().is_empty());
        let other = super::context(&crm).await;
        assert!(
            clients
                .duplicates(&other, &NewClient::person("Ana Souza"))
                .await
                .unwrap()
                .is_empty()
        );
        assert!(clients.duplicates_of(&other, twin.id).await.is_err());
    })
    .await;
}
