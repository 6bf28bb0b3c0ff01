//! The demonstration's catalogue in German: what a shop shows to those who ask for that language.

use serde_json::{Value as Json, json};

use super::data::{Demo, one};
use crate::engine::sql::Sql;
use crate::error::{Error, Errors};

/// Names by SKU, external id of a category, or English label.
const NAMES: &[(&str, &str)] = &[
    ("tools", "Werkzeug"),
    ("hand-tools", "Handwerkzeug"),
    ("power-tools", "Elektrowerkzeug"),
    ("fasteners", "Befestigung"),
    ("safety", "Arbeitsschutz"),
    ("HAM-450", "Klauenhammer 450 g"),
    ("HAM-600", "Zimmermannshammer 600 g"),
    ("SCR-PH2", "Schraubendreher PH2"),
    ("SCR-SET", "Schraubendrehersatz, 6-teilig"),
    ("PLI-180", "Kombizange 180 mm"),
    ("SAW-550", "Handsäge 550 mm"),
    ("LVL-060", "Wasserwaage 60 cm"),
    ("TAP-005", "Bandmaß 5 m"),
    ("KNF-018", "Cuttermesser 18 mm"),
    ("DRL-018", "Akku-Bohrschrauber 18 V"),
    ("DRL-H20", "Schlagbohrmaschine 800 W"),
    ("SAN-150", "Exzenterschleifer 150 mm"),
    ("GRD-125", "Winkelschleifer 125 mm"),
    ("BAT-184", "Akku 18 V, 4 Ah"),
    ("BIT-019", "Bohrersatz, 19-teilig"),
    ("BLT-M08", "Sechskantschraube M8 x 40"),
    ("NUT-M08", "Sechskantmutter M8"),
    ("WSH-M08", "Unterlegscheibe M8"),
    ("SCW-560", "Holzschraube 5 x 60"),
    ("PLG-008", "Dübel 8 mm"),
    ("GLS-CLR", "Schutzbrille, klar"),
    ("GLV", "Arbeitshandschuhe"),
    ("GLV-009", "Arbeitshandschuhe, Größe 9"),
    ("GLV-010", "Arbeitshandschuhe, Größe 10"),
    ("EAR-027", "Gehörschutz 27 dB"),
    ("MSK-FP2", "Staubmaske FFP2"),
    ("HLM-WHT", "Schutzhelm, weiß"),
    ("KIT-HOME", "Werkzeugset für zu Hause"),
    ("Hammer", "Hammer"),
    ("Screwdrivers", "Schraubendreher"),
];

/// Makes texts in German.
pub struct German {
    localization: i64,
}

impl German {
    pub fn new(demo: &mut Demo<'_>) -> Result<German, Errors> {
        let mut sql = Sql::new();
        sql.raw("SELECT id FROM localization WHERE language_code = 'de' ORDER BY id LIMIT 1");
        let ids = sql.collect(demo.conn, |row| -> Result<_, Errors> { Ok(row.integer(0)?) })?;
        let localization = ids.into_iter().flatten().next();
        let localization = localization.ok_or_else(|| Error::internal("there is no German localization"))?;
        Ok(German { localization })
    }

    /// What something is called; the English name where it has no German one.
    pub fn name<'n>(&self, of: &str, english: &'n str) -> &'n str {
        NAMES.iter().find(|(key, _)| *key == of).map_or(english, |(_, german)| german)
    }

    /// A localized text to be included, under that label.
    pub fn text(&self, kind: &str, label: &str, member: &str, text: &str) -> Json {
        json!({
            "type": kind,
            "id": label,
            "attributes": {member: text},
            "relationships": {"localization": one("localizations", self.localization)},
        })
    }
}
