//! `paymentterms`: when a customer pays, such as "net 30".

use crate::engine::field::text;
use crate::engine::resource::{Ident, Resource, Title};
use crate::resources::activity::note::notes;

pub static PAYMENT_TERM: Resource = Resource::new("paymentterms", "payment_term")
    .title(Title::Columns(&[Ident::new("label")]))
    .about("When a customer pays, such as `net 30`.")
    .fields(&[text("label").required()])
    .relations(&[notes("note_payment_term", "payment_term_id")]);
