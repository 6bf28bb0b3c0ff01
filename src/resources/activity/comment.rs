//! `comments`: what users say about notes.

use crate::engine::field::{date_time, long_text};
use crate::engine::filter::{COMPARISON, FilterSpec};
use crate::engine::relation::{Relation, one_of, to_many, to_one};
use crate::engine::resource::{Ident, Ownership, Resource};
use crate::resources::activity::NOTE;
use crate::resources::activity::authorship::AuthoredRules;
use crate::resources::system::{FILE, ORGANIZATION, USER};

/// What comments can be about. Each of them has [`comments`].
static TARGETS: &[&Resource] = &[&NOTE];

pub static COMMENT: Resource = Resource::new("comments", "comment")
    .owned_by(Ownership::User(Ident::new("owner_id")))
    .no_title()
    .rules(&AuthoredRules)
    .about("What a user says about a note. It goes with the note.")
    .fields(&[
        long_text("message").required(),
        date_time("createdAt").column("created_at").read_only().not_null(),
        date_time("updatedAt").column("updated_at").read_only().not_null(),
    ])
    .relations(&[
        one_of("target", TARGETS).required(1).about("The record that the comment is about."),
        to_one("target.notes", &NOTE, "note_id").hidden(),
        to_one("updatedBy", &USER, "updated_by_id")
            .about("Who changed the comment last; the caller where none is sent."),
        to_one("owner", &USER, "owner_id").not_null(),
        to_one("organization", &ORGANIZATION, "organization_id").not_null(),
        to_one("attachment", &FILE, "attachment_id").cascade(),
    ]);

/// The comments about the records of a resource, which have that column for them.
pub const fn comments(column: &'static str) -> Relation {
    to_many("comments", &COMMENT, column).along().filter(FilterSpec::new(COMPARISON).lists().ranges())
}
