//! The contents of pictures: who may fetch them, and how.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::{Answer, Client};
use crate::support::database;
use crate::support::organization::Organization;
use crate::support::rows::execute;
use crate::support::server::TestServer;
use crate::support::shop::Shop;

/// Gives a product a picture, of that content in base64; its id.
fn picture(shop: &Shop, product: &str, attributes: &Value) -> String {
    let mut file = json!({"content": "R0lGODlhIGhlbGxv", "mimeType": "image/gif", "originalFilename": "a.gif"});
    for (name, value) in attributes.as_object().unwrap() {
        file[name] = value.clone();
    }
    shop.try_picture(product, &file).expect(201).id()
}

/// The address of a picture, as its product's images tell it.
fn url(client: &Client, image: &str) -> String {
    let answer = client.get(&format!("/api/productimages/{image}")).expect(200).json();
    let files = answer["data"]["attributes"]["files"].clone();
    assert_eq!(files[0]["dimension"], "original");
    assert_eq!(files[0]["types"], json!(["main"]));
    files[0]["url"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

fn with(client: &Client, path: &str, headers: &[(&str, &str)]) -> Answer {
    client.send(Method::GET, path, |request| {
        headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    })
}

/// A shop on a server that lets visitors in.
fn open_shop() -> (&'static TestServer, Shop) {
    let server = TestServer::lasting(database::shared(), "[api.storefront]\nvisitors = true");
    (server, Shop::of(Organization::on(server)))
}

const CONTENT: &str = "GIF89a hello";

/// A page shows pictures of products without a token where visitors may look around, and no others.
#[test]
fn visitors_fetch_pictures_of_visible_products_alone() {
    let (server, shop) = open_shop();
    let product = shop.product("A", &[("item", 0)]);
    let image = picture(&shop, &product, &json!({}));
    let user = shop.organization.storefront_user().client;
    let url = url(&user, &image);
    let fetched = server.client().get(&url).expect(200);
    assert_eq!(fetched.text, CONTENT);
    assert_eq!(fetched.header("Content-Type"), "image/gif");
    assert_eq!(fetched.header("X-Content-Type-Options"), "nosniff");
    assert_eq!(fetched.header("Cache-Control"), "public, max-age=31536000, immutable");
    assert!(fetched.header("Content-Disposition").starts_with("inline"), "{}", fetched.header("Content-Disposition"));
    assert!(fetched.header("Content-Security-Policy").contains("sandbox"));
    let visitor = server.client().with_token(&shop.organization.visit());
    assert_eq!(visitor.get(&url).expect(200).text, CONTENT);
    assert_eq!(user.get(&url).expect(200).header("Cache-Control"), "private, max-age=31536000, immutable");
    // Of another organization, whoever asks for it there.
    let other = Organization::on(server);
    other.storefront_user().client.get(&url).expect(404);
    let elsewhere = url.replacen(&format!("/media/{}/", shop.organization.id()), &format!("/media/{}/", other.id()), 1);
    assert_ne!(elsewhere, url);
    server.client().get(&elsewhere).expect(404);
    shop.change("products", &product, &json!({"status": "disabled"})).expect(200);
    server.client().get(&url).expect(401);
    visitor.get(&url).expect(403);
    user.get(&url).expect(403);
}

/// What a disabled organization sold is shown to nobody.
#[test]
fn a_disabled_organization_shows_no_pictures() {
    let (server, shop) = open_shop();
    let product = shop.product("A", &[("item", 0)]);
    let image = picture(&shop, &product, &json!({}));
    let url = url(&shop.organization.storefront_user().client, &image);
    server.client().get(&url).expect(200);
    let id = shop.organization.id();
    execute(&shop.organization, &format!("UPDATE organization SET enabled = false WHERE id = {id}"));
    server.client().get(&url).expect(404);
}

/// Without visitors a picture takes a token of the storefront.
#[test]
fn a_closed_shop_shows_pictures_to_its_customers() {
    let shop = Shop::of(Organization::new());
    let product = shop.product("A", &[("item", 0)]);
    let image = picture(&shop, &product, &json!({}));
    let user = shop.organization.storefront_user().client;
    let url = url(&user, &image);
    user.get(&url).expect(200);
    shop.organization.server.client().get(&url).expect(401);
    shop.client().get(&url).expect(401);
}

/// A picture that is known is not sent again; a changed one has another address.
#[test]
fn contents_are_kept_by_their_tag() {
    let shop = Shop::of(Organization::new());
    let product = shop.product("A", &[("item", 0)]);
    let image = picture(&shop, &product, &json!({}));
    let user = shop.organization.storefront_user().client;
    let first = url(&user, &image);
    let tag = user.get(&first).expect(200).header("ETag").to_owned();
    let again = with(&user, &first, &[("If-None-Match", &tag)]).expect(304);
    assert_eq!(again.text, "");
    assert_eq!(again.header("ETag"), tag);
    let answer = shop.client().get(&format!("/admin/api/productimages/{image}")).expect(200).json();
    let file = answer["data"]["relationships"]["image"]["data"]["id"].as_str().unwrap().to_owned();
    shop.change("files", &file, &json!({"content": "R0lGODlhIHdvcmxk"})).expect(200);
    let second = url(&user, &image);
    assert_ne!(second, first);
    let old = with(&user, &first, &[("If-None-Match", &tag)]).expect(200);
    assert_eq!(old.text, "GIF89a world");
    assert_eq!(old.header("Cache-Control"), "private, no-cache");
}

/// "Range": one part of the content; what cannot be had is 416 with the length.
#[test]
fn parts_of_a_content_are_fetched() {
    let shop = Shop::of(Organization::new());
    let product = shop.product("A", &[("item", 0)]);
    let image = picture(&shop, &product, &json!({}));
    let user = shop.organization.storefront_user().client;
    let url = url(&user, &image);
    let tag = user.get(&url).expect(200).header("ETag").to_owned();
    for (range, content, told) in [
        ("bytes=0-2", "GIF", "bytes 0-2/12"),
        ("bytes=7-", "hello", "bytes 7-11/12"),
        ("bytes=-5", "hello", "bytes 7-11/12"),
        ("bytes=10-99", "lo", "bytes 10-11/12"),
    ] {
        let answer = with(&user, &url, &[("Range", range), ("If-Range", &tag)]).expect(206);
        assert_eq!((answer.text.as_str(), answer.header("Content-Range")), (content, told), "{range}");
    }
    assert_eq!(with(&user, &url, &[("Range", "bytes=12-")]).expect(416).header("Content-Range"), "bytes */12");
    for headers in [
        vec![("Range", "bytes=0-1,3-4")],
        vec![("Range", "lines=1-2")],
        vec![("Range", "bytes=0-2"), ("If-Range", "\"other\"")],
    ] {
        assert_eq!(with(&user, &url, &headers).expect(200).text, CONTENT, "{headers:?}");
    }
    let head = user.send(Method::HEAD, &url, |request| request).expect(200);
    assert_eq!(head.header("Accept-Ranges"), "bytes");
    user.post(&url, &json!({})).expect(405);
}

/// What was uploaded runs nowhere and breaks no header.
#[test]
fn foreign_types_and_names_do_no_harm() {
    let shop = Shop::of(Organization::new());
    let product = shop.product("A", &[("item", 0)]);
    let user = shop.organization.storefront_user().client;
    for (mime, name, shown) in [
        ("image/svg+xml", "a.svg", "image/svg+xml"),
        ("text/html", "../../\"a\r\nSet-Cookie: b=c", "text/html"),
        ("no type\r\nX-Evil: 1", "ä.png", "application/octet-stream"),
    ] {
        let image = picture(&shop, &product, &json!({"mimeType": mime, "originalFilename": name}));
        let answer = user.get(&url(&user, &image)).expect(200);
        assert_eq!(answer.header("Content-Type"), shown);
        let disposition = answer.header("Content-Disposition");
        assert!(disposition.starts_with("attachment; filename*=UTF-8''"), "{disposition}");
        assert!(!disposition.contains(['\n', '"', '/']), "{disposition}");
        assert!(answer.headers.get("Set-Cookie").is_none() && answer.headers.get("X-Evil").is_none());
        assert!(answer.header("Content-Security-Policy").starts_with("default-src 'none'; sandbox"));
    }
}

/// Whatever stands in the path is no path of the server's files.
#[test]
fn paths_lead_nowhere_else() {
    let shop = Shop::of(Organization::new());
    let user = shop.organization.storefront_user().client;
    let id = shop.organization.id();
    for path in [
        format!("/media/{id}/..%2f..%2fetc/passwd"),
        format!("/media/{id}/%2e%2e/%2e%2e%2fetc%2fpasswd"),
        format!("/media/{id}/00000000-0000-0000-0000-000000000000/0"),
        format!("/media/{id}/1' OR '1'='1/0"),
        "/media/x/00000000-0000-0000-0000-000000000000/0".to_owned(),
        "/media/".to_owned(),
    ] {
        user.get(&path).expect(404);
    }
}
