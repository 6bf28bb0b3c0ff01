//! API8: names that clients choose, in the headers of answers.

use entrepot::engine::split::Format;
use percent_encoding::percent_decode_str;
use reqwest::Method;
use serde_json::json;

use crate::support::batch::send;
use crate::support::client::{Answer, Client};
use crate::support::organization::{Organization, unique};
use crate::support::shop::Shop;

/// Names of files, and what a client may be told to call them: the name alone, of no other folder, with nothing in it that a page
/// does not show as it is.
const NAMES: &[(&str, &str)] = &[
    ("a.gif", "a.gif"),
    ("a\r\nSet-Cookie: evil=1\r\n\r\n<script>.gif", "aSet-Cookie: evil=1<script>.gif"),
    ("a\nSet-Cookie: evil=1", "aSet-Cookie: evil=1"),
    ("a\"; filename=\"evil.html", "a\"; filename=\"evil.html"),
    ("a; filename=evil.html", "a; filename=evil.html"),
    ("a%0d%0aSet-Cookie:%20evil=1", "a%0d%0aSet-Cookie:%20evil=1"),
    ("\u{560d}\u{560a}Set-Cookie: evil=1", "\u{560d}\u{560a}Set-Cookie: evil=1"),
    ("../../../etc/passwd", "passwd"),
    ("..\\..\\boot.ini", "boot.ini"),
    ("/etc/passwd", "passwd"),
    ("C:\\Windows\\evil.exe", "evil.exe"),
    ("a/..", ""),
    ("..", ""),
    ("dir/", ""),
    ("Größe ☃ 価格.gif", "Größe ☃ 価格.gif"),
    ("\u{202e}fig.exe", "fig.exe"),
    ("a\u{7f}\u{1b}[31m\tb", "a[31mb"),
    ("utf-8''evil.html", "utf-8''evil.html"),
];

/// The content of a picture, as the storefront gives it away.
fn fetched(buyer: &Client, image: &str) -> Answer {
    let answer = buyer.get(&format!("/api/productimages/{image}")).expect(200).json();
    let url = answer["data"]["attributes"]["files"][0]["url"].as_str().unwrap().to_owned();
    buyer.get(&url).expect(200)
}

/// Nothing of a name has become a header, or a part of one that means something.
#[track_caller]
fn unharmed(answer: &Answer, of: &str) {
    assert_eq!(answer.headers.get_all("Set-Cookie").iter().count(), 0, "{of}");
    for name in ["Content-Disposition", "Content-Type"] {
        assert_eq!(answer.headers.get_all(name).iter().count(), 1, "{of}");
        let text = answer.header(name);
        assert!(!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '), "{of}: {text}");
    }
}

/// A file's name ends no header and begins none, ends no quotation, and leads into no other folder of who stores the file.
#[test]
fn names_of_files() {
    let shop = Shop::new();
    let product = shop.product(&unique("sku"), &[("item", 0)]);
    let buyer = shop.organization.storefront_user().client;
    for (name, expected) in NAMES {
        let file = json!({"content": "R0lGODlhIGhlbGxv", "mimeType": "image/gif", "originalFilename": name});
        let image = shop.try_picture(&product, &file).expect(201).id();
        let answer = fetched(&buyer, &image);
        unharmed(&answer, name);
        let disposition = answer.header("Content-Disposition").to_owned();
        let told = disposition.split_once("filename*=UTF-8''").map_or("", |(_, rest)| rest);
        assert!(!told.contains([';', '"', '\'', ' ']), "{name}: {disposition}");
        assert_eq!(percent_decode_str(told).decode_utf8().unwrap(), *expected, "{disposition}");
        let parameters = if expected.is_empty() { 0 } else { 1 };
        assert_eq!(
            disposition.matches("filename").count() - told.matches("filename").count(),
            parameters,
            "{disposition}"
        );
        // In the document it is what was sent.
        let path = format!("/admin/api/productimages/{image}?include=image");
        let stored = shop.client().get(&path).expect(200).json();
        assert_eq!(stored["included"][0]["attributes"]["originalFilename"], *name);
    }
}

/// So its type: it is one, or none that a browser would run or show.
#[test]
fn types_of_files() {
    let shop = Shop::new();
    let product = shop.product(&unique("sku"), &[("item", 0)]);
    let buyer = shop.organization.storefront_user().client;
    for kind in [
        "text/html",
        "image/svg+xml",
        "text/html\r\nSet-Cookie: evil=1",
        "image/gif\r\nContent-Disposition: inline",
        "image/gif, text/html",
        "image/gif; a=\"\r\nSet-Cookie: evil=1\"",
        "image/gif\u{0}",
        "IMAGE/GIF; charset=text/html",
        "no type",
        "*/*",
    ] {
        let file = json!({"content": "PHNjcmlwdD4=", "mimeType": kind, "originalFilename": "a.gif"});
        let made = shop.try_picture(&product, &file);
        if made.status == 400 {
            continue;
        }
        let answer = fetched(&buyer, &made.expect(201).id());
        unharmed(&answer, kind);
        let shown = answer.header("Content-Disposition").starts_with("inline");
        assert!(!shown || answer.header("Content-Type").starts_with("image/gif"), "{kind}: {:?}", answer.headers);
        assert_eq!(answer.header("X-Content-Type-Options"), "nosniff");
        assert!(answer.header("Content-Security-Policy").contains("sandbox"));
    }
}

/// What comes down has a name of the server's own, whatever was sent: names of columns, of records, of the request.
#[test]
fn names_of_downloads() {
    let organization = Organization::new();
    let evil = "x\"\r\nSet-Cookie: evil=1";
    let sheet = format!("name,\"{}\"\n\"{}\",1\n", evil.replace('"', "\"\""), evil.replace('"', "\"\""));
    let sent = send(&organization.admin, "customergroups", Format::Csv, &sheet);
    sent.ended(organization.client());
    let path = format!("/admin/api/asyncoperations/{}/failed", sent.id);
    let answer = organization.client().send(Method::GET, &path, |request| request.header("X-Request-ID", "a\tb"));
    unharmed(&answer.clone().expect(200), "a sheet");
    let name = format!("attachment; filename=\"customergroups-{}-failed.csv\"", sent.id);
    assert_eq!(answer.header("Content-Disposition"), name);
}
