//! Answers in the forms that the registries document.

use serde_json::{Value, json};

/// `GET /office/:taxId` of CNPJá, types of `@cnpja/sdk` 1.8.1. The id of the company was a number, and has letters now.
pub(crate) fn cnpja(cnpj: &str) -> Value {
    let root: String = cnpj.chars().take(8).collect();
    let id = root.parse::<u32>().map_or_else(|_| json!(root), |id| json!(id));
    json!({
        "taxId": cnpj, "updated": "2026-11-20T12:34:56.000Z",
        "company": {
            "id": id, "name": "CNPJA TECNOLOGIA LTDA", "equity": 1000.5,
            "nature": {"id": 2062, "text": "Sociedade Empresária Limitada"},
            "size": {"id": 1, "acronym": "ME", "text": "Microempresa"},
            "simples": {"optant": true, "since": "2020-06-05"},
            "simei": {"optant": false, "since": null},
            "members": [
                {"since": "2020-06-05", "role": {"id": 49, "text": "Sócio-Administrador"},
                 "person": {"id": "1e5ed433-1dbf-4a8f-8a1b-0d1d5ae0ed81", "type": "NATURAL", "name": "Maria Exemplo",
                            "taxId": "***112108**", "age": "31-40"}},
                {"since": "2021-01-02", "role": {"id": 22, "text": "Sócio"},
                 "person": {"id": "1e5ed433-1dbf-4a8f-8a1b-0d1d5ae0ed82", "type": "LEGAL", "name": "HOLDING EXEMPLO SA",
                            "taxId": "11222333000181"}}
            ]
        },
        "alias": "CNPJA", "founded": "2020-06-05", "head": true, "statusDate": "2020-06-05",
        "status": {"id": 2, "text": "Ativa"},
        "address": {"municipality": 3550308, "street": "Avenida Brigadeiro Faria Lima", "number": "2369",
                    "district": "Jardim Paulistano", "city": "São Paulo", "state": "SP", "details": "Conjunto 1102",
                    "zip": "01452922", "country": {"id": 76, "name": "Brasil"}},
        "phones": [{"type": "LANDLINE", "area": "11", "number": "38765432"},
                   {"type": "MOBILE", "area": "11", "number": "987654321"},
                   {"type": "LANDLINE", "area": "11", "number": "8765432"}],
        "emails": [{"ownership": "CORPORATE", "address": "CONTATO@CNPJA.COM", "domain": "cnpja.com"},
                   {"ownership": "CORPORATE", "address": "not an address", "domain": ""}],
        "mainActivity": {"id": 6311900, "text": "Tratamento de dados, provedores de serviços de aplicação"},
        "sideActivities": [{"id": 111301, "text": "Cultivo de arroz"}],
        "registrations": [{"number": "0962003180041", "state": "SP", "enabled": true, "statusDate": "2020-07-01",
                           "status": {"id": 1, "text": "Sem restrição"}, "type": {"id": 1, "text": "IE Normal"}}]
    })
}

/// `GET /{cnpj}` of Minha Receita and BrasilAPI.
pub(crate) fn minha_receita(cnpj: &str) -> Value {
    // Too long for the macro.
    let text = r#"{
        "cnpj": "{cnpj}", "identificador_matriz_filial": 1, "descricao_identificador_matriz_filial": "MATRIZ",
        "razao_social": "OPEN KNOWLEDGE BRASIL", "nome_fantasia": "REDE PELO CONHECIMENTO LIVRE",
        "situacao_cadastral": 2, "descricao_situacao_cadastral": "ATIVA", "data_situacao_cadastral": "2013-10-03",
        "motivo_situacao_cadastral": 0, "descricao_motivo_situacao_cadastral": "SEM MOTIVO",
        "nome_cidade_no_exterior": "", "codigo_pais": null, "pais": null, "data_inicio_atividade": "2013-10-03",
        "cnae_fiscal": 9430800, "cnae_fiscal_descricao": "Atividades de associações de defesa de direitos sociais",
        "cnaes_secundarios": [{"codigo": 111301, "descricao": "Cultivo de arroz"}, {"codigo": 0, "descricao": ""}],
        "descricao_tipo_de_logradouro": "AVENIDA", "logradouro": "PAULISTA", "numero": "37", "complemento": "ANDAR 4",
        "bairro": "BELA VISTA", "cep": "01311902", "uf": "SP", "codigo_municipio": 7107,
        "codigo_municipio_ibge": 3550308, "municipio": "SAO PAULO", "ddd_telefone_1": "1123851939",
        "ddd_telefone_2": "", "ddd_fax": "", "email": null, "porte": "DEMAIS", "codigo_porte": 5,
        "natureza_juridica": "Associação Privada", "codigo_natureza_juridica": 3999, "capital_social": 0,
        "opcao_pelo_simples": null, "data_opcao_pelo_simples": null, "opcao_pelo_mei": false,
        "data_opcao_pelo_mei": null, "situacao_especial": "", "data_situacao_especial": null,
        "qualificacao_do_responsavel": 16, "ente_federativo_responsavel": "",
        "regime_tributario": [{"ano": 2023, "cnpj_da_scp": null, "forma_de_tributacao": "ISENTA DO IRPJ",
                               "quantidade_de_escrituracoes": 1}],
        "qsa": [{"nome_socio": "HAYDEE SVAB", "cnpj_cpf_do_socio": "***112108**", "identificador_de_socio": 2,
                 "qualificacao_socio": "Presidente", "codigo_qualificacao_socio": 16,
                 "data_entrada_sociedade": "2019-01-28", "faixa_etaria": "Entre 31 a 40 anos", "pais": null}]
    }"#;
    serde_json::from_str(&text.replace("{cnpj}", cnpj)).unwrap()
}

