//! `files`: uploaded contents, such as a product's image or a user's picture.

mod rules;

use self::rules::FileRules;
use crate::engine::field::{base64, date_time, float, integer, json, text, uuid};
use crate::engine::relation::{polymorphic, to_one};
use crate::engine::resource::{ALL_ACTIONS, Actions, Ident, Ownership, Resource};
use crate::resources::activity::{ATTACHMENT, COMMENT, NOTE};
use crate::resources::system::USER;

pub static FILE: Resource = Resource::new("files", "file")
    .actions(Actions { list: false, ..ALL_ACTIONS })
    .owned_by(Ownership::User(Ident::new("owner_id")))
    .no_title()
    .rules(&FileRules)
    .about("A file: its content, or the URL of one that lies elsewhere.")
    .fields(&[
        uuid("uuid").read_only().not_null().filter().sort(),
        base64("content")
            .example("RXhhbXBsZQ==")
            .about("The bytes, in base64. Either this or `externalUrl` is needed."),
        text("parentFieldName").column("parent_field_name").create_only().max(50),
        json("filePath").column("file_path").read_only(),
        text("mimeType").column("mime_type").max(100).example("text/plain"),
        text("originalFilename").column("original_filename").max(255).filter().sort().example("example.txt"),
        integer("fileSize").column("file_size").read_only(),
        text("parentEntityClass").column("parent_type").read_only().max(512),
        float("parentEntityId").column("parent_entity_id").read_only(),
        text("externalUrl").column("external_url").max(1024),
        date_time("createdAt").column("created_at").read_only().not_null(),
        date_time("updatedAt").column("updated_at").read_only().not_null(),
    ])
    .relations(&[
        polymorphic("parent", &[&ATTACHMENT, &COMMENT, &NOTE, &USER], "parent_type", "parent_id").create_only(),
        to_one("owner", &USER, "owner_id"),
    ]);
