//! Entrepot, an open integration server for B2B commerce.
//!
//! A commerce entity is one descriptor ([`engine::resource::Resource`]); everything else follows from it.
//! Arrows between modules run one way:
//! `http → engine → sql`, `resources → engine, commerce`, `auth → schema`, `engine → acl`.
//!
//! | module | job |
//! |---|---|
//! | [`app`], [`startup`], [`config`], [`db`] | the process: its state, its start and stop, its settings, its database |
//! | [`http`] | every route, from request to engine and back |
//! | [`auth`], [`acl`] | who is calling, and what they may do |
//! | [`engine`] | JSON:API over descriptors: parse, plan, authorize, load, render, write |
//! | [`resources`], [`storefront`] | the descriptors, back office and storefront |
//! | [`operation`] | asynchronous operations: batches as they are worked off |
//! | [`commerce`] | prices, totals, trees: hand-written rules |
//! | [`queue`], [`jobs`] | work to be done after the transaction that asks for it |
//! | [`schema`] | typed tables for what is done by hand |
//! | [`webhooks`] | what changes, told to those who asked |
//! | [`demo`] | the demonstration's records |
//! | [`openapi`] | the API document from the registry |
//! | [`network`] | lists of networks that requests may come from |
//! | [`error`] | every error and its table of codes |

pub mod acl;
pub mod app;
pub mod auth;
pub mod commerce;
pub mod config;
pub mod db;
pub mod demo;
pub mod engine;
pub mod error;
pub mod feed;
pub mod http;
pub mod jobs;
pub mod network;
pub mod openapi;
pub mod operation;
pub mod queue;
pub mod resources;
pub mod schema;
pub mod startup;
pub mod storefront;
pub mod webhooks;