/// `GET /cnpj/{cnpj}` of CNPJ.ws.
pub(crate) fn publica_cnpj_ws(cnpj: &str) -> Value {
    let root: String = cnpj.chars().take(8).collect();
    let text = r#"{
        "cnpj_raiz": "{root}", "razao_social": "BROWSERSTACK EXEMPLO LTDA", "capital_social": "25000.00",
        "responsavel_federativo": "", "atualizado_em": "2026-11-14T03:00:00.000Z",
        "porte": {"id": "03", "descricao": "Empresa de Pequeno Porte"},
        "natureza_juridica": {"id": "2062", "descricao": "Sociedade Empresária Limitada"},
        "qualificacao_do_responsavel": {"id": 49, "descricao": "Sócio-Administrador "},
        "socios": [{"cpf_cnpj_socio": "***123456**", "nome": "JOSE EXEMPLO", "tipo": "Pessoa Física",
                    "data_entrada": "2017-05-15", "qualificacao_socio": {"id": 49, "descricao": "Sócio-Administrador "},
                    "faixa_etaria": "41 a 50 anos", "pais_id": "1058"}],
        "simples": {"simples": "Sim", "data_opcao_simples": "2018-01-01", "data_exclusao_simples": null,
                    "mei": "Não", "data_opcao_mei": null, "data_exclusao_mei": null,
                    "atualizado_em": "2026-11-14T03:00:00.000Z"},
        "estabelecimento": {
            "cnpj": "{cnpj}", "cnpj_raiz": "{root}", "tipo": "Filial", "nome_fantasia": "EXEMPLO",
            "situacao_cadastral": "Baixada", "data_situacao_cadastral": "2024-02-01",
            "motivo_situacao_cadastral": {"id": 1, "descricao": "EXTINCAO POR ENCERRAMENTO LIQUIDACAO VOLUNTARIA"},
            "data_inicio_atividade": "2017-05-15", "tipo_logradouro": "RUA", "logradouro": "GOMES DE CARVALHO",
            "numero": "1108", "complemento": null, "bairro": "VILA OLIMPIA", "cep": "04547004", "ddd1": "11",
            "telefone1": "30304040", "ddd2": null, "telefone2": null, "email": "fiscal@exemplo.com.br",
            "atualizado_em": "2026-11-15T03:00:00.000Z",
            "atividade_principal": {"id": "6204000", "subclasse": "6204-0/00", "descricao": "Consultoria em TI"},
            "atividades_secundarias": [{"id": "6311900", "subclasse": "6311-9/00", "descricao": "Tratamento de dados"}],
            "pais": {"id": "1058", "nome": "Brasil"}, "estado": {"id": 26, "nome": "São Paulo", "sigla": "SP"},
            "cidade": {"id": 5270, "nome": "São Paulo", "ibge_id": 3550308, "siafi_id": "7107"},
            "inscricoes_estaduais": [{"inscricao_estadual": "118123456117", "ativo": false,
                                      "estado": {"id": 26, "sigla": "SP"}}]
        }
    }"#;
    serde_json::from_str(&text.replace("{cnpj}", cnpj).replace("{root}", &root)).unwrap()
}

/// `GET /v1/cnpj/{cnpj}` of `ReceitaWS`, which writes the mask.
pub(crate) fn receita_ws(cnpj: &str) -> Value {
    let masked = cnpj.parse::<crate::companies::Cnpj>().unwrap().to_string();
    let text = r#"{
        "status": "OK", "cnpj": "{masked}", "tipo": "MATRIZ", "nome": "D. M. EXEMPLO & CIA LTDA",
        "fantasia": "RESIDENCIAL SOLAR", "abertura": "16/03/2004", "situacao": "ATIVA", "data_situacao": "23/10/2004",
        "motivo_situacao": "", "situacao_especial": "", "data_situacao_especial": "", "efr": "",
        "logradouro": "AL RICARDO PARANHOS", "numero": "540", "complemento": "SALA 32", "bairro": "SETOR MARISTA",
        "municipio": "GOIANIA", "uf": "GO", "cep": "74.180-050", "email": "contato@exemplo.com.br",
        "telefone": "(62) 3241-6330/ (62) 3214-1598", "porte": "DEMAIS",
        "natureza_juridica": "206-2 - Sociedade Empresária Limitada", "capital_social": "190000.00",
        "atividade_principal": [{"code": "68.10-2-01", "text": "Compra e venda de imóveis próprios"}],
        "atividades_secundarias": [{"code": "00.00-0-00", "text": "Não informada"}],
        "qsa": [{"nome": "ANA EXEMPLO", "qual": "49-Sócio-Administrador"}],
        "simples": {"optante": false, "data_opcao": null, "data_exclusao": null, "ultima_atualizacao": null},
        "ultima_atualizacao": "2026-10-16T04:25:32.346Z", "extra": {}, "billing": {"free": true, "database": true}
    }"#;
    serde_json::from_str(&text.replace("{masked}", &masked)).unwrap()
}
